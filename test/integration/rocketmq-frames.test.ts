import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { status as grpc } from "@grpc/grpc-js";
import { expect } from "chai";
import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import { DigestType } from "../../proto/gen/apache/rocketmq/v2/DigestType.js";
import { Encoding } from "../../proto/gen/apache/rocketmq/v2/Encoding.js";
import type { Endpoints } from "../../proto/gen/apache/rocketmq/v2/Endpoints.js";
import type { Message__Output } from "../../proto/gen/apache/rocketmq/v2/Message.js";
import type { MessageQueue__Output } from "../../proto/gen/apache/rocketmq/v2/MessageQueue.js";
import { MessageType } from "../../proto/gen/apache/rocketmq/v2/MessageType.js";
import { Permission } from "../../proto/gen/apache/rocketmq/v2/Permission.js";
import type { ReceiveMessageRequest } from "../../proto/gen/apache/rocketmq/v2/ReceiveMessageRequest.js";
import type { SystemProperties } from "../../proto/gen/apache/rocketmq/v2/SystemProperties.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { RocketmqCaller } from "../support/rocketmq-caller.js";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import { CPP, CSHARP, type Dialect, RUST } from "../support/rocketmq-dialects.js";
import { CHECKED } from "../support/rocketmq-languages.js";
import { until } from "../support/until.js";

const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 3_650 * 24 * HOUR_MS;

