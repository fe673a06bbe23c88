import { expect } from "chai";
import { ConsumeSession } from "../../../server/broker/consume-session.js";
import { Groups } from "../../../server/broker/groups.js";
import { type Meter, silentMeter } from "../../../server/broker/meter.js";
import { ConsumingBroker, quiet } from "../../support/consuming.js";
import { FakeStream } from "../../support/fake-stream.js";
import { text } from "../../support/store.js";

const EARLIEST = 1;

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

describe("Delivery", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

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

  describe("without credit", () => {
    const counts = async () => (await broker.admin.describe("g")).queues![0]!;
    const readsOf = (): { count: number } => {
      const reads = { count: 0 };
      const { store } = broker;
      const before = store.read.bind(store);
      store.read = (...args) => {
        reads.count++;
        return before(...args);
      };
      return reads;
    };

    for (const [mode, number] of Object.entries({ concurrent: 0, ordered: 1, shared: 2 } as const))
      for (const filter of [{ tags: "a" }, { sql: "tag = 'a'" }, { sql: "kind = 'a'" }])
        it(`in mode ${mode} passes over what the filter ${JSON.stringify(filter)} leaves out, up to what it wants`, async () => {
          const [queue] = await broker.topic("t");
          const message = (kind: string) => text(kind, { tag: kind, properties: { kind } });
          const subscriptions = [{ topic: "t", ...filter }];
          const member = await broker.join({ group: "g", mode: number, from: EARLIEST, subscriptions });
          await member.credit(1);
          await broker.send(queue!, message("a"), message("b"));
          for (let round = 0; round < 20; round++)
            await broker.send(queue!, ...Array.from({ length: 100 }, () => message("b")));
          expect(await counts()).to.include({ lag: 1, inFlight: 1, ready: 0 });
          await broker.send(queue!, message("a"), message("b"), message("a"));
          expect(await counts()).to.include({ lag: 4, inFlight: 1, ready: 3 });
          const reads = readsOf();
          await broker.send(queue!, message("b"));
          expect(reads.count, "reads of a message that waits for credit").to.equal(0);
          await member.ack(0, 1);
          await member.credit(10);
          expect(member.received.map(({ offset }) => offset)).to.deep.equal([0, 2_002, 2_004]);
          expect(await counts()).to.include({ lag: 2, inFlight: 2, ready: 0 });
        });

    it("what has expired becomes dead letters, when the message in front of it has", async () => {
      const { queues } = await broker.topics.create({ name: "t", queues: 1, type: 5, ttlMs: 60_000 });
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(1);
      await broker.send(queues[0]!, "in a handler", "1", "2");
      await broker.pass(30_000);
      await broker.send(queues[0]!, "3");
      await broker.pass(30_001);
      expect((await broker.deadLetters("g")).map(({ body }) => body)).to.deep.equal(["1", "2"]);
      expect(await counts()).to.include({ lag: 2, inFlight: 1, ready: 1 });
      await broker.pass(30_000);
      expect((await broker.deadLetters("g")).map(({ body }) => body)).to.deep.equal(["1", "2", "3"]);
      expect(member.bodies).to.deep.equal(["in a handler"]);
    });

    it("reads nothing where nothing is left out", async () => {
      const [queue] = await broker.topic("t");
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(1);
      await broker.send(queue!, "1");
      const reads = readsOf();
      await broker.sendNumbered(queue!, 200);
      expect([reads.count, member.bodies]).to.deep.equal([0, ["1"]]);
    });
  });

  describe("filtering in SQL", () => {
    const sql = "price > 10 AND region IN ('eu', 'us')";
    const priced = (i: number, rest: object = {}) =>
      text(String(i), { properties: { price: String(i), region: ["eu", "ap", "us"][i % 3]! }, ...rest });
    const fits = (n: string): boolean => Number(n) > 10 && Number(n) % 3 !== 1;
    const subscriptions = [{ topic: "t", sql }];

    for (const [name, mode] of Object.entries({ concurrent: 0, ordered: 1, shared: 2 } as const))
      it(`in mode ${name} delivers what the condition is true of, and counts the others as acknowledged (A11-12)`, async () => {
        const [queue] = await broker.topic("t");
        for (let i = 0; i < 30; i++) await broker.send(queue!, priced(i));
        await broker.send(queue!, "neither price nor region");
        const member = await broker.join({ group: "g", mode, from: EARLIEST, subscriptions });
        await member.credit(100);
        const wanted = numbers(0, 30).filter(fits);
        expect(member.bodies).to.deep.equal(wanted);
        expect((await broker.admin.describe("g")).members![0]!.subscriptions).to.deep.equal([
          "t: SQL price > 10 AND region IN ( 'eu' , 'us' )",
        ]);
        expect((await broker.admin.describe("g")).queues![0]).to.include({ lag: wanted.length });
        for (const { offset } of member.received) await member.ack(offset, offset + 1);
        expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 31, lag: 0 });
      });

    it("reads on past what is not wanted, however little the member can take, and no more than that", async () => {
      const [queue] = await broker.topic("t");
      for (let i = 0; i < 100; i++)
        await broker.send(queue!, ...Array.from({ length: 100 }, () => priced(1)), priced(12));
      const member = await broker.join({ group: "g", from: EARLIEST, subscriptions });
      for (let taken = 1; taken <= 100; taken++) {
        await member.credit(1, 150);
        await broker.pass(10);
        expect(member.received).to.have.length(taken);
        const { offset } = member.received.at(-1)!;
        await member.ack(offset, offset + 1);
      }
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 10_100, lag: 0 });
    }).timeout(30_000);

    it("delivers a message again that failed, and from segments on the disk", async () => {
      await broker.close();
      broker = await ConsumingBroker.open({ segmentBytes: 64 << 10, slabsKept: 1, cacheBytes: 1 << 20 });
      const [queue] = await broker.topic("t");
      const body = Buffer.alloc(5_000);
      for (let i = 0; i < 200; i++) await broker.send(queue!, priced(i, { body }));
      const member = await broker.join({ group: "g", from: EARLIEST, subscriptions });
      await member.credit(1_000, 1 << 30);
      const wanted = numbers(0, 200).filter(fits);
      for (let i = 0; i < 400 && member.received.length < wanted.length; i++) await quiet();
      expect(member.received.map(({ offset }) => String(offset))).to.deep.equal(wanted);
      await member.nack(12);
      await broker.pass(11_000);
      expect(member.received.at(-1)).to.include({ offset: 12, attempt: 2 });
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

    it("that waits for its turn holds up no other queue of the member", async () => {
      const queues = await broker.topic("t", 2);
      for (const queue of queues) await broker.sendNumbered(queue, 3);
      let go: () => void = () => {};
      let turns = 0;
      broker.store.turn = (queue) => {
        if (queue !== queues[0]) return undefined;
        turns++;
        return new Promise((resolve) => (go = resolve));
      };
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(100);
      await broker.sendNumbered(queues[1]!, 2);
      await quiet();
      expect(member.received.map(({ queueId }) => queueId)).to.deep.equal([1, 1, 1, 1, 1]);
      expect(turns).to.equal(1);
      go();
      await quiet();
      expect(member.received.slice(5).map(({ queueId, offset }) => [queueId, offset])).to.deep.equal([
        [0, 0],
        [0, 1],
        [0, 2],
      ]);
      await broker.sendNumbered(queues[0]!, 1);
      await quiet();
      expect(turns, "each read needs a turn of its own").to.equal(2);
      go();
      await quiet();
      expect(member.received).to.have.length(9);
    });

    it("is read on behind what retention dropped, with an event that names the group (A1-14)", async () => {
      await broker.close();
      broker = await ConsumingBroker.open({ segmentBytes: 64 << 10 });
      const [queue] = await broker.topic("t");
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(2);
      for (let i = 0; i < 20; i++) await broker.send(queue!, text("x".repeat(10_000)));
      await broker.store.sealed.dropFirst();
      await quiet();
      const first = queue!.firstOffset;
      expect(first).to.be.above(2);
      await member.credit(1);
      expect(member.received.at(-1)!.offset).to.equal(first);
      expect(broker.groups.counters.messagesUnread).to.equal(first);
      expect(broker.said.join()).to.include("retention dropped messages that the group had not acknowledged");
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: first, inFlight: 1 });
    });

    const modes = { concurrent: 0, ordered: 1, shared: 2, broadcast: 3 } as const;
    for (const [name, mode] of Object.entries(modes))
      it(`stops a group in mode ${name} where it cannot be read, not before, and goes on when it can`, async () => {
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
        let delivered = 0;
        const meter: Meter = {
          ...silentMeter,
          delivered(messages) {
            delivered += messages;
          },
        };
        const groups = new Groups({ ...broker.groups.deps, store: damaged, topics: broker.topics, meter });
        await groups.start();
        const stream = new FakeStream<Buffer, never>();
        new ConsumeSession(groups, stream as never, "test");
        stream.hear({
          request: "hello",
          hello: {
            group: "g",
            mode,
            subscriptions: [{ topic: "t", tags: "", queues: [] }],
            from: EARLIEST,
            positions: [],
            held: [],
            member: "",
            host: "",
          },
        } as never);
        stream.hear({ request: "credit", credit: { messages: 100, bytes: 1 << 30 } } as never);
        expect(delivered).to.equal(4);
        expect(broker.said.join()).to.include("a queue cannot be read");
        broken = false;
        await broker.pass(5_000);
        expect(delivered).to.equal(6);
        await groups.stop();
      });
  });
});

function bound(target: object, value: unknown): unknown {
  return typeof value === "function" ? value.bind(target) : value;
}
