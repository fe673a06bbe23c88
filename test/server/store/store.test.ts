import { expect } from "chai";
import { readRecord } from "../../../proto/kernel/record.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { State } from "../../../server/store/state.js";
import type { Store } from "../../../server/store/store.js";
import { addTopic, append, bodies, openStore, text } from "../../support/store.js";

function numbered(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `message ${from + index}`);
}

/** Everything that the log says, in a form that can be compared. */
function told(store: Store): unknown {
  return JSON.parse(JSON.stringify([...store.state.snapshot(0)]));
}

describe("store", () => {
  it("reads back what was appended, in order, once it is settled (A1-04, A1-12)", async () => {
    const store = await openStore(new MemoryFiles());
    const queue = addTopic(store, "orders").queues[0]!;
    for (const body of numbered(10)) append(store, queue, [text(body)]);
    expect(store.endOffset(queue)).to.equal(0);
    await store.whenSettled();
    expect(store.endOffset(queue)).to.equal(10);
    expect(await bodies(store, queue)).to.deep.equal(numbered(10));
    expect(await bodies(store, queue, 7)).to.deep.equal(numbered(3, 7));
    await store.close();
  });

  it("keeps messages, topics and cursors over a restart (A6-05)", async () => {
    const files = new MemoryFiles();
    let store = await openStore(files);
    const topic = addTopic(store, "orders", 3);
    store.appendGroup({
      op: "put",
      number: 1,
      name: "billing",
      ordered: false,
      maxAttempts: 17,
      assign: 0,
      paused: false,
    });
    for (const body of numbered(9)) append(store, topic.queues[0]!, [text(body)]);
    const group = store.state.groups.get("billing")!;
    store.appendCursors([
      {
        group,
        queue: topic.queues[0]!,
        state: { floor: 4, acked: [[6, 8]], retries: [[5, 2, 99]], fence: 0 },
      },
    ]);
    const before = told(store);
    await store.close();
    store = await openStore(files);
    expect(told(store)).to.deep.equal(before);
    expect(await bodies(store, store.state.topics.get("orders")!.queues[0]!)).to.deep.equal(numbered(9));
    await store.close();
  });

  it("raises the log epoch at every start", async () => {
    const files = new MemoryFiles();
    const epochs: number[] = [];
    for (let start = 0; start < 3; start++) {
      const store = await openStore(files);
      epochs.push(store.epoch);
      await store.close();
    }
    expect(epochs).to.deep.equal([1, 2, 3]);
  });

  for (const flush of ["sync", "async"] as const)
    it(`goes on over many segments with ${flush} flush and reads all of them back, cold and hot`, async () => {
      const files = new MemoryFiles();
      let store = await openStore(files, { flush });
      const topic = addTopic(store, "orders", 2);
      const long = "x".repeat(3_000);
      for (let round = 0; round < 100; round++) {
        append(store, topic.queues[round % 2]!, [text(`${round} ${long}`)]);
        if (round % 7 === 0) await store.whenSettled();
      }
      await store.whenSettled();
      expect(store.figures.segments).to.be.greaterThan(4);
      const even = await bodies(store, topic.queues[0]!);
      expect(even.map((body) => Number.parseInt(body, 10))).to.deep.equal(
        numbered(50).map((_, index) => index * 2),
      );
      const before = told(store);
      await store.close();
      store = await openStore(files, { flush });
      expect(told(store)).to.deep.equal(before);
      const again = await bodies(store, store.state.topics.get("orders")!.queues[0]!);
      expect(again).to.deep.equal(even);
      await store.close();
    });

  it("finds a message by its epoch and log offset, and by its keys, in sealed and open segments (A1-18)", async () => {
    const store = await openStore(new MemoryFiles());
    const topic = addTopic(store, "orders");
    const other = addTopic(store, "others");
    const filler = "x".repeat(10_000);
    const offsets: number[] = [];
    for (let round = 0; round < 20; round++) {
      offsets.push(
        ...append(store, topic.queues[0]!, [text(`${round} ${filler}`, { keys: ["all", `key-${round}`] })]),
      );
      append(store, other.queues[0]!, [text("other", { keys: [`key-${round}`] })]);
      await store.whenSettled();
    }
    for (const round of [0, 11, 19]) {
      const record = await store.lookup.recordAt(store.epoch, offsets[round]!);
      expect(readRecord(record!, 0, record!.length).queueOffset).to.equal(round);
      const found = await store.lookup.findByKey(topic, `key-${round}`, 10);
      expect(found.map((bytes) => readRecord(bytes, 0, bytes.length).logOffset)).to.deep.equal([
        offsets[round],
      ]);
    }
    const newest = await store.lookup.findByKey(topic, "all", 3);
    expect(newest.map((bytes) => readRecord(bytes, 0, bytes.length).queueOffset)).to.deep.equal([19, 18, 17]);
    expect(await store.lookup.recordAt(store.epoch + 1, offsets[0]!)).to.equal(undefined);
    expect(await store.lookup.recordAt(store.epoch, offsets[0]! + 1)).to.equal(undefined);
    await store.close();
  });

  it("recycles dropped segments and begins its queues behind them (A1-14)", async () => {
    const files = new MemoryFiles();
    let store = await openStore(files);
    const queue = addTopic(store, "orders").queues[0]!;
    const long = "x".repeat(9_000);
    for (let round = 0; round < 40; round++) append(store, queue, [text(`${round} ${long}`)]);
    await store.whenSettled();
    const before = store.figures.segments;
    expect(await store.sealed.dropFirst()).to.equal(true);
    expect(await store.sealed.dropFirst()).to.equal(true);
    expect(store.figures.segments).to.equal(before - 2);
    const first = queue.firstOffset;
    expect(first).to.be.greaterThan(5);
    const left = (await bodies(store, queue)).map((body) => Number.parseInt(body, 10));
    expect(left[0]).to.equal(first);
    for (let round = 40; round < 80; round++) append(store, queue, [text(`${round} ${long}`)]);
    await store.whenSettled();
    await store.close();
    store = await openStore(files);
    const again = store.state.topics.get("orders")!.queues[0]!;
    expect(again.firstOffset).to.equal(first);
    const numbers = (await bodies(store, again)).map((body) => Number.parseInt(body, 10));
    expect(numbers).to.deep.equal(Array.from({ length: 80 - first }, (_, index) => first + index));
    await store.close();
  });

  it("has the same views after a replay from any segment as live", async () => {
    const files = new MemoryFiles();
    const store = await openStore(files);
    const topics = [addTopic(store, "a", 2), addTopic(store, "b", 1)];
    let sequence = 1;
    for (let round = 0; round < 60; round++) {
      const queue = topics[round % 2]!.queues[0]!;
      append(store, queue, [text(`${round} ${"x".repeat(2_000)}`)], { producerId: 7, sequence });
      sequence++;
    }
    store.appendTopic({ op: "delete", number: topics[1]!.number });
    await store.whenSettled();
    const live = told(store);
    for (const state of await store.replays())
      expect(JSON.parse(JSON.stringify([...state.snapshot(0)]))).to.deep.equal(live);
    expect(live).to.not.deep.equal(JSON.parse(JSON.stringify([...new State().snapshot(0)])));
    await store.close();
  });

  it("finds the offset at a time", async () => {
    let nowMs = 1_000;
    const { systemClock } = await import("../../../proto/kernel/clock.js");
    const store = await openStore(new MemoryFiles(), { clock: { ...systemClock, nowMs: () => nowMs } });
    const queue = addTopic(store, "orders").queues[0]!;
    for (; nowMs < 1_010; nowMs++) append(store, queue, [text("x")]);
    await store.whenSettled();
    expect(await store.lookup.offsetAt(queue, 0)).to.equal(0);
    expect(await store.lookup.offsetAt(queue, 1_004)).to.equal(4);
    expect(await store.lookup.offsetAt(queue, 9_999)).to.equal(10);
    nowMs = 5;
    append(store, queue, [text("after the clock was set back")]);
    await store.whenSettled();
    expect(await store.lookup.storedAt(queue, 10)).to.equal(1_009);
    await store.close();
  });
});
