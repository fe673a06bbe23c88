import { expect } from "chai";
import type { LogwheelError } from "../../../proto/kernel/errors.js";
import type { Cursors } from "../../../server/broker/cursors.js";
import type { Queue } from "../../../server/store/queue.js";
import type { GroupState } from "../../../server/store/state.js";
import { ConsumingBroker, quiet } from "../../support/consuming.js";
import { text } from "../../support/store.js";

describe("Cursors", () => {
  let broker: ConsumingBroker;
  let cursors: Cursors;
  let group: GroupState;
  let queue: Queue;
  beforeEach(async () => {
    broker = await ConsumingBroker.open({ segmentBytes: 64 << 10 });
    ({ cursors } = broker.groups.deps);
    group = broker.groups.ensure("g", { ordered: false });
    [queue] = (await broker.topic("t")) as [Queue];
  });
  afterEach(() => broker.close());

  /** Records that were appended for cursors while `run` was at work. */
  async function recordsOf(run: () => Promise<void>): Promise<number> {
    const { store } = broker;
    const append = store.appendCursors.bind(store);
    let records = 0;
    store.appendCursors = (changes) => {
      records++;
      append(changes);
    };
    await run();
    store.appendCursors = append;
    return records;
  }

  it("write a lone move at once, and many in one record every few milliseconds", async () => {
    await broker.sendNumbered(queue, 1_000);
    const open = cursors.create(group, queue, 0);
    await quiet();
    await broker.pass(5);
    const one = await recordsOf(async () => {
      open.cursor.ack(0, 1);
      cursors.moved(open);
      await quiet();
    });
    expect(one).to.equal(1);
    expect(group.cursors.get(queue)).to.include({ floor: 1 });
    const many = await recordsOf(async () => {
      for (let offset = 1; offset < 1_000; offset++) {
        open.cursor.ack(offset, offset + 1);
        cursors.moved(open);
        if (offset % 100 === 0) await broker.pass(1);
      }
      await broker.pass(10);
    });
    expect(many).to.be.within(2, 3);
    expect(group.cursors.get(queue)).to.include({ floor: 1_000 });
  });

  it("write for those who wait when the record before is written, and what has come until then in one", async () => {
    await broker.sendNumbered(queue, 100);
    const open = cursors.create(group, queue, 0);
    await quiet();
    await broker.pass(5);
    let answers = 0;
    let offset = 0;
    const move = (awaited: boolean): void => {
      open.cursor.ack(offset, ++offset);
      cursors.moved(open);
      cursors.whenWritten(() => answers++, awaited);
    };
    let settle = (): void => {};
    broker.files.before = ({ call }) =>
      call === "sync" ? new Promise((resolve) => (settle = resolve)) : undefined;
    const behind = broker.send(queue, text("being synced, so that the log writes nothing"));
    await quiet();
    const records = await recordsOf(async () => {
      for (let moves = 1; moves <= 20; moves++) {
        move(true);
        await quiet();
      }
      expect(answers).to.equal(0);
      settle();
      await behind;
      await quiet();
      expect(answers).to.equal(20);
    });
    expect(records).to.equal(2);
    broker.files.before = null;
    move(false);
    await broker.pass(4);
    expect(answers).to.equal(20);
    await broker.pass(1);
    expect(answers).to.equal(21);
  });

  it("append one record, and no more, while the disk hangs", async () => {
    await broker.sendNumbered(queue, 1_000);
    const open = cursors.create(group, queue, 0);
    await broker.pass(5);
    let release = (): void => {};
    broker.files.before = ({ call }) =>
      call === "sync" ? new Promise((resolve) => (release = resolve)) : undefined;
    const behind = broker.send(queue, text("being synced, so that the log writes nothing"));
    await quiet();
    const records = await recordsOf(async () => {
      for (let offset = 0; offset < 1_000; offset++) {
        open.cursor.ack(offset, offset + 1);
        cursors.moved(open);
        if (offset % 10 === 0) await broker.pass(1);
      }
      expect(group.cursors.get(queue)!.floor, "of the one record").to.be.lessThan(100);
      broker.files.before = null;
      release();
      await behind;
      await quiet();
    });
    expect(records).to.equal(2);
    expect(group.cursors.get(queue)).to.include({ floor: 1_000 });
  });

  it("answer when the store has written what moved, or with its failure", async () => {
    await broker.sendNumbered(queue, 2);
    const open = cursors.create(group, queue, 0);
    open.cursor.ack(0, 1);
    cursors.moved(open);
    const answers: (LogwheelError | null)[] = [];
    cursors.whenWritten((error) => answers.push(error));
    expect(answers).to.deep.equal([]);
    await quiet();
    expect(answers).to.deep.equal([null]);
    broker.files.before = ({ call }) => {
      if (call === "writeNow") throw new Error("EIO");
    };
    open.cursor.ack(1, 2);
    cursors.moved(open);
    cursors.whenWritten((error) => answers.push(error));
    await broker.pass(10);
    expect(answers[1]).to.have.property("code", "STORE_FAILED");
    broker.files.before = null;
  });

  it("answer at once when nothing has moved, and sync nothing for that", async () => {
    await broker.sendNumbered(queue, 2);
    const open = cursors.create(group, queue, 0);
    await broker.pass(5);
    open.cursor.ack(0, 1);
    cursors.moved(open);
    await broker.pass(5);
    const calls: string[] = [];
    broker.files.before = ({ call }) => void calls.push(call);
    let answers = 0;
    cursors.whenWritten(() => answers++);
    expect(answers).to.equal(1);
    await quiet();
    expect(calls).to.deep.equal([]);
    broker.files.before = null;
  });

  it("are closed when no lane goes by them and nothing is to be written", async () => {
    await broker.sendNumbered(queue, 2);
    const first = cursors.create(group, queue, 0);
    expect(cursors.open(group, queue)).to.equal(first);
    await quiet();
    expect(cursors.open(group, queue)).not.to.equal(first);
    expect(cursors.peek(group, queue)?.floor).to.equal(0);
  });

  it("follow retention in every group, used or not, with an event that names it and counts exactly", async () => {
    for (let i = 0; i < 20; i++) await broker.send(queue, text("x".repeat(10_000)));
    const acked = [[2, 3]] as const;
    broker.store.appendCursors([{ group, queue, state: { floor: 1, acked, retries: [], fence: 0 } }]);
    await broker.store.sealed.dropFirst();
    const first = queue.firstOffset;
    cursors.skipAllDropped();
    cursors.skipAllDropped();
    expect(broker.groups.counters.messagesUnread).to.equal(first - 2);
    expect(broker.said.filter((line) => line.includes("retention dropped"))).to.have.length(1);
    expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: first, lag: 20 - first });
  });

  it("of a deleted topic are not written any more", async () => {
    const open = cursors.create(group, queue, 0);
    await broker.topics.delete("t", false);
    const records = await recordsOf(async () => {
      cursors.moved(open);
      await broker.pass(10);
    });
    expect(records).to.equal(0);
  });
});