/** Clients that cannot run here: what their sources say that they send, and what they stumble over if it is missing. */
describe("frames as RocketMQ's clients for C++, C# and Rust send them", function () {
  this.timeout(60_000);
  let cluster: RocketmqCluster;
  let accessPoint: Endpoints;
  const callers: RocketmqCaller[] = [];

  before(async () => {
    cluster = await RocketmqCluster.start(["a"], ...CHECKED);
    const [host, port] = cluster.address().split(":");
    accessPoint = { scheme: 1, addresses: [{ host: host!, port: Number(port) }] };
    const { topics, groups } = cluster.client.admin;
    await topics.create("shop%plain", { queues: 2, type: "normal" });
    await topics.create("shop%money", { queues: 1, type: "transaction" });
    await topics.create("plain", { queues: 2, type: "normal" });
    await topics.create("native", { queues: 1, type: "normal" });
    await topics.create("steps", { queues: 4, type: "ordered" });
    await groups.create("in-order", { ordered: true });
  });
  after(async () => {
    for (const caller of callers) caller.close();
    await cluster.stop();
  });

  function caller({ clientId, headers }: Dialect): RocketmqCaller {
    const made = new RocketmqCaller(cluster.address(), clientId, headers);
    callers.push(made);
    return made;
  }

  function message(name: string, body: string | Buffer, system: SystemProperties = {}, namespace = "") {
    const messageId = `id-${body.length}-${String(body).slice(0, 8)}`;
    return {
      topic: { name, resourceNamespace: namespace },
      body: Buffer.from(body),
      systemProperties: {
        messageId,
        messageType: MessageType.NORMAL,
        bodyEncoding: Encoding.IDENTITY,
        ...system,
      },
    };
  }

  /** What is received by a poll that brings something. */
  async function received(from: RocketmqCaller, request: ReceiveMessageRequest): Promise<Message__Output[]> {
    const [first, ...frames] = await from.receive({ batchSize: 32, ...request });
    expect(first?.status?.code).to.equal(Code.OK);
    return frames.flatMap(({ message: each }) => each ?? []);
  }

  function acknowledge(
    from: RocketmqCaller,
    named: Pick<ReceiveMessageRequest, "group">,
    { topic: of, systemProperties }: Message__Output,
  ) {
    const { messageId, receiptHandle } = systemProperties!;
    const entries = [{ messageId, receiptHandle: receiptHandle! }];
    return from.call(MESSAGING.ackMessage, { group: named.group ?? null, topic: of, entries });
  }

  describe("C++ 5.1", () => {
    const named = (name: string) => ({ resourceNamespace: "shop", name });

    it("start a producer: telemetry to the access point, with no waits of its own, then routes", async () => {
      const cpp = caller(CPP);
      const { answer } = await cpp.telemetry(CPP.producer([named("money")], accessPoint), HOUR_MS);
      const { settings } = answer;
      expect([answer.status?.code, settings?.pubSub]).to.deep.equal([Code.OK, "publishing"]);
      expect(settings?.backoffPolicy?.strategy).to.equal("exponentialBackoff");
      expect(settings?.publishing?.maxBodySize).to.equal(4 << 20);
      // It takes its own namespace from them.
      expect(settings?.publishing?.topics).to.deep.equal([named("money")]);
      const route = await cpp.call(MESSAGING.queryRoute, { topic: named("plain"), endpoints: accessPoint });
      expect(route.status?.code).to.equal(Code.OK);
      expect(route.messageQueues.map(({ id }) => id)).to.deep.equal([0, 1]);
      for (const { topic: of, broker, permission } of route.messageQueues) {
        expect([of, broker?.id, permission]).to.deep.equal([named("plain"), 0, Permission.READ_WRITE]);
        expect(broker?.endpoints?.addresses).to.deep.equal(accessPoint.addresses);
      }
      const beat = await cpp.call(MESSAGING.heartbeat, { clientType: 1 });
      expect(beat.status?.code).to.equal(Code.OK);
    });

    it("bring a body that they have deflated and call gzip as it was", async () => {
      const cpp = caller(CPP);
      const body = deflateSync(Buffer.alloc(5 << 20, "logwheel"));
      const sent = message("plain", body, { bodyEncoding: Encoding.GZIP, queueId: 1 }, "shop");
      const { status, entries } = await cpp.call(MESSAGING.sendMessage, { messages: [sent] });
      expect([status?.code, entries.map((entry) => entry.status?.code)]).to.deep.equal([Code.OK, [Code.OK]]);
      const [queue] = await assigned(cpp, named("inflaters"), named("plain"));
      const request = { group: named("inflaters"), messageQueue: queue!, invisibleDuration: { seconds: 15 } };
      const [back] = await received(cpp, request);
      expect(back!.body.equals(body)).to.equal(true);
      expect(back!.systemProperties?.bodyEncoding).to.equal(Encoding.GZIP);
      const checksum = createHash("md5").update(body).digest("hex").toUpperCase();
      expect(back!.systemProperties?.bodyDigest).to.deep.equal({ type: DigestType.MD5, checksum });
      expect((await acknowledge(cpp, request, back!)).status?.code).to.equal(Code.OK);
      // OK without a message would be an error to it.
      const empty = await cpp.receive({ ...request, longPollingTimeout: { nanos: 1e8 } });
      expect(empty.map((frame) => frame.status?.code)).to.deep.equal([Code.MESSAGE_NOT_FOUND]);
    });

    it("poll as push consumer with a time out of sight that the renewed one overrides, and no polling time", async () => {
      const cpp = caller(CPP);
      const group = named("pushed");
      const { answer } = await cpp.telemetry(CPP.pushConsumer(group, named("plain"), accessPoint), HOUR_MS);
      const { settings } = answer;
      expect(settings?.pubSub).to.equal("subscription");
      expect(settings?.backoffPolicy?.maxAttempts).to.be.greaterThan(0);
      expect(settings?.backoffPolicy?.customizedBackoff?.next).to.have.length.above(0);
      expect(settings?.subscription?.subscriptions.map((each) => each.topic)).to.deep.equal([named("plain")]);
      expect(settings?.subscription?.longPollingTimeout?.seconds).to.equal(20);
      const [queue] = await assigned(cpp, group, named("plain"));
      await cpp.call(MESSAGING.sendMessage, { messages: [message("plain", "renewed", {}, "shop")] });
      const request = { group, messageQueue: queue!, autoRenew: true, invisibleDuration: { seconds: 30 } };
      const all = await received(cpp, { ...request, attemptId: "b6d7" });
      const back = all.find(({ body }) => body.toString() === "renewed");
      expect(back?.systemProperties?.invisibleDuration?.seconds).to.equal(60);
      for (const each of all) await acknowledge(cpp, request, each);
    });

    it("change an invisible time within that time", async () => {
      const cpp = caller(CPP);
      const group = named("hiders");
      await cpp.call(MESSAGING.sendMessage, { messages: [message("plain", "hidden", {}, "shop")] });
      const [queue] = await assigned(cpp, group, named("plain"));
      const request = { group, messageQueue: queue!, invisibleDuration: { seconds: 15 } };
      const [back] = await received(cpp, request);
      const { messageId, receiptHandle } = back!.systemProperties!;
      const changed = await cpp.call(
        MESSAGING.changeInvisibleDuration,
        {
          group,
          topic: named("plain"),
          messageId,
          receiptHandle: receiptHandle!,
          invisibleDuration: { seconds: 1 },
        },
        1_000,
      );
      expect(changed.status?.code).to.equal(Code.OK);
      expect(changed.receiptHandle).to.not.equal("");
    });

    it("open telemetry again each hour, and are asked about transactions by the newest", async () => {
      const cpp = caller(CPP);
      const settings = CPP.producer([named("money")], accessPoint);
      const first = await cpp.telemetry(settings, 1_000);
      const second = await cpp.telemetry(settings, HOUR_MS);
      expect(await first.ended).to.equal(grpc.DEADLINE_EXCEEDED);
      const half = message("money", "half", { messageType: MessageType.TRANSACTION }, "shop");
      const sent = await cpp.call(MESSAGING.sendMessage, { messages: [half] });
      const { messageId, transactionId } = sent.entries[0]!;
      const asked = await until("it is asked", () =>
        second.heard.find((command) => command.recoverOrphanedTransactionCommand),
      );
      const { message: of, transactionId: about } = asked.recoverOrphanedTransactionCommand!;
      expect([of?.body.toString(), about]).to.deep.equal(["half", transactionId]);
      // It does not say that it was asked.
      const ended = await cpp.call(MESSAGING.endTransaction, {
        topic: named("money"),
        messageId,
        transactionId,
        resolution: 1,
        source: 0,
      });
      expect(ended.status?.code).to.equal(Code.OK);
    });
  });

  describe("C# 5.2", () => {
    const named = (name: string) => ({ resourceNamespace: "", name });

    it("start and go on for ten years, without telemetry after a broker that came back", async () => {
      const csharp = caller(CSHARP);
      const group = named("sharp-readers");
      const push = CSHARP.pushConsumer(group, named("plain"), accessPoint);
      const telemetry = await csharp.telemetry(push, TEN_YEARS_MS);
      const { settings } = telemetry.answer;
      expect(settings?.backoffPolicy?.customizedBackoff?.next).to.have.length.above(0);
      expect(settings?.subscription).to.deep.include({ fifo: false, receiveBatchSize: 32 });
      // Its own default of 0 would refuse every lite topic.
      expect(settings?.subscription?.liteSubscriptionQuota).to.be.greaterThan(0);
      await cluster.restart();
      await telemetry.ended;
      await until("the broker is back", async () => {
        const sent = csharp.call(MESSAGING.sendMessage, { messages: [message("plain", "after")] });
        return (await sent.catch(() => undefined))?.status?.code === Code.OK;
      });
      const beat = await csharp.call(MESSAGING.heartbeat, { clientType: 2, group });
      const [queue] = await assigned(csharp, group, named("plain"));
      const longPollingTimeout = { seconds: 20 };
      const request = { group, messageQueue: queue!, autoRenew: true, longPollingTimeout };
      const [back] = await received(csharp, request);
      expect(back?.body.toString()).to.equal("after");
      expect((await acknowledge(csharp, request, back!)).status?.code).to.equal(Code.OK);
      expect(beat.status?.code).to.equal(Code.OK);
    });

    it("are told how each message fared, also by a refusal", async () => {
      const csharp = caller(CSHARP);
      const send = (...messages: object[]) => csharp.call(MESSAGING.sendMessage, { messages });
      const good = await send(message("plain", "good"));
      expect([good.status?.code, good.entries.map(({ status }) => status?.code)]).to.deep.equal([
        Code.OK,
        [Code.OK],
      ]);
      expect(good.entries[0]?.transactionId).to.equal(good.entries[0]?.messageId);
      const fifo = { messageType: MessageType.FIFO, messageGroup: "g" };
      const { status, entries } = await send(message("plain", "in order", fifo));
      expect(status?.code).to.equal(Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE);
      for (const entry of entries) expect(entry.status?.code).to.equal(status?.code);
    });

    it("bring what nobody said when it was born or how its body sums up", async () => {
      const csharp = caller(CSHARP);
      await csharp.call(MESSAGING.sendMessage, { messages: [message("native", "bare")] });
      const [back] = await received(csharp, {
        group: named("bare-readers"),
        messageQueue: { topic: named("native"), id: 0, broker: { name: "a" } },
        invisibleDuration: { seconds: 15 },
      });
      const { bodyDigest, bornTimestamp, bodyEncoding } = back!.systemProperties!;
      const checksum = createHash("md5").update("bare").digest("hex").toUpperCase();
      expect(bodyDigest).to.deep.equal({ type: DigestType.MD5, checksum });
      expect(bornTimestamp?.seconds).to.be.greaterThan(0);
      expect(bodyEncoding).to.equal(Encoding.IDENTITY);
    });

    it("keep a message group in one queue, whichever their process has picked", async () => {
      const csharp = caller(CSHARP);
      const bodies = ["0", "1", "2", "3"];
      for (const body of bodies) {
        const system = { messageType: MessageType.FIFO, messageGroup: "g", queueId: Number(body) };
        const { status } = await csharp.call(MESSAGING.sendMessage, {
          messages: [message("steps", body, system)],
        });
        expect(status?.code).to.equal(Code.OK);
      }
      const queues = await assigned(csharp, named("in-order"), named("steps"));
      expect(queues.map(({ id }) => id)).to.deep.equal([0, 1, 2, 3]);
      const polls = await Promise.all(
        queues.map((messageQueue) =>
          csharp.receive({
            group: named("in-order"),
            messageQueue,
            batchSize: 32,
            autoRenew: true,
            longPollingTimeout: { seconds: 1 },
          }),
        ),
      );
      const seen = polls.map((frames) => frames.flatMap(({ message: each }) => each?.body.toString() ?? []));
      expect(seen.filter((each) => each.length > 0)).to.deep.equal([bodies]);
    });
  });

  describe("Rust 5.0", () => {
    const named = (name: string) => ({ resourceNamespace: "", name });

    it("push everything through the access point, with a deadline as long as the poll", async () => {
      const rust = caller(RUST);
      const group = named("rust-readers");
      const { answer } = await rust.telemetry(
        RUST.pushConsumer(group, named("native"), accessPoint),
        HOUR_MS,
      );
      expect(answer.settings?.backoffPolicy?.strategy).to.equal("customizedBackoff");
      const [messageQueue] = await assigned(rust, group, named("native"));
      const poll = {
        group,
        messageQueue: messageQueue!,
        autoRenew: true,
        longPollingTimeout: { seconds: 2 },
      };
      const [back] = await received(rust, poll);
      const first = await acknowledge(rust, poll, back!);
      // It reads the first entry whatever there is, and tries for ever what is not OK.
      const again = await acknowledge(rust, poll, back!);
      for (const { status, entries } of [first, again])
        expect([status?.code, entries.map((entry) => entry.status?.code)]).to.deep.equal([
          Code.OK,
          [Code.OK],
        ]);
      const empty = await rust.receive({ ...poll, batchSize: 32 }, 2_000);
      expect(empty.map((frame) => frame.status?.code)).to.deep.equal([Code.MESSAGE_NOT_FOUND]);
    });

    it("receive as simple consumer what they had not told that they want", async () => {
      const rust = caller(RUST);
      const group = named("rust-choosers");
      await rust.telemetry(RUST.simpleConsumer(group, named("plain"), accessPoint), HOUR_MS);
      await rust.call(MESSAGING.sendMessage, { messages: [message("plain", "red one", { tag: "red" })] });
      const [back] = await received(rust, {
        group,
        messageQueue: { topic: named("plain"), id: 1, broker: { name: "a" } },
        filterExpression: { type: 1, expression: "red" },
        invisibleDuration: { seconds: 15 },
        longPollingTimeout: { seconds: 5 },
      });
      expect(back?.body.toString()).to.equal("red one");
    });
  });

  /** What is to be polled, as the broker says it and the client hands it back. */
  async function assigned(
    from: RocketmqCaller,
    group: { name: string; resourceNamespace: string },
    of: { name: string; resourceNamespace: string },
  ): Promise<MessageQueue__Output[]> {
    const asked = { topic: of, group, endpoints: accessPoint };
    const { status, assignments } = await from.call(MESSAGING.queryAssignment, asked);
    expect(status?.code).to.equal(Code.OK);
    const queues = assignments.flatMap(({ messageQueue }) => messageQueue ?? []);
    for (const { permission, broker } of queues) {
      expect(permission).to.be.oneOf([Permission.READ, Permission.READ_WRITE]);
      expect(broker?.endpoints?.addresses).to.deep.equal(accessPoint.addresses);
    }
    return queues;
  }
});
