import { expect } from "chai";
import type { PullRequest } from "../../../proto/gen/logwheel/v1/PullRequest.js";
import type { PulledRecords } from "../../../proto/kernel/consume-codec.js";
import { BROKER } from "../../../proto/kernel/contract.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import type { Queue } from "../../../server/store/queue.js";
import { ConsumingBroker, quiet } from "../../support/consuming.js";
import { text } from "../../support/store.js";

const bodies = ({ records }: PulledRecords): string[] =>
  [...records].map((record) => record.message().body.toString());

/** Code of the error that a promise is rejected with. */
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (thrown: unknown) => (LogwheelError.is(thrown) ? thrown.code : String(thrown)),
  );

describe("Pull, Seek and Ack", () => {
  let broker: ConsumingBroker;
  let queue: Queue;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
    [queue] = (await broker.topic("t")) as [Queue];
  });
  afterEach(() => broker.close());

  const pull = (request: PullRequest, signal?: AbortSignal): Promise<PulledRecords> =>
    broker.channel.unary(BROKER.pull, { topic: "t", ...request }, signal === undefined ? {} : { signal });
  const seek = (request: object) => broker.channel.unary(BROKER.seek, { topic: "t", ...request });
  const ack = (request: object) => broker.channel.unary(BROKER.ack, { group: "g", topic: "t", ...request });

  describe("Pull", () => {
    it("returns a block of messages from the offset that it names (A1-17)", async () => {
      await broker.sendNumbered(queue, 600);
      const reply = await pull({ offset: 500, maxMessages: 32 });
      expect(bodies(reply)).to.deep.equal(Array.from({ length: 32 }, (_, i) => String(500 + i)));
      expect(reply).to.include({ nextOffset: 532, firstOffset: 0, endOffset: 600 });
      expect(bodies(await pull({ offset: 0 }))).to.have.length(32);
    });

    it("returns the same bytes each time, whatever was written in between (A1-11, A1-16)", async () => {
      await broker.sendNumbered(queue, 3);
      const [before] = (await pull({ offset: 1, maxMessages: 1 })).records;
      await broker.sendNumbered(queue, 100);
      const [after] = (await pull({ offset: 1, maxMessages: 1 })).records;
      const bytes = (record: typeof before) =>
        record!.bytes.subarray(record!.start, record!.end).toString("hex");
      expect(bytes(after)).to.equal(bytes(before));
    });

    it("returns the first message whatever its size, and then as many bytes as asked for", async () => {
      for (let i = 0; i < 4; i++) await broker.send(queue, text("x".repeat(10_000)));
      expect(bodies(await pull({ offset: 0, maxBytes: 1 }))).to.have.length(1);
      expect(bodies(await pull({ offset: 0, maxBytes: 25_000 }))).to.have.length(2);
    });

    it("waits for its turn to read old messages, and gives it up with the call", async () => {
      await broker.sendNumbered(queue, 3);
      const turns: (() => void)[] = [];
      broker.store.turn = () => new Promise((resolve) => turns.push(resolve));
      const pulled = pull({ offset: 0 });
      const stop = new AbortController();
      const aborted = codeOf(pull({ offset: 0 }, stop.signal));
      await quiet();
      expect(turns).to.have.length(2);
      let reads = 0;
      const { read } = broker.store;
      broker.store.read = (...all) => {
        reads++;
        return read.apply(broker.store, all);
      };
      stop.abort();
      for (const go of turns) go();
      expect(bodies(await pulled)).to.deep.equal(["0", "1", "2"]);
      expect(await aborted).not.to.equal("none");
      expect(reads).to.equal(1);
    });

    it("waits for the next message, and has it when it comes (A4-02, A4-03)", async () => {
      const waiting = pull({ offset: 0, waitMs: 20_000 });
      await broker.pass(15_000);
      expect(broker.longPoll.waiting).to.equal(1);
      await broker.send(queue, "at last");
      expect(bodies(await waiting)).to.deep.equal(["at last"]);
      expect(broker.longPoll.waiting).to.equal(0);
    });

    it("ends the wait itself, after 20 s at most, with nothing", async () => {
      const waiting = pull({ offset: 0, waitMs: 3_600_000 });
      await broker.pass(19_999);
      expect(broker.longPoll.waiting).to.equal(1);
      await broker.pass(1);
      expect(await waiting).to.include({ nextOffset: 0, endOffset: 0 });
      expect(bodies(await pull({ offset: 0 }))).to.deep.equal([]);
    });

    it("forgets a caller that has gone, and ends all waits when the broker stops", async () => {
      const gone = new AbortController();
      const aborted = codeOf(pull({ offset: 0, waitMs: 20_000 }, gone.signal));
      const other = pull({ offset: 0, waitMs: 20_000 });
      await quiet();
      expect(broker.longPoll.waiting).to.equal(2);
      gone.abort();
      await quiet();
      expect(await aborted).to.equal("ABORTED");
      expect(broker.longPoll.waiting).to.equal(1);
      broker.longPoll.stop();
      expect(bodies(await other)).to.deep.equal([]);
    });

    it("leaves out what its tags do not want, and waits on when nothing is left", async () => {
      await broker.send(queue, text("a", { tag: "a" }), text("b", { tag: "b" }), "none");
      const first = await pull({ offset: 0, tags: "b || c" });
      expect(bodies(first)).to.deep.equal(["b"]);
      expect(first.nextOffset).to.equal(3);
      const waiting = pull({ offset: 3, tags: "b", waitMs: 20_000 });
      await broker.send(queue, text("a", { tag: "a" }));
      expect(broker.longPoll.waiting).to.equal(1);
      await broker.send(queue, text("b2", { tag: "b" }));
      expect(bodies(await waiting)).to.deep.equal(["b2"]);
    });

    it("leaves out what its SQL filter does not want, and reads on past it", async () => {
      for (let i = 0; i < 50; i++)
        await broker.send(queue, text(String(i), { properties: { n: String(i) } }));
      const first = await pull({ offset: 0, sql: "n IN (7, 40, 41)", maxMessages: 2 });
      expect(bodies(first)).to.deep.equal(["7", "40"]);
      expect(first.nextOffset).to.equal(41);
      const small = await pull({ offset: 0, sql: "n > 30", maxBytes: 1 });
      expect(bodies(small)).to.deep.equal(["31"]);
      const none = await pull({ offset: 0, sql: "n > 50" });
      expect([none.nextOffset, bodies(none)]).to.deep.equal([50, []]);
      expect(await codeOf(pull({ offset: 0, sql: "n >" }))).to.equal("FILTER_INVALID");
      expect(await codeOf(pull({ offset: 0, sql: "n", tags: "*" }))).to.equal("FILTER_INVALID");
    });

    it("refuses an offset outside of the queue, an unknown queue or topic, and a topic that may not be read", async () => {
      await broker.sendNumbered(queue, 2);
      expect(await codeOf(pull({ offset: 3 }))).to.equal("OFFSET_OUT_OF_RANGE");
      expect(await codeOf(pull({ offset: 0, queueId: 1 }))).to.equal("BAD_REQUEST");
      expect(await codeOf(pull({ offset: 0, topic: "missing" }))).to.equal("TOPIC_NOT_FOUND");
      expect(await codeOf(pull({ offset: 0, tags: "||" }))).to.equal("FILTER_INVALID");
      const waiting = codeOf(pull({ offset: 2, waitMs: 20_000 }));
      const update = { name: "t", setAttributes: {}, removeAttributes: [], dryRun: false };
      await broker.topics.update({ ...update, permission: 2 });
      await broker.send(queue, "unread");
      expect(await waiting).to.equal("FORBIDDEN");
    });
  });

  describe("Seek", () => {
    it("tells where a queue begins and ends, where a time is, and where a group", async () => {
      await broker.sendNumbered(queue, 2);
      await broker.pass(60_000);
      const storedAtMs = broker.clock.nowMs();
      await broker.sendNumbered(queue, 2);
      expect(await seek({})).to.include({ firstOffset: 0, endOffset: 4, atOffset: 0 });
      expect(await seek({ storedAtMs })).to.include({ atOffset: 2 });
      expect((await seek({ group: "g" })).groupOffset).to.equal(undefined);
      await ack({ below: 3 });
      expect(await seek({ group: "g" })).to.include({ groupOffset: 3 });
    });
  });

  describe("Ack", () => {
    it("moves a group's cursor cumulatively or by single ranges, and answers when a restart keeps it (A4-11)", async () => {
      await broker.sendNumbered(queue, 10);
      const answer = ack({ ranges: [{ start: 4, end: 6 }] });
      await broker.pass(10);
      expect(await answer).to.include({ offset: 0 });
      const next = ack({ below: 4 });
      await broker.pass(10);
      expect(await next).to.include({ offset: 6 });
      broker = await broker.restart();
      expect(await seek({ group: "g" })).to.include({ groupOffset: 6 });
    });

    it("never moves a cursor back", async () => {
      await broker.sendNumbered(queue, 10);
      void ack({ below: 8 });
      const back = ack({ below: 2 });
      await broker.pass(10);
      expect(await back).to.include({ offset: 8 });
    });

    it("counts for members too: they go on behind it", async () => {
      await broker.sendNumbered(queue, 4);
      const member = await broker.join({ group: "g", from: 1 });
      void ack({ below: 2 });
      await broker.pass(10);
      await member.credit(10);
      expect(member.bodies).to.deep.equal(["2", "3"]);
    });

    it("refuses what lies beyond the queue", async () => {
      await broker.sendNumbered(queue, 2);
      expect(await codeOf(ack({ below: 3 }))).to.equal("OFFSET_OUT_OF_RANGE");
      expect(await codeOf(ack({ ranges: [{ start: 1, end: 3 }] }))).to.equal("OFFSET_OUT_OF_RANGE");
      expect(await codeOf(ack({ ranges: [{ start: 1, end: 1 }] }))).to.equal("BAD_REQUEST");
      expect(await codeOf(ack({ below: 1, group: "a b" }))).to.equal("BAD_REQUEST");
    });

    it("bounds how many single ranges callers make a cursor hold", async () => {
      await broker.sendNumbered(queue, 10);
      const ranges = Array.from({ length: 65_537 }, () => ({ start: 1, end: 2 }));
      expect(await codeOf(ack({ ranges }))).to.equal("THROTTLED");
    });
  });
});
