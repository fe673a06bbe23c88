import { expect } from "chai";
import type { PullMessageRequest } from "../../../proto/gen/apache/rocketmq/v2/PullMessageRequest.js";
import type { PullMessageResponse__Output } from "../../../proto/gen/apache/rocketmq/v2/PullMessageResponse.js";
import { MESSAGING } from "../../../proto/kernel/rocketmq-contract.js";
import { digestOf } from "../../../server/gateway/message-in.js";
import { GatewayWorld, waiting } from "../../support/gateway-world.js";

const { pullMessage, telemetry } = MESSAGING;
const [TAG, SQL] = [1, 2] as const;
const NOW = { seconds: 0, nanos: 0 };

describe("pulling through the gateway", () => {
  let world: GatewayWorld;

  beforeEach(async () => {
    world = await GatewayWorld.start(["a", "b"], { pullWaitMsMax: 5_000 });
    await world.createTopic({ name: "orders" });
  });
  afterEach(() => world.close());

  it("gives a status, the messages from an offset on, and where to go on, and moves no group", async () => {
    await fill(3);
    const [status, first, second, next, ...rest] = await pull({ offset: 1 });
    expect(status!.status).to.deep.equal({ code: 20000, message: "OK" });
    expect(rest).to.deep.equal([]);
    expect(next).to.deep.include({ content: "nextOffset", nextOffset: 3 });
    const { body, topic, systemProperties: system, userProperties } = first!.message!;
    expect(body.toString()).to.equal("1");
    expect(topic).to.deep.equal({ resourceNamespace: "", name: "orders" });
    expect(userProperties).to.deep.equal({ n: "1" });
    expect(system).to.deep.include({
      tag: "odd",
      keys: ["k1"],
      messageId: "id-1",
      messageType: 1,
      queueId: 0,
      queueOffset: 1,
      deliveryAttempt: 1,
      bodyEncoding: 1,
      bodyDigest: { type: 2, checksum: digestOf("md5", Buffer.from("1")) },
    });
    expect(system).to.not.have.any.keys("receiptHandle", "invisibleDuration");
    expect(second!.message!.body.toString()).to.equal("2");
    expect(await bodies({ offset: 1 })).to.deep.equal(["1", "2"]);
    const where = await world.ask(MESSAGING.getOffset, {
      group: { name: "readers" },
      messageQueue: queue(),
    });
    expect(where.status?.code).to.equal(40404);
  });

  it("gives 1 to 32 messages", async () => {
    await fill(34);
    for (const [batchSize, count] of [
      [-1, 1],
      [0, 1],
      [1, 1],
      [2, 2],
      [31, 31],
      [32, 32],
      [33, 32],
    ] as const) {
      const frames = await pull({ batchSize });
      expect(frames.length - 2, `${batchSize}`).to.equal(count);
      expect(frames.at(-1)!.nextOffset).to.equal(count);
    }
  });

  it("passes over what a filter leaves out", async () => {
    await fill(6);
    for (const [type, expression, found] of [
      [TAG, "*", ["0", "1", "2", "3", "4", "5"]],
      [TAG, "", ["0", "1", "2", "3", "4", "5"]],
      [TAG, "odd", ["1", "3", "5"]],
      [TAG, "odd || even", ["0", "1", "2", "3", "4", "5"]],
      [SQL, "n > 3", ["4", "5"]],
      [SQL, "TAGS = 'even' AND n < 3", ["0", "2"]],
    ] as const)
      expect(await bodies({ filterExpression: { type, expression } }), expression).to.deep.equal(found);
    const none = await pull({ filterExpression: { type: TAG, expression: "none" } });
    expect(none.map(codeOf)).to.deep.equal([40401, undefined]);
    expect(none.at(-1)!.nextOffset).to.equal(6);
  });

  it("refuses a filter that is none", async () => {
    for (const [type, expression] of [
      [SQL, "n >"],
      [TAG, "a ||"],
    ] as const)
      expect((await pull({ filterExpression: { type, expression } })).map(codeOf)).to.deep.equal([40010]);
  });

  it("waits for the first message as long as it is told, and tells that none came", async () => {
    const { clock } = world.cluster;
    for (const seconds of [0, 2, 12]) {
      const began = clock.monotonicMs();
      const frames = await pull({ longPollingTimeout: { seconds, nanos: 0 } });
      expect(frames.map(codeOf)).to.deep.equal([40401, undefined]);
      expect(frames.at(-1)!.nextOffset).to.equal(0);
      expect(Math.round((clock.monotonicMs() - began) / 100)).to.equal(10 * seconds);
    }
  });

  it("gives what comes meanwhile, after longer than a broker waits at a time, too", async () => {
    for (const [offset, ms] of [500, 7_000].entries()) {
      const pulled = world.answered(
        pullMessage,
        request({ offset, longPollingTimeout: { seconds: 10, nanos: 0 } }),
      );
      await world.cluster.clock.advance(ms);
      await fill(1);
      const frames = await world.cluster.advance(pulled);
      expect(frames.map(codeOf)).to.deep.equal([20000, undefined, undefined]);
      expect(frames.at(-1)!.nextOffset).to.equal(offset + 1);
    }
  });

  it("waits on while what comes is left out", async () => {
    const filterExpression = { type: TAG, expression: "odd" };
    const pulled = world.answered(
      pullMessage,
      request({ filterExpression, longPollingTimeout: { seconds: 10, nanos: 0 } }),
    );
    await world.cluster.clock.advance(6_000);
    await fill(1);
    await world.cluster.clock.advance(1_000);
    await fill(2);
    const frames = await world.cluster.advance(pulled);
    expect(frames.map(({ message }) => message?.body.toString())).to.deep.equal([undefined, "1", undefined]);
    expect(frames.at(-1)!.nextOffset).to.equal(3);
  });

  it("answers before its caller stops waiting", async () => {
    const { clock } = world.cluster;
    for (const [deadline, waited] of [
      [10_000, 9_700],
      [1_000, 700],
      [300, 0],
      [0, 0],
    ] as const) {
      const began = clock.monotonicMs();
      const asked = request({ longPollingTimeout: { seconds: 30, nanos: 0 } });
      const frames = await world.frames(pullMessage, asked, world.to("a", waiting(deadline)));
      expect(frames.map(codeOf)).to.deep.equal([40401, undefined]);
      expect(Math.round((clock.monotonicMs() - began) / 100)).to.equal(waited / 100);
    }
  });

  it("is given up when its caller has gone", async () => {
    const { clock } = world.cluster;
    const before = clock.waiting;
    const stream = world.to().open(pullMessage);
    let closed = false;
    stream.listen({
      message: () => {},
      close: () => {
        closed = true;
      },
    });
    stream.write(request({ longPollingTimeout: { seconds: 30, nanos: 0 } }));
    await clock.advance(1);
    expect(clock.waiting).to.be.greaterThan(before);
    stream.fail(new Error("gone"));
    await world.cluster.until("the stream is over", () => closed);
    await world.cluster.until("nothing waits for it", () => clock.waiting === before, 100);
  });

  it("waits as its client's settings say where the call does not", async () => {
    const channel = world.to();
    const stream = channel.open(telemetry);
    const answered = new Promise((resolve) => stream.listen({ message: resolve, close: () => {} }));
    stream.write({
      settings: {
        subscription: { group: { name: "readers" }, longPollingTimeout: { seconds: 3, nanos: 0 } },
      },
    });
    await world.cluster.advance(answered);
    const { clock } = world.cluster;
    for (const [way, seconds] of [
      [channel, 3],
      [world.to("a", { "x-mq-client-id": "other" }), 20],
    ] as const) {
      const began = clock.monotonicMs();
      await world.frames(pullMessage, request({ longPollingTimeout: null }), way);
      expect(Math.round((clock.monotonicMs() - began) / 100)).to.equal(10 * seconds);
    }
    stream.end();
  });

  it("knows the offsets from the first one to the end", async () => {
    await fill(2);
    for (const [offset, codes] of [
      [Number.MIN_SAFE_INTEGER, [40019]],
      [-1, [40019]],
      [0, [20000, undefined, undefined, undefined]],
      [1, [20000, undefined, undefined]],
      [2, [40401, undefined]],
      [3, [40019]],
      [Number.MAX_SAFE_INTEGER, [40019]],
    ] as const)
      expect((await pull({ offset })).map(codeOf), `${offset}`).to.deep.equal(codes);
  });

  it("gives what a broker has that it is not part of", async () => {
    await fill(1);
    const frames = await world.frames(pullMessage, request({}), world.to("b"));
    expect(frames.map(codeOf)).to.deep.equal([20000, undefined, undefined]);
    expect(frames[1]!.message!.systemProperties?.storeHost).to.equal("a");
  });

  it("finds a topic in the namespace of its resource, else in that of its call", async () => {
    await world.createTopic({ name: "shop%orders" });
    const message = world.message("shop%orders", "there");
    await world.send(message);
    for (const [resource, namespace] of [
      [{ resourceNamespace: "shop", name: "orders" }, "else"],
      [{ name: "orders" }, "shop"],
    ] as const) {
      const channel = world.to("a", { "x-mq-namespace": namespace });
      const frames = await world.frames(pullMessage, request({ messageQueue: { topic: resource } }), channel);
      expect(frames[1]!.message!.body.toString()).to.equal("there");
      expect(frames[1]!.message!.topic).to.deep.include(resource);
    }
  });

  it("refuses what has no client, topic, group, queue or broker", async () => {
    for (const broker of ["a", "b"]) await world.createTopic({ name: "everywhere" }, broker);
    await world.createTopic({ name: "closed", permission: 2 });
    const on = (topic: string, broker = "a", id = 0) => ({
      topic: { name: topic },
      id,
      broker: { name: broker },
    });
    for (const [code, more] of [
      [40002, { messageQueue: null }],
      [40002, { messageQueue: on("") }],
      [40002, { messageQueue: on("a b") }],
      [40003, { group: null }],
      [40003, { group: { name: "a b" } }],
      [40402, { messageQueue: on("nowhere") }],
      [40402, { messageQueue: on("orders", "b") }],
      [40402, { messageQueue: on("orders", "z") }],
      [40000, { messageQueue: on("orders", "a", -1) }],
      [40000, { messageQueue: on("orders", "a", 1) }],
      [40000, { messageQueue: on("everywhere", "") }],
      [40300, { messageQueue: on("closed") }],
    ] as const)
      expect((await pull(more)).map(codeOf), JSON.stringify(more)).to.deep.equal([code]);
    const anonymous = world.to("a", { "x-mq-client-id": "" });
    expect((await world.frames(pullMessage, request({}), anonymous)).map(codeOf)).to.deep.equal([40017]);
  });

  it("does not ask a broker again that does not wait", async () => {
    await world.close();
    world = await GatewayWorld.start(["a"], { pullWaitMsMax: 0 });
    await world.createTopic({ name: "orders" });
    let asked = 0;
    const { clock } = world.cluster;
    const monotonicMs = clock.monotonicMs.bind(clock);
    // A turn of the loop would not end while the clock stands still.
    clock.monotonicMs = () => {
      if (asked++ > 1_000) throw new Error("the broker is asked again and again");
      return monotonicMs();
    };
    const frames = await pull({ longPollingTimeout: { seconds: 10, nanos: 0 } });
    expect(frames.map(codeOf)).to.deep.equal([40401, undefined]);
    clock.monotonicMs = monotonicMs;
  });

  it("is told that a broker is away", async () => {
    await fill(1);
    await pull({});
    const elsewhere = world.to("b");
    world.cluster.network.cut("a:10911");
    const frames = await world.frames(pullMessage, request({}), elsewhere);
    expect(frames.map(codeOf)).to.deep.equal([50001]);
    world.cluster.network.heal("a:10911");
  });

  async function fill(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const system = { tag: n % 2 === 0 ? "even" : "odd", keys: [`k${n}`] };
      const { status } = await world.send(
        world.message("orders", String(n), system, { userProperties: { n: String(n) } }),
      );
      expect(status?.code).to.equal(20000);
    }
  }

  function request(more: PullMessageRequest): PullMessageRequest {
    return {
      group: { name: "readers" },
      messageQueue: queue(),
      offset: 0,
      batchSize: 32,
      longPollingTimeout: NOW,
      ...more,
    };
  }

  const pull = (more: PullMessageRequest): Promise<PullMessageResponse__Output[]> =>
    world.frames(pullMessage, request(more));

  async function bodies(more: PullMessageRequest): Promise<string[]> {
    const frames = await pull(more);
    return frames.flatMap(({ message }) => (message == null ? [] : [message.body.toString()]));
  }
});

function queue() {
  return { topic: { name: "orders" }, id: 0, broker: { name: "a" } };
}

function codeOf({ status }: PullMessageResponse__Output): number | string | undefined {
  return status?.code;
}
