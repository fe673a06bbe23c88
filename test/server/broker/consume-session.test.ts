import { expect } from "chai";
import { BROKER } from "../../../proto/kernel/contract.js";
import { ConsumeSession } from "../../../server/broker/consume-session.js";
import { Groups } from "../../../server/broker/groups.js";
import { ConsumingBroker, quiet, TestMember } from "../../support/consuming.js";
import { FakeStream } from "../../support/fake-stream.js";
import { text } from "../../support/store.js";

const EARLIEST = 1;
const TIME = 2;

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

describe("Consume", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  describe("a member", () => {
    it("is welcomed, told its queues, and gets in order what its credit allows and no more (A4-01, A4-15)", async () => {
      const [queue] = await broker.topic("t");
      await broker.sendNumbered(queue!, 10);
      const member = await broker.join({ group: "g", from: EARLIEST });
      expect(member.heard).to.deep.equal(["welcome", "assignment"]);
      expect(member.id).to.match(/^[0-9a-f]{16}$/);
      expect(member.queues).to.deep.equal([0]);
      expect(member.received).to.deep.equal([]);
      await member.credit(4);
      expect(member.bodies).to.deep.equal(numbers(0, 4));
      expect(member.batches.map(({ nextOffset }) => nextOffset)).to.deep.equal([4]);
      await member.credit(100);
      expect(member.bodies).to.deep.equal(numbers(0, 10));
      await broker.sendNumbered(queue!, 2);
      expect(member.bodies).to.deep.equal(numbers(0, 12));
    });

    it("gets no more bytes than granted, but for the end of a last message", async () => {
      const [queue] = await broker.topic("t");
      const kib = (count: number) => text("x".repeat(count << 10));
      await broker.send(queue!, kib(10), kib(10), kib(300), kib(1));
      const member = await broker.join({ group: "g", from: EARLIEST });
      const offsets = (): number[] => member.received.map(({ offset }) => offset);
      await member.credit(100, 12 << 10);
      expect(offsets()).to.deep.equal([0, 1]);
      await member.credit(0, 8 << 10);
      expect(offsets()).to.deep.equal([0, 1]);
      await member.credit(0, 1 << 10);
      expect(offsets()).to.deep.equal([0, 1, 2]);
      await member.credit(0, 299 << 10);
      expect(offsets()).to.deep.equal([0, 1, 2]);
      await member.credit(0, 2 << 10);
      expect(offsets()).to.deep.equal([0, 1, 2, 3]);
    });

    it("gets a backlog in batches of bounded size", async () => {
      const [queue] = await broker.topic("t");
      for (let i = 0; i < 20; i++) await broker.send(queue!, text("x".repeat(50_000)));
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(100);
      expect(member.received).to.have.length(20);
      for (const { records } of member.batches) expect(records.length).to.be.at.most(5);
    });

    it("is refused when something else comes before its hello, or a second hello", async () => {
      await broker.topic("t");
      const rude = new TestMember(broker.channel.open(BROKER.consume));
      await rude.say({ ping: {} });
      expect(rude.code).to.equal("BAD_REQUEST");
      const twice = await broker.join({ group: "g" });
      await twice.say({ hello: { group: "g", subscriptions: [{ topic: "t" }] } });
      expect(twice.code).to.equal("BAD_REQUEST");
      const silent = new TestMember(broker.channel.open(BROKER.consume));
      await broker.pass(10_000);
      expect(silent.code).to.equal("TIMEOUT");
    });

    it("is refused with the reason when its subscriptions make no sense", async () => {
      await broker.topic("t");
      for (const [hello, code] of [
        [{ group: "" }, "BAD_REQUEST"],
        [{ group: "../x" }, "BAD_REQUEST"],
        [{ group: "g", subscriptions: [] }, "BAD_REQUEST"],
        [{ group: "g", subscriptions: [{ topic: "a b" }] }, "BAD_REQUEST"],
        [{ group: "g", subscriptions: [{ topic: "t" }, { topic: "t" }] }, "BAD_REQUEST"],
        [{ group: "g", subscriptions: [{ topic: "t", tags: "a ||" }] }, "BAD_REQUEST"],
        [{ group: "g", subscriptions: [{ topic: "t" }], mode: 7 as 0 }, "BAD_REQUEST"],
        [{ group: "g", subscriptions: [{ topic: "t" }], from: 7 as 0 }, "BAD_REQUEST"],
      ] as const)
        expect((await broker.join(hello as never)).code, JSON.stringify(hello)).to.equal(code);
      expect(broker.groups.members).to.equal(0);
    });

    it("may not read a topic whose permission forbids it, from the start or from now on", async () => {
      const [queue] = await broker.topic("t");
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(10);
      const update = { name: "t", setAttributes: {}, removeAttributes: [], dryRun: false };
      await broker.topics.update({ ...update, permission: 2 });
      await broker.send(queue!, "a");
      expect(member.received).to.deep.equal([]);
      expect((await broker.join({ group: "g" })).code).to.equal("FORBIDDEN");
      await broker.topics.update({ ...update, permission: 0 });
      await quiet();
      expect(member.bodies).to.deep.equal(["a"]);
    });

    it("waits while its stream takes no more, and goes on when it does", async () => {
      const [queue] = await broker.topic("t");
      for (let i = 0; i < 8; i++) await broker.send(queue!, text("x".repeat(100_000)));
      const stream = new FakeStream<Buffer, never>();
      new ConsumeSession(broker.groups, stream as never, "test");
      stream.accepts = false;
      stream.hear({
        request: "hello",
        hello: {
          group: "g",
          mode: 0,
          subscriptions: [{ topic: "t", tags: "", queues: [] }],
          from: EARLIEST,
          positions: [],
          member: "",
          host: "",
        },
      } as never);
      stream.hear({ request: "credit", credit: { messages: 100, bytes: 1 << 30 } } as never);
      const control = 2;
      expect(stream.written).to.have.length(control + 1);
      await broker.send(queue!, "more");
      expect(stream.written).to.have.length(control + 1);
      stream.drain();
      expect(stream.written.length).to.be.above(control + 3);
    });
  });

  describe("acknowledging", () => {
    it("answers when a restart of the broker keeps it: the next member goes on behind (A4-05, A4-11)", async () => {
      const [queue] = await broker.topic("t");
      await broker.sendNumbered(queue!, 200);
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(200);
      await member.ack(0, 100);
      await member.ack(150, 160);
      await broker.pass(10);
      expect(member.acked.map(({ serial }) => serial)).to.deep.equal([1, 2]);
      broker = await broker.restart();
      const next = await broker.join({ group: "g", from: EARLIEST });
      await next.credit(1_000);
      await broker.pass(3_000);
      expect(next.bodies).to.deep.equal([...numbers(100, 150), ...numbers(160, 200)]);
    });

    it("delivers after a restart what came after the last acknowledgement: 152 and 153 of the example (A4-06, A4-07)", async () => {
      const [queue] = await broker.topic("t");
      await broker.sendNumbered(queue!, 155);
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(154);
      await member.ack(0, 152);
      await broker.pass(10);
      broker = await broker.restart();
      const next = await broker.join({ group: "g", from: EARLIEST });
      await next.credit(2);
      await broker.pass(3_000);
      expect(next.bodies).to.deep.equal(["152", "153"]);
    });

    it("refuses what lies beyond the queue, is empty, or names a queue that the group does not consume", async () => {
      const [queue] = await broker.topic("t");
      await broker.topic("other");
      await broker.sendNumbered(queue!, 3);
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(10);
      await member.ack(0, 4);
      await member.ack(2, 2);
      await member.ack(0, 1, { topic: "other" });
      await member.ack(0, 1, { topic: "missing" });
      await broker.pass(10);
      expect(member.acked.map(({ failures }) => failures[0]?.code)).to.deep.equal([
        "OFFSET_OUT_OF_RANGE",
        "BAD_REQUEST",
        "NOT_ASSIGNED",
        "NOT_ASSIGNED",
      ]);
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 0, lag: 3, inFlight: 3 });
    });

    it("delivers a message that failed again after a second, or as asked, with the next attempt (A4-10)", async () => {
      const [queue] = await broker.topic("t");
      await broker.sendNumbered(queue!, 4);
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(100);
      await member.nack(1);
      await member.nack(2, { delayMs: 50 });
      await member.ack(3, 4);
      await broker.pass(50);
      expect(member.received.slice(4).map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([
        [2, 2],
      ]);
      await broker.pass(949);
      expect(member.received).to.have.length(5);
      await broker.pass(1);
      expect(member.received.slice(5).map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([
        [1, 2],
      ]);
      await member.nack(1, { attempt: 1 });
      await member.nack(1, { attempt: 2, delayMs: 0 });
      await broker.pass(1);
      expect(member.received.slice(6).map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([
        [1, 3],
      ]);
      await member.ack(0, 3);
      await broker.pass(10);
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 4, lag: 0, retrying: 0 });
    });

    it("keeps attempts and waiting times over a restart", async () => {
      const [queue] = await broker.topic("t");
      await broker.sendNumbered(queue!, 2);
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(100);
      await member.nack(0, { delayMs: 60_000 });
      await broker.pass(10);
      broker = await broker.restart();
      const next = await broker.join({ group: "g", from: EARLIEST });
      await next.credit(100);
      await broker.pass(59_000);
      expect(next.bodies).to.deep.equal(["1"]);
      await broker.pass(1_000);
      expect(next.received.map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([
        [1, 1],
        [0, 2],
      ]);
    });
  });

  describe("beginning", () => {
    it("at the latest offset is recorded at once: nothing is skipped when the member dies before it acknowledges", async () => {
      const [queue] = await broker.topic("t");
      await broker.send(queue!, "before");
      const member = await broker.join({ group: "g" });
      await broker.send(queue!, "after");
      await member.die();
      broker = await broker.restart();
      const next = await broker.join({ group: "g" });
      await next.credit(10);
      await broker.pass(3_000);
      expect(next.bodies).to.deep.equal(["after"]);
    });

    it("at a time begins with the first message stored then or later", async () => {
      const [queue] = await broker.topic("t");
      await broker.send(queue!, "early");
      await broker.pass(60_000);
      const fromMs = broker.clock.nowMs();
      await broker.send(queue!, "late");
      const member = await broker.join({ group: "g", from: TIME, fromMs });
      await member.credit(10);
      expect(member.bodies).to.deep.equal(["late"]);
    });

    it("of a queue or topic that comes later is its first message, whatever the group asked for", async () => {
      const [queue] = await broker.topic("t");
      await broker.send(queue!, "before");
      const member = await broker.join({ group: "g", topics: ["t", "new"] });
      await member.credit(10);
      await broker.topics.update({
        name: "t",
        queues: 2,
        setAttributes: {},
        removeAttributes: [],
        dryRun: false,
      });
      const [made] = await broker.topic("new");
      await broker.send(broker.topics.get("t").queues[1]!, "grown");
      await broker.send(made!, "new");
      expect(member.bodies).to.deep.equal(["grown", "new"]);
      expect([...member.assigned.keys()].sort()).to.deep.equal(["new/0", "t/0", "t/1"]);
    });

    it("of a queue that came while nobody was there is its first message too", async () => {
      await broker.topic("t");
      const member = await broker.join({ group: "g" });
      await member.leave();
      await broker.topics.update({
        name: "t",
        queues: 2,
        setAttributes: {},
        removeAttributes: [],
        dryRun: false,
      });
      await broker.send(broker.topics.get("t").queues[1]!, "grown");
      const next = await broker.join({ group: "g" });
      await next.credit(10);
      expect(next.bodies).to.deep.equal(["grown"]);
    });

    it("of a topic that was deleted and made again is its first message", async () => {
      const [queue] = await broker.topic("t");
      await broker.sendNumbered(queue!, 5);
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(100);
      await member.ack(0, 5);
      await broker.topics.delete("t", false);
      await broker.pass(10);
      expect(member.queues).to.deep.equal([]);
      const [again] = await broker.topic("t");
      await broker.send(again!, "again");
      expect(member.received.at(-1)).to.include({ offset: 0, body: "again" });
      expect((await broker.admin.describe("g")).queues).to.have.length(1);
    });
  });

  describe("filtering", () => {
    it("delivers messages with the wanted tags only, and counts the others as acknowledged (A1-05)", async () => {
      const [queue] = await broker.topic("t");
      for (let i = 0; i < 30; i++)
        await broker.send(queue!, text(String(i), i % 3 === 2 ? {} : { tag: "ab"[i % 3]! }));
      const subscriptions = [{ topic: "t", tags: "a || c" }];
      const member = await broker.join({ group: "g", from: EARLIEST, subscriptions });
      await member.credit(100);
      expect(member.bodies).to.deep.equal(numbers(0, 30).filter((n) => Number(n) % 3 === 0));
      expect((await broker.admin.describe("g")).queues![0]).to.include({ lag: 10, inFlight: 10, ready: 0 });
      for (const { offset } of member.received) await member.ack(offset, offset + 1);
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 30, lag: 0 });
    });

    it("passes over a long backlog that fits nothing, and remembers that", async () => {
      const [queue] = await broker.topic("t");
      for (let i = 0; i < 300; i++) await broker.sendNumbered(queue!, 100);
      await broker.send(queue!, text("wanted", { tag: "a" }));
      const subscriptions = [{ topic: "t", tags: "a" }];
      const member = await broker.join({ group: "g", from: EARLIEST, subscriptions });
      await member.credit(1);
      await broker.pass(2_000);
      expect(member.bodies).to.deep.equal(["wanted"]);
      broker = await broker.restart();
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 30_000, lag: 1 });
    }).timeout(30_000);
  });

  describe("a queue on disk", () => {
    it("is delivered in order from segments that left the memory long ago", async () => {
      await broker.close();
      broker = await ConsumingBroker.open({ segmentBytes: 64 << 10, slabsKept: 1, cacheBytes: 1 << 20 });
      const queues = await broker.topic("t", 2);
      for (let i = 0; i < 40; i++)
        await broker.send(
          queues[i % 2]!,
          ...numbers(0, 50).map((n) => text(`${i}-${n} ${"x".repeat(1_000)}`)),
        );
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(100_000, 1 << 30);
      for (let i = 0; i < 400 && member.received.length < 2_000; i++) await quiet();
      for (const id of [0, 1])
        expect(
          member.received.filter(({ queueId }) => queueId === id).map(({ offset }) => offset),
        ).to.deep.equal(numbers(0, 1_000).map(Number));
    }).timeout(30_000);

    it("is read on behind what retention dropped, with an event that names the group (A1-14)", async () => {
      await broker.close();
      broker = await ConsumingBroker.open({ segmentBytes: 64 << 10 });
      const [queue] = await broker.topic("t");
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(2);
      for (let i = 0; i < 20; i++) await broker.send(queue!, text("x".repeat(10_000)));
      await broker.store.dropFirst();
      await quiet();
      const first = broker.store.firstOffset(queue!);
      expect(first).to.be.above(2);
      await member.credit(1);
      expect(member.received.at(-1)!.offset).to.equal(first);
      expect(broker.groups.counters.messagesUnread).to.equal(first);
      expect(broker.said.join()).to.include("retention dropped messages that the group had not acknowledged");
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: first, inFlight: 1 });
    });

    it("stops its group where it cannot be read, and goes on when it can", async () => {
      const queues = await broker.topic("t", 2);
      for (const queue of queues) await broker.sendNumbered(queue, 3);
      const { store } = broker;
      let broken = true;
      const read: typeof store.read = (queue, offset, limits, sink) => {
        if (queue === queues[0] && offset >= 1 && broken) throw new Error("a bad sector");
        return store.read(queue, offset, { ...limits, maxMessages: 1 }, sink);
      };
      const damaged = new Proxy(store, {
        get: (target, name) =>
          name === "read" ? read : bound(target, Reflect.get(target, name, target) as unknown),
      });
      const groups = new Groups({ ...broker.groups.deps, store: damaged, topics: broker.topics });
      await groups.start();
      const stream = new FakeStream<Buffer, never>();
      new ConsumeSession(groups, stream as never, "test");
      stream.hear({
        request: "hello",
        hello: {
          group: "g",
          mode: 0,
          subscriptions: [{ topic: "t", tags: "", queues: [] }],
          from: EARLIEST,
          positions: [],
          member: "",
          host: "",
        },
      } as never);
      stream.hear({ request: "credit", credit: { messages: 100, bytes: 1 << 30 } } as never);
      expect(groups.counters.messagesDelivered).to.equal(3);
      expect(broker.said.join()).to.include("a queue cannot be read");
      broken = false;
      await broker.pass(5_000);
      expect(groups.counters.messagesDelivered).to.equal(6);
      await groups.stop();
    });
  });
});

function bound(target: object, value: unknown): unknown {
  return typeof value === "function" ? value.bind(target) : value;
}
