import { expect } from "chai";
import type { ReceiveMessageRequest } from "../../../proto/gen/apache/rocketmq/v2/ReceiveMessageRequest.js";
import type { ReceiveMessageResponse__Output } from "../../../proto/gen/apache/rocketmq/v2/ReceiveMessageResponse.js";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import { MESSAGING } from "../../../proto/kernel/rocketmq-contract.js";
import { writeReceipt } from "../../../server/gateway/receipt-handle.js";
import { GatewayWorld, waiting } from "../../support/gateway-world.js";

const { ackMessage, changeInvisibleDuration, heartbeat, notifyClientTermination, receiveMessage, telemetry } =
  MESSAGING;
const NOTHING = 40401;
const UNRECOGNIZED = 40015;
const TAG = 1;

describe("receiving through the gateway", () => {
  let world: GatewayWorld;

  beforeEach(async () => {
    world = await GatewayWorld.start(["a", "b"]);
    await world.createTopic({ name: "orders" });
    await world.createTopic({ name: "bills" });
  });
  afterEach(() => world.close());

  function to(client: string): ReturnType<GatewayWorld["to"]> {
    return world.to("a", { "x-mq-client-id": client, ...waiting(30_000) });
  }

  function wish(topic: string, more: ReceiveMessageRequest = {}): ReceiveMessageRequest {
    return {
      group: { name: "g" },
      messageQueue: { topic: { name: topic }, id: -1, broker: { name: "a" } },
      filterExpression: { type: TAG, expression: "*" },
      batchSize: 32,
      invisibleDuration: { seconds: 30, nanos: 0 },
      longPollingTimeout: { seconds: 1, nanos: 0 },
      ...more,
    };
  }

  async function receive(client: string, topic = "orders", more?: ReceiveMessageRequest): Promise<string[]> {
    return shown(await world.frames(receiveMessage, wish(topic, more), to(client)));
  }

  /** Bodies with the number of their delivery; the code of an answer without messages. */
  function shown(frames: readonly ReceiveMessageResponse__Output[]): string[] {
    const messages = frames.flatMap(({ message }) => message ?? []);
    if (messages.length === 0) return [String(frames[0]!.status?.code)];
    return messages.map(({ body, systemProperties }) => `${body} ${systemProperties!.deliveryAttempt}`);
  }

  async function tell(client: string, subscriptions: Readonly<Record<string, string>>): Promise<() => void> {
    const stream = to(client).open(telemetry);
    stream.listen({ message() {}, close() {} });
    const told = Object.entries(subscriptions).map(([name, expression]) => ({
      topic: { name },
      expression: { type: TAG, expression } as const,
    }));
    stream.write({
      settings: { clientType: 3, subscription: { group: { name: "g" }, subscriptions: told } },
    });
    await world.cluster.clock.advance(10);
    return () => stream.end();
  }

  async function membersOf(name: string): Promise<number> {
    await world.cluster.clock.advance(10);
    const admin = world.cluster.network.connect("a:10911");
    return (await world.ask(ADMIN.describeGroup, { name }, admin)).members.length;
  }

  it("ends consumers that never told their settings, when they say so or are silent", async () => {
    for (const end of ["said", "silent"]) {
      expect(await receive(end)).to.deep.equal([`${NOTHING}`]);
      expect(await membersOf("g")).to.equal(1);
      if (end === "said") {
        const { status } = await world.ask(notifyClientTermination, { group: { name: "g" } }, to(end));
        expect(status?.code).to.equal(UNRECOGNIZED);
      } else for (let turn = 0; turn < 14; turn++) await world.cluster.clock.advance(10_000);
      expect(await membersOf("g"), end).to.equal(0);
    }
    expect((await world.ask(heartbeat, {}, to("silent"))).status?.code).to.equal(UNRECOGNIZED);
  });

  it("ends consumers again whose last poll came after their end", async () => {
    await tell("one", { orders: "*" });
    await world.ask(notifyClientTermination, { group: { name: "g" } }, to("one"));
    await receive("one");
    expect(await membersOf("g")).to.equal(1);
    for (let turn = 0; turn < 14; turn++) await world.cluster.clock.advance(10_000);
    expect(await membersOf("g")).to.equal(0);
  });

  it("never gives out what it had for too long before somebody asked, and was delivered again", async () => {
    await tell("one", { orders: "*" });
    await receive("one");
    await world.send(world.message("orders", "m"));
    for (let turn = 0; turn < 20; turn++) await world.cluster.clock.advance(10_000);
    const got = await receive("one");
    expect(got, got.join()).to.have.length(1);
    expect(got[0]).to.match(/^m /);
  });

  for (const ordered of [false, true])
    it(`lets clients settle what they have while the broker stops${ordered ? ", in order" : ""}`, async () => {
      const admin = world.cluster.network.connect("a:10911");
      if (ordered) await world.ask(ADMIN.createGroup, { group: { name: "g", ordered } }, admin);
      await tell("one", { orders: "*" });
      const listening = world.answered(receiveMessage, wish("orders", { batchSize: 2 }), to("one"));
      for (const messageGroup of ["m", "n", "o"])
        await world.send(world.message("orders", messageGroup, { messageType: 2, messageGroup }));
      const frames = [...(await world.cluster.advance(listening))];
      while (shown(frames).length < 2)
        frames.push(...(await world.frames(receiveMessage, wish("orders", { batchSize: 1 }), to("one"))));
      let drained = false;
      const drain = world.cluster
        .brokerOf("a")
        .drain(60_000)
        .then(() => {
          drained = true;
        });
      await world.cluster.clock.advance(1_000);
      expect(await receive("one")).to.deep.equal([String(NOTHING)]);
      for (const { message } of frames.filter((each) => each.message != null)) {
        expect(drained).to.equal(false);
        const entry = {
          messageId: message!.systemProperties!.messageId,
          receiptHandle: message!.systemProperties!.receiptHandle!,
        };
        const request = { group: { name: "g" }, topic: { name: "orders" }, entries: [entry] };
        expect((await world.ask(ackMessage, request, to("one"))).status?.code).to.equal(20000);
      }
      await world.cluster.clock.advance(1_000);
      expect(drained).to.equal(true);
      await drain;
    });

  it("gives back what nobody asks for, and that counts as no attempt", async () => {
    await tell("one", { orders: "*" });
    await receive("one");
    await world.send(world.message("orders", "m"));
    for (let turn = 0; turn < 600; turn++) await world.cluster.clock.advance(10_000);
    expect(await receive("two")).to.deep.equal(["m 1"]);
  });

  it("counts no attempt for what has come for a client that ends, or that wants a further topic", async () => {
    await tell("one", { orders: "*" });
    await receive("one");
    await world.send(world.message("orders", "m"));
    await world.cluster.clock.advance(10);
    await receive("one", "bills");
    await world.cluster.clock.advance(10);
    await world.ask(notifyClientTermination, { group: { name: "g" } }, to("one"));
    expect(await receive("two")).to.deep.equal(["m 1"]);
  });

  for (const first of [30, 10])
    it(`keeps what a client has out of sight for as long as it asks, if it asked for ${first} s first`, async () => {
      await receive("one", "orders", { invisibleDuration: { seconds: first, nanos: 0 } });
      for (const seconds of [30, 10, 45]) {
        // What nobody asks for is sent to nobody then.
        await world.cluster.clock.advance(15_000);
        await world.send(world.message("orders", "m"));
        const invisibleDuration = { seconds, nanos: 0 };
        expect(await receive("one", "orders", { invisibleDuration })).to.deep.equal(["m 1"]);
        await world.cluster.clock.advance(seconds * 1_000 - 1_500);
        expect(await receive("two")).to.deep.equal([`${NOTHING}`]);
        await world.cluster.clock.advance(2_000);
        const again = await world.frames(receiveMessage, wish("orders"), to("two"));
        expect(shown(again)).to.deep.equal(["m 2"]);
        const { receiptHandle = "" } = again[1]!.message!.systemProperties!;
        const ack = { group: { name: "g" }, topic: { name: "orders" }, entries: [{ receiptHandle }] };
        expect((await world.ask(ackMessage, ack, to("two"))).status?.code).to.equal(20_000);
      }
    });

  it("acknowledges anew what comes again because its group was reset", async () => {
    await receive("one");
    await world.send(world.message("orders", "m"));
    const admin = world.cluster.network.connect("a:10911");
    for (let turn = 0; turn < 2; turn++) {
      await world.ask(ADMIN.resetGroup, { name: "g", topic: "orders", earliest: true }, admin);
      await world.cluster.clock.advance(10);
      const got = await world.frames(receiveMessage, wish("orders"), to("one"));
      expect(shown(got)).to.deep.equal(["m 1"]);
      const { receiptHandle = "" } = got[1]!.message!.systemProperties!;
      const ack = { group: { name: "g" }, topic: { name: "orders" }, entries: [{ receiptHandle }] };
      expect((await world.ask(ackMessage, ack, to("one"))).status?.code).to.equal(20_000);
    }
    await world.cluster.clock.advance(40_000);
    expect(await receive("one")).to.deep.equal([`${NOTHING}`]);
  });

  it("sends large messages on to a client that asks for one at a time, after it has asked for many", async () => {
    await world.close();
    world = await GatewayWorld.start(["a"], { segmentBytes: 16 << 20 });
    await world.createTopic({ name: "orders" });
    await receive("one");
    const body = "x".repeat(4 << 20);
    for (let turn = 0; turn < 6; turn++) await world.send(world.message("orders", body));
    for (let turn = 0; turn < 6; turn++)
      expect((await receive("one", "orders", { batchSize: 1 }))[0]).to.have.length(body.length + 2);
  });

  it("fetches for all calls that wait, with one word", async () => {
    await receive("one");
    const polls = [1, 2, 3].map(() => receive("one", "orders", { batchSize: 1 }));
    await world.cluster.clock.advance(10);
    for (const body of ["1", "2", "3"]) await world.send(world.message("orders", body));
    expect((await Promise.all(polls)).flat().sort()).to.deep.equal(["1 1", "2 1", "3 1"]);
  });

  it("fetches no more than so much for a poll beside what it does not ask for", async () => {
    await tell("one", { orders: "*", bills: "*" });
    await tell("two", { orders: "*", bills: "*" });
    for (let turn = 0; turn < 30; turn++)
      await world.send(...Array.from({ length: 100 }, (_, n) => world.message("bills", `${n}`)));
    expect(await receive("one", "orders")).to.deep.equal([`${NOTHING}`]);
    await world.cluster.clock.advance(10);
    const admin = world.cluster.network.connect("a:10911");
    const { queues } = await world.ask(ADMIN.describeGroup, { name: "g" }, admin);
    expect(queues.reduce((sum, { inFlight }) => sum + inFlight, 0)).to.be.within(1, 1_100);
    const got = await receive("two", "bills");
    expect(got).to.have.length.above(0);
    expect(got.every((each) => each.endsWith(" 1"))).to.equal(true);
  });

  it("keeps what a client has while the connection to another broker breaks and comes back", async () => {
    await world.createTopic({ name: "far" }, "b");
    const { cluster } = world;
    const far = (more: ReceiveMessageRequest = {}): ReceiveMessageRequest => ({
      ...wish("far", more),
      messageQueue: { topic: { name: "far" }, id: -1, broker: { name: "b" } },
    });
    await tell("one", { far: "*" });
    await world.frames(receiveMessage, far(), to("one"));
    await world.send(world.message("far", "x"), world.message("far", "y"));
    const got = await world.frames(receiveMessage, far({ autoRenew: true }), to("one"));
    expect(shown(got)).to.deep.equal(["x 1", "y 1"]);
    cluster.network.cut("b:10911");
    await cluster.clock.advance(50);
    cluster.network.heal("b:10911");
    // Longer than a lease: it is lengthened over the new stream.
    for (let turn = 0; turn < 20; turn++) await cluster.clock.advance(10_000);
    expect(shown(await world.frames(receiveMessage, far(), to("one")))).to.deep.equal([`${NOTHING}`]);
    for (const { message } of got)
      if (message) {
        const { messageId, receiptHandle = "" } = message.systemProperties!;
        const entries = [{ messageId, receiptHandle }];
        const ack = { group: { name: "g" }, topic: { name: "far" }, entries };
        expect((await world.ask(ackMessage, ack, to("one"))).status?.code).to.equal(20000);
      }
  });

  it("answers the first request of a call only, and loses nothing to a second one", async () => {
    await receive("one");
    await world.send(world.message("orders", "x"), world.message("orders", "y"));
    await world.cluster.clock.advance(10);
    const frames: ReceiveMessageResponse__Output[] = [];
    const stream = to("one").open(receiveMessage);
    const closed = new Promise<void>((resolve) =>
      stream.listen({ message: (frame) => void frames.push(frame), close: () => resolve() }),
    );
    stream.write(wish("orders", { batchSize: 1 }));
    stream.write(wish("orders", { batchSize: 1 }));
    await world.cluster.advance(closed);
    expect(shown(frames)).to.deep.equal(["x 1"]);
    expect(await receive("one")).to.deep.equal(["y 1"]);
  });

  it("knows no receipt of a broker that it has never heard of, and makes no member for it", async () => {
    const receiptHandle = writeReceipt({
      ...{ broker: "nowhere", queueId: 0, offset: 0, attempt: 1, generation: 1, keyHash: 0 },
      untilMs: world.cluster.clock.nowMs() + 60_000,
    });
    const named = { group: { name: "g" }, topic: { name: "orders" } };
    const entries = [{ messageId: "m", receiptHandle }];
    expect((await world.ask(ackMessage, { ...named, entries }, to("one"))).status?.code).to.equal(40013);
    const hidden = { ...named, receiptHandle, invisibleDuration: { seconds: 10, nanos: 0 } };
    expect((await world.ask(changeInvisibleDuration, hidden, to("one"))).status?.code).to.equal(40013);
  });

  it("acknowledges after a restart as a member that wants what its client told", async () => {
    await tell("one", { orders: "a" });
    await world.send(world.message("orders", "m", { tag: "a" }));
    const a = { filterExpression: { type: TAG, expression: "a" } } as const;
    const [, first] = await world.frames(receiveMessage, wish("orders", a), to("two"));
    const { messageId, receiptHandle = "" } = first!.message!.systemProperties!;
    const ack = { group: { name: "g" }, topic: { name: "orders" }, entries: [{ messageId, receiptHandle }] };
    expect((await world.ask(ackMessage, ack, to("one"))).status?.code).to.equal(20000);
  });

  it("goes on with a poll that waits while the client wants a further topic", async () => {
    await receive("one");
    const polled = world.answered(
      receiveMessage,
      wish("orders", { longPollingTimeout: { seconds: 20, nanos: 0 } }),
      to("one"),
    );
    await world.cluster.clock.advance(10);
    const further = world.answered(receiveMessage, wish("bills", { batchSize: 1 }), to("one"));
    await world.cluster.clock.advance(10);
    await world.send(world.message("bills", "bill"));
    expect(shown(await world.cluster.advance(further))).to.deep.equal(["bill 1"]);
    await world.send(world.message("orders", "order"));
    await world.cluster.clock.advance(100);
    expect(shown(await polled)).to.deep.equal(["order 1"]);
  });

  it("answers a poll at once whose client ends", async () => {
    await receive("one");
    const polled = world.answered(
      receiveMessage,
      wish("orders", { longPollingTimeout: { seconds: 20, nanos: 0 } }),
      to("one"),
    );
    await world.cluster.clock.advance(10);
    await world.ask(notifyClientTermination, { group: { name: "g" } }, to("one"));
    await world.cluster.clock.advance(1_000);
    expect(shown(await polled)).to.deep.equal([`${NOTHING}`]);
  });

  it("gives nothing to a caller that has gone", async () => {
    await receive("one");
    await world.send(world.message("orders", "m"));
    await world.cluster.clock.advance(10);
    const stream = to("one").open(receiveMessage);
    stream.listen({ message() {}, close() {} });
    stream.write(wish("orders", { autoRenew: true }));
    await Promise.resolve();
    await Promise.resolve();
    stream.fail(new Error("gone"));
    await world.cluster.clock.advance(1_000);
    expect(await receive("one")).to.deep.equal(["m 1"]);
  });

  it("goes by the filter of the last call for a topic, whatever the settings told of it before", async () => {
    await tell("one", { orders: "*", bills: "*" });
    await world.send(world.message("bills", "m", { tag: "b" }));
    const bills = { filterExpression: { type: TAG, expression: "b" } } as const;
    expect(await receive("one", "bills", bills)).to.deep.equal(["m 1"]);
    for (let turn = 0; turn < 3; turn++) {
      expect(await receive("one", "orders")).to.deep.equal([`${NOTHING}`]);
      expect(await receive("one", "bills", bills)).to.deep.equal([`${NOTHING}`]);
    }
  });

  for (const [told, seconds] of [
    ["as long as its client has told in its settings", 5],
    ["20 s when its client has told nothing of it", 20],
  ] as const)
    it(`lets a poll that says no time, as those of C++ and Go do, wait ${told}`, async () => {
      const channel = to("one");
      if (seconds !== 20) {
        const stream = channel.open(telemetry);
        stream.listen({ message() {}, close() {} });
        stream.write({
          settings: { subscription: { group: { name: "g" }, longPollingTimeout: { seconds, nanos: 0 } } },
        });
      }
      await receive("one");
      let answered = false;
      const polled = world.answered(receiveMessage, wish("orders", { longPollingTimeout: null }), channel);
      void polled.then(() => {
        answered = true;
      });
      await world.cluster.clock.advance(seconds * 1_000 - 100);
      expect(answered).to.equal(false);
      await world.cluster.clock.advance(200);
      expect(answered).to.equal(true);
      expect(shown(await polled)).to.deep.equal([`${NOTHING}`]);
    });
});
