import { expect } from "chai";
import type { Settings, Settings__Output } from "../../../proto/gen/apache/rocketmq/v2/Settings.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { settingsFor } from "../../../server/gateway/settings.js";

const CODEC = protoCodec<Settings, Settings__Output>("apache.rocketmq.v2.Settings");
const SERVER = { bodyBytesMax: 4 << 20 };
const GROUP = { ordered: false, maxAttempts: 17, retryDelaysMs: [1_000, 5_000, 10_500] };
const [PRODUCER, PUSH_CONSUMER] = [1, 2] as const;
const [JAVA, NODE_JS] = [1, 8] as const;
const TOPIC = { resourceNamespace: "shop", name: "orders" };

describe("settings of a producer", () => {
  it("are its own, with the server's limits", () => {
    const answer = answered({ ...common(PRODUCER, JAVA), publishing: { topics: [TOPIC] } });
    expect(answer).to.deep.include({ ...common(PRODUCER, JAVA), pubSub: "publishing" });
    expect(answer.publishing).to.deep.equal({
      topics: [TOPIC],
      maxBodySize: 4 << 20,
      validateMessageType: true,
    });
  });

  it("have the body's limit of this server", () => {
    const theirs = read({ publishing: { topics: [], maxBodySize: 1 } });
    expect(settingsFor(theirs, { bodyBytesMax: 77 }, GROUP).publishing?.maxBodySize).to.equal(77);
  });

  it("wait ever longer between three attempts, in every language", () => {
    for (const language of [JAVA, NODE_JS]) {
      const { backoffPolicy } = answered({ ...common(PRODUCER, language), publishing: { topics: [TOPIC] } });
      expect(backoffPolicy).to.deep.include({ maxAttempts: 3, strategy: "exponentialBackoff" });
      expect(backoffPolicy?.exponentialBackoff).to.deep.equal({
        initial: { seconds: 0, nanos: 10_000_000 },
        max: { seconds: 1, nanos: 0 },
        multiplier: 2,
      });
    }
  });

  it("switch off what the client would measure", () => {
    const theirs = { ...common(PRODUCER, JAVA), publishing: { topics: [] }, metric: { on: true } };
    expect(answered(theirs).metric?.on).to.equal(false);
  });
});

describe("settings of a consumer", () => {
  const subscriptions = [{ topic: TOPIC, expression: { type: 1, expression: "paid" } }] as const;
  const subscription = { group: { resourceNamespace: "", name: "g" }, subscriptions: [...subscriptions] };

  it("are its own, with what the server decides", () => {
    const answer = answered({ ...common(PUSH_CONSUMER, JAVA), subscription });
    expect(answer).to.deep.include({ ...common(PUSH_CONSUMER, JAVA), pubSub: "subscription" });
    expect(answer.subscription).to.deep.include({
      ...subscription,
      fifo: false,
      receiveBatchSize: 32,
      longPollingTimeout: { seconds: 20, nanos: 0 },
      liteSubscriptionQuota: 1,
      maxLiteTopicSize: 64,
    });
  });

  it("are in order when the group is, whatever the client thought", () => {
    for (const ordered of [true, false]) {
      const theirs = read({ subscription: { ...subscription, fifo: !ordered, receiveBatchSize: 5 } });
      const answer = settingsFor(theirs, SERVER, { ...GROUP, ordered });
      expect(answer.subscription).to.deep.include({ fifo: ordered, receiveBatchSize: 32 });
    }
  });

  it("have the group's waits one by one", () => {
    const { backoffPolicy } = answered({ ...common(PUSH_CONSUMER, JAVA), subscription });
    expect(backoffPolicy).to.deep.include({ maxAttempts: 17, strategy: "customizedBackoff" });
    expect(backoffPolicy?.customizedBackoff?.next).to.deep.equal([
      { seconds: 1, nanos: 0 },
      { seconds: 5, nanos: 0 },
      { seconds: 10, nanos: 500_000_000 },
    ]);
  });

  it("have waits that double for Node, from the first to the longest", () => {
    const { backoffPolicy } = answered({ ...common(PUSH_CONSUMER, NODE_JS), subscription });
    expect(backoffPolicy).to.deep.include({ maxAttempts: 17, strategy: "exponentialBackoff" });
    expect(backoffPolicy?.exponentialBackoff).to.deep.equal({
      initial: { seconds: 1, nanos: 0 },
      max: { seconds: 10, nanos: 500_000_000 },
      multiplier: 2,
    });
  });

  it("have waits of a second for Node when the group has none", () => {
    const theirs = read({ ...common(PUSH_CONSUMER, NODE_JS), subscription });
    const second = { seconds: 1, nanos: 0 };
    const answer = settingsFor(theirs, SERVER, { ...GROUP, retryDelaysMs: [] });
    expect(answer.backoffPolicy?.exponentialBackoff).to.deep.include({ initial: second, max: second });
  });

  it("have the group's waits when the client does not say what it is", () => {
    expect(answered({ subscription }).backoffPolicy?.strategy).to.equal("customizedBackoff");
  });
});

function common(clientType: 1 | 2, language: 1 | 8): Settings {
  return {
    clientType,
    accessPoint: { scheme: 3, addresses: [{ host: "localhost", port: 8_081 }] },
    requestTimeout: { seconds: 3, nanos: 0 },
    userAgent: { language, version: "5.2.1", platform: "linux", hostname: "here" },
    clientProperties: { some: "thing" },
  };
}

function read(settings: Settings): Settings__Output {
  return CODEC.decode(CODEC.encode(settings));
}

/** As the client reads the answer. */
function answered(theirs: Settings): Settings__Output {
  return read(settingsFor(read(theirs), SERVER, GROUP));
}
