import { expect } from "chai";
import { BROKER } from "../../../proto/kernel/contract.js";
import { ConsumeSession } from "../../../server/broker/consume-session.js";
import { ConsumingBroker, quiet, TestMember } from "../../support/consuming.js";
import { FakeStream } from "../../support/fake-stream.js";
import { text } from "../../support/store.js";

const EARLIEST = 1;

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
        [{ group: "g", subscriptions: [{ topic: "t", tags: "a ||" }] }, "FILTER_INVALID"],
        [{ group: "g", subscriptions: [{ topic: "t", sql: "a >" }] }, "FILTER_INVALID"],
        [{ group: "g", subscriptions: [{ topic: "t", sql: "a", tags: "a" }] }, "FILTER_INVALID"],
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
          held: [],
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

    it("is heard no further while it does not read what it is told", async () => {
      const stream = new FakeStream<Buffer, never>();
      new ConsumeSession(broker.groups, stream as never, "test");
      const subscriptions = [{ topic: "t", tags: "", queues: [] }];
      const hello = {
        group: "g",
        mode: 0,
        subscriptions,
        from: 0,
        positions: [],
        held: [],
        member: "",
        host: "",
      };
      stream.hear({ request: "hello", hello } as never);
      stream.hear({ request: "ping", ping: {} } as never);
      expect(stream.paused).to.equal(false);
      stream.accepts = false;
      stream.hear({ request: "ping", ping: {} } as never);
      expect(stream.paused).to.equal(true);
      stream.drain();
      expect(stream.paused).to.equal(false);
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

    it("delivers a message that failed again after its group's first wait, or as asked, with the next attempt (A4-10)", async () => {
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
      await broker.pass(9_949);
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
});
