import { expect } from "chai";
import { REVOKE_MS } from "../../../server/broker/rebalance.js";
import { ConsumingBroker, quiet, type TestMember } from "../../support/consuming.js";

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

const counts = (members: readonly TestMember[]): number[] => members.map(({ queues }) => queues.length);

describe("Group", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  /** Lets every member finish at once with what was taken back from it. */
  async function releaseAll(members: readonly TestMember[]): Promise<void> {
    for (const member of members)
      for (const [key, { generation }] of member.revoked) {
        const [topic, queueId] = key.split("/");
        await member.release(Number(queueId), generation, topic);
      }
  }

  describe("dividing queues", () => {
    it("gives two members of a group each message once, and all between them (A1-01)", async () => {
      const queues = await broker.topic("t", 4);
      const [a, b] = [await broker.join({ group: "g" }), await broker.join({ group: "g" })];
      await releaseAll([a, b]);
      for (const member of [a, b]) await member.credit(10_000);
      for (const queue of queues) await broker.sendNumbered(queue, 250);
      const key = ({ queueId, offset }: { queueId: number; offset: number }) => `${queueId}/${offset}`;
      const got = [...a.received, ...b.received].map(key);
      expect(got).to.have.length(1_000);
      expect(new Set(got).size).to.equal(1_000);
      expect(a.received.length).to.equal(500);
    });

    it("gives each of three groups everything (A1-02, A1-08, A1-22)", async () => {
      const [queue] = await broker.topic("t");
      const members = [];
      for (const group of ["x", "y", "z"]) members.push(await broker.join({ group }));
      for (const member of members) await member.credit(1_000);
      await broker.sendNumbered(queue!, 100);
      for (const member of members) expect(member.bodies).to.deep.equal(numbers(0, 100));
    });

    it("is even, and a third member gets its share without any queue being in two hands (A1-06, A4-04)", async () => {
      await broker.topic("t", 8);
      const members = [await broker.join({ group: "g" })];
      for (let n = 2; n <= 4; n++) {
        members.push(await broker.join({ group: "g" }));
        const before = members.flatMap(({ queues }) => queues);
        expect(new Set(before).size).to.equal(before.length);
        await releaseAll(members);
        expect(members.flatMap(({ queues }) => queues).sort()).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
        expect(Math.max(...counts(members)) - Math.min(...counts(members))).to.be.at.most(1);
      }
      expect(counts(members)).to.deep.equal([2, 2, 2, 2]);
    });

    it("pauses only the queues that move", async () => {
      const queues = await broker.topic("t", 4);
      const a = await broker.join({ group: "g" });
      await a.credit(1_000);
      const b = await broker.join({ group: "g" });
      await b.credit(1_000);
      expect(counts([a, b])).to.deep.equal([2, 0]);
      for (const queue of queues) await broker.send(queue, "while revoking");
      expect(a.received.map(({ queueId }) => queueId).sort()).to.deep.equal(a.queues);
      expect(b.received).to.deep.equal([]);
      await releaseAll([a]);
      expect(b.received.map(({ queueId }) => queueId).sort()).to.deep.equal(b.queues);
    });

    it("moves a queue when its owner says that it has finished, under a higher generation; acknowledgements until then count", async () => {
      const [, queue] = await broker.topic("t", 2);
      const a = await broker.join({ group: "g" });
      await a.credit(100);
      await broker.sendNumbered(queue!, 4);
      const before = a.generation(1);
      const b = await broker.join({ group: "g" });
      await b.credit(100);
      const moved = [...a.revoked.keys()];
      expect(moved).to.deep.equal(["t/1"]);
      await a.ack(0, 3, { queueId: 1, generation: before });
      await broker.pass(10);
      expect(a.acked.at(-1)!.failures).to.deep.equal([]);
      await a.release(1, before);
      expect(b.generation(1)).to.be.above(before);
      expect(b.bodies).to.deep.equal(["3"]);
      await a.ack(3, 4, { queueId: 1, generation: before });
      await broker.pass(10);
      expect(a.acked.at(-1)!.failures.map(({ code }) => code)).to.deep.equal(["NOT_ASSIGNED"]);
      expect((await broker.admin.describe("g")).queues![1]).to.include({ offset: 3, member: b.id });
    });

    it("takes a queue from an owner that does not finish in time", async () => {
      await broker.topic("t", 2);
      const a = await broker.join({ group: "g" });
      const b = await broker.join({ group: "g" });
      await broker.pass(REVOKE_MS - 1);
      expect(b.queues).to.deep.equal([]);
      await broker.pass(1);
      expect(b.queues).to.deep.equal([1]);
      expect(a.queues).to.deep.equal([0]);
    });

    it("tells a member that there are fewer queues than members, and why it is idle (A10-03)", async () => {
      await broker.topic("t", 2);
      const members = [];
      for (let i = 0; i < 3; i++) members.push(await broker.join({ group: "g" }));
      await releaseAll(members);
      const idle = members.find(({ queues }) => queues.length === 0)!;
      const busy = members.filter((member) => member !== idle);
      expect(counts(busy)).to.deep.equal([1, 1]);
      expect(idle.note).to.include("3 members").and.to.include("2 queues");
      expect(busy.map(({ note }) => note)).to.deep.equal(["", ""]);
      expect(broker.said.join()).to.include("this member is idle");
      await busy[0]!.leave();
      expect(idle.queues).to.have.length(1);
      expect(idle.note).to.equal("");
    });

    it("goes by the group's strategy, and by another one when that is changed", async () => {
      await broker.topic("t", 4);
      await broker.admin.create({
        group: { name: "g", ordered: false, maxAttempts: 0, assign: 2, paused: false },
      });
      const subscribe = (...queues: number[]) => ({ subscriptions: [{ topic: "t", queues }] });
      const a = await broker.join({ group: "g", ...subscribe(3, 1) });
      const b = await broker.join({ group: "g", ...subscribe(0) });
      expect([a.queues, b.queues]).to.deep.equal([[1, 3], [0]]);
      await broker.admin.update({ name: "g", assign: 0, dryRun: false });
      await quiet();
      expect([a.queues, b.queues].flat().sort()).to.deep.equal([0, 1, 2, 3]);
      expect(counts([a, b])).to.deep.equal([2, 2]);
    });

    it("begins at different members on different brokers, so that topics of one queue spread (A1-10)", async () => {
      const owners: string[] = [];
      for (const name of ["broker-0", "broker-1"]) {
        let other = await ConsumingBroker.open({ name });
        await other.topic("t", 1);
        await other.join({ group: "g" });
        await other.pass(10);
        other = await other.restart();
        for (const member of ["a".repeat(16), "b".repeat(16)]) await other.join({ group: "g", member });
        await other.pass(3_000);
        owners.push((await other.admin.describe("g")).queues![0]!.member!);
        await other.close();
      }
      expect(owners).to.deep.equal(["a".repeat(16), "b".repeat(16)]);
    });
  });

  describe("when a member goes", () => {
    it("gives what a killed member had not acknowledged to another: exactly that (A4-05, A4-08, A4-09)", async () => {
      const [queue] = await broker.topic("t");
      const a = await broker.join({ group: "g" });
      await a.credit(30);
      const b = await broker.join({ group: "g" });
      await b.credit(100);
      await broker.sendNumbered(queue!, 30);
      const [owner, other] = a.received.length > 0 ? [a, b] : [b, a];
      await owner.ack(0, 20);
      await broker.pass(10);
      await owner.die();
      await broker.pass(1_000);
      expect(other.bodies).to.deep.equal(numbers(20, 30));
    });

    it("gives a leaving member's queues away at once", async () => {
      await broker.topic("t", 4);
      const a = await broker.join({ group: "g" });
      const b = await broker.join({ group: "g" });
      await a.leave();
      expect(b.queues).to.deep.equal([0, 1, 2, 3]);
      expect(broker.groups.members).to.equal(1);
    });

    it("takes a member for dead after 10 s of silence, but not one that pings", async () => {
      await broker.topic("t", 2);
      const a = await broker.join({ group: "g" });
      const b = await broker.join({ group: "g" });
      await releaseAll([a]);
      b.silent = true;
      await broker.pass(9_800);
      expect(b.error).to.equal(undefined);
      await broker.pass(400);
      expect(b.code).to.equal("TIMEOUT");
      expect(a.queues).to.deep.equal([0, 1]);
      expect(a.error).to.equal(undefined);
    });

    it("gives everybody as much more time as the process stood still", async () => {
      await broker.topic("t", 2);
      const a = await broker.join({ group: "g" });
      a.silent = true;
      await broker.pass(9_000);
      await broker.stall(60_000);
      expect(broker.said.join()).to.include("the process stood still");
      await broker.pass(500);
      expect(a.error).to.equal(undefined);
      await a.say({ ping: {} });
      await broker.pass(5_000);
      expect(a.error).to.equal(undefined);
      await broker.pass(6_000);
      expect(a.code).to.equal("TIMEOUT");
    });

    it("keeps its queues for a moment when its connection breaks: back in time it goes on under the same generation", async () => {
      const [queue] = await broker.topic("t", 2);
      const a = await broker.join({ group: "g" });
      const b = await broker.join({ group: "g" });
      await releaseAll([a]);
      await a.credit(100);
      await broker.sendNumbered(queue!, 3);
      await a.die();
      await broker.pass(900);
      expect(b.queues).to.deep.equal([1]);
      const again = await broker.join({ group: "g", member: a.id });
      expect(again.id).to.equal(a.id);
      expect(again.generation(0)).to.equal(a.generation(0));
      await again.ack(0, 1);
      await again.credit(100);
      await broker.pass(1_000);
      expect(again.bodies).to.deep.equal(["1", "2"]);
      expect(again.acked.at(-1)!.failures).to.deep.equal([]);
      expect(b.queues).to.deep.equal([1]);
    });

    it("comes back on a new stream before the broker knows that the old one is dead", async () => {
      await broker.topic("t", 2);
      const here = { host: "here", processId: 7 };
      const a = await broker.join({ group: "g", ...here });
      const again = await broker.join({ group: "g", member: a.id, ...here });
      expect(again.id).to.equal(a.id);
      expect(again.queues).to.deep.equal([0, 1]);
      expect(a.code).to.equal("CONNECTION_LOST");
      await broker.pass(5_000);
      expect(broker.groups.members).to.equal(1);
      expect(again.error).to.equal(undefined);
    });

    it("issues ids itself: a second client that claims a living one's id gets another", async () => {
      await broker.topic("t", 2);
      const a = await broker.join({ group: "g" });
      const b = await broker.join({ group: "g", member: a.id });
      const c = await broker.join({ group: "g", member: "../../etc" });
      expect(new Set([a.id, b.id, c.id]).size).to.equal(3);
      expect(c.id).to.match(/^[0-9a-f]{16}$/);
    });
  });

  describe("after a restart", () => {
    it("waits 3 s for the members of a group that had cursors, so that none gets everything first", async () => {
      await broker.topic("t", 4);
      await broker.join({ group: "g" });
      await broker.pass(10);
      broker = await broker.restart();
      const a = await broker.join({ group: "g" });
      await broker.pass(1_000);
      const b = await broker.join({ group: "g" });
      await broker.pass(1_999);
      expect(counts([a, b])).to.deep.equal([0, 0]);
      expect(a.heard).to.deep.equal(["welcome"]);
      await broker.pass(1);
      expect(counts([a, b])).to.deep.equal([2, 2]);
    });

    it("does not wait for a new group, nor for an old one that comes later", async () => {
      await broker.topic("t", 4);
      await broker.join({ group: "old" });
      await broker.pass(10);
      broker = await broker.restart();
      expect((await broker.join({ group: "new" })).queues).to.have.length(4);
      await broker.pass(3_000);
      expect((await broker.join({ group: "old" })).queues).to.have.length(4);
    });

    it("counts generations on from a higher log epoch", async () => {
      await broker.topic("t");
      const a = await broker.join({ group: "g" });
      const before = a.generation(0);
      broker = await broker.restart();
      const b = await broker.join({ group: "g" });
      await broker.pass(3_000);
      expect(b.generation(0)).to.be.above(before);
      expect(Number.isSafeInteger(b.generation(0))).to.equal(true);
    });

    it("moves cursors back that lie behind the end of a cut log, and says so", async () => {
      const [queue] = await broker.topic("t");
      await broker.sendNumbered(queue!, 5);
      const group = broker.groups.ensure("g", { ordered: false });
      const state = { floor: 90, acked: [[95, 99]], retries: [[94, 2, 0]], fence: 0 } as const;
      broker.store.appendCursors([{ group, queue: queue!, state }]);
      await quiet();
      broker = await broker.restart();
      expect(broker.said.join()).to.include("the log was cut");
      await broker.sendNumbered(broker.topics.get("t").queues[0]!, 2);
      const member = await broker.join({ group: "g" });
      await member.credit(10);
      await broker.pass(3_000);
      expect(member.bodies).to.deep.equal(["5", "6"]);
    });
  });

  describe("members that disagree", () => {
    it("are refused with what differs: topics, tags, mode", async () => {
      await broker.topic("t");
      await broker.topic("u");
      const subscribe = (topic: string, tags = "") => ({ subscriptions: [{ topic, tags }] });
      const first = await broker.join({ group: "g", ...subscribe("t", "b || a") });
      for (const [hello, words] of [
        [
          subscribe("u"),
          ["subscribes to topic t, this member does not", "subscribes to topic u, the group does not"],
        ],
        [subscribe("t", "a"), ['the tags "a || b", this member the tags "a"']],
        [
          { subscriptions: [{ topic: "t", sql: "tag = 'a'" }] },
          ['the tags "a || b", this member what in SQL is "tag = \'a\'"'],
        ],
        [{ ...subscribe("t", "a || b"), mode: 2 as const }, ["mode concurrent, this member in mode shared"]],
      ] as const) {
        const other = await broker.join({ group: "g", ...(hello as object) });
        expect(other.code).to.equal("SUBSCRIPTION_MISMATCH");
        for (const word of words) expect(other.error!.message).to.include(word);
      }
      expect((await broker.join({ group: "g", ...subscribe("t", "a||b") })).code).to.equal(undefined);
      await first.leave();
      expect((await broker.join({ group: "h", ...subscribe("u") })).code).to.equal(undefined);
      const inSql = (sql: string) => ({ group: "s", subscriptions: [{ topic: "t", sql }] });
      expect((await broker.join(inSql("a=1 and TAGS = 'x'"))).code).to.equal(undefined);
      expect((await broker.join(inSql("a = 1 AND tag='x'"))).code).to.equal(undefined);
      expect((await broker.join(inSql("a = 2"))).code).to.equal("SUBSCRIPTION_MISMATCH");
    });

    it("are let in with another wish once the others have gone, also when these were killed a moment ago", async () => {
      await broker.topic("t");
      const first = await broker.join({ group: "g" });
      await first.die();
      const next = await broker.join({ group: "g", subscriptions: [{ topic: "t", tags: "a" }] });
      expect(next.code).to.equal(undefined);
      expect(next.queues).to.deep.equal([0]);
    });
  });

  describe("pausing", () => {
    it("stops deliveries and says so; resuming goes on, also for members that came meanwhile", async () => {
      const [queue] = await broker.topic("t");
      const a = await broker.join({ group: "g" });
      await a.credit(100);
      await broker.admin.update({ name: "g", paused: true, dryRun: false });
      await broker.sendNumbered(queue!, 3);
      expect(a.pauses).to.deep.equal([true]);
      expect(a.received).to.deep.equal([]);
      const b = await broker.join({ group: "g" });
      expect(b.pauses).to.deep.equal([true]);
      broker = await broker.restart();
      const c = await broker.join({ group: "g" });
      await c.credit(100);
      await broker.pass(3_000);
      expect(c.received).to.deep.equal([]);
      await broker.admin.update({ name: "g", paused: false, dryRun: false });
      await quiet();
      expect(c.pauses).to.deep.equal([true, false]);
      expect(c.bodies).to.deep.equal(numbers(0, 3));
    });
  });
});
