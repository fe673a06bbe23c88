import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { type DueEntry, NEVER } from "../../../server/store/due-entry.js";
import { BEGINNING } from "../../../server/store/due-keys.js";
import { MemoryViews } from "../../../server/store/memory-views.js";
import { emptyHeader, HEADER_BYTES, KIND } from "../../../server/store/record.js";
import type { Store } from "../../../server/store/store.js";
import { allDue, appendDue, queueOf, roll, settleDue } from "../../support/due-steps.js";
import { openSmall } from "../../support/small-store.js";
import { addTopic, encodedMessage, text } from "../../support/store.js";

/** A further half of the transaction that began with `first`. */
function join(store: Store, first: DueEntry): DueEntry {
  const bytes = encodedMessage(text("further"));
  const queue = queueOf(store);
  store.reserve(HEADER_BYTES + bytes.length);
  const asked = { kind: KIND.half, dueAtMs: NEVER, queue, joins: first.origin };
  const origin = store.due.append(asked, emptyHeader(), bytes, 0, bytes.length);
  return {
    kind: KIND.half,
    dueAtMs: NEVER,
    origin,
    place: origin,
    bytes: HEADER_BYTES + bytes.length,
    topic: queue.topic.number,
    times: 0,
    first: first.origin,
  };
}

describe("DueIndex", () => {
  let files: MemoryFiles;
  let views: MemoryViews;
  let store: Store;

  beforeEach(async () => {
    files = new MemoryFiles();
    views = new MemoryViews();
    store = await openSmall(files, { views });
  });
  afterEach(() => store.close());

  async function restart(): Promise<void> {
    await store.close();
    store = await openSmall(files, { views });
  }

  function put(dueAtMs: number): DueEntry {
    return appendDue(store, queueOf(store), dueAtMs, text("later"));
  }

  /** Keys of one kind in the views. */
  function keysOf(kind: number): string[] {
    const prefix = kind.toString(16).padStart(2, "0");
    return views.keys.filter((key) => key.startsWith(prefix) && key !== "0001");
  }

  it("remembers what was dropped: in memory, in the views, after a start, and after making them again", async () => {
    const [dropped, delivered, again] = [put(100), put(200), put(300)];
    settleDue(store, [
      { entry: dropped, againAtMs: 0, dropped: true },
      { entry: delivered, againAtMs: 0 },
      { entry: again, againAtMs: 400 },
    ]);
    const known = (): boolean[] => [dropped, delivered, again].map((e) => store.due.wasDropped(e.origin));
    expect(known()).to.deep.equal([true, false, false]);
    await roll(store);
    expect(keysOf(4)).to.have.length(1);
    expect(known()).to.deep.equal([true, false, false]);
    await restart();
    expect(known()).to.deep.equal([true, false, false]);
    await store.close();
    views = new MemoryViews();
    store = await openSmall(files, { views });
    expect(known()).to.deep.equal([true, false, false]);
    expect(await allDue(store)).to.deep.equal([{ ...again, dueAtMs: 400 }]);
  });

  it("forgets it with the segment that has the record", async () => {
    const entries: DueEntry[] = [];
    for (let segment = 0; segment < 4; segment++) {
      const entry = put(100);
      settleDue(store, [{ entry, againAtMs: 0, dropped: true }]);
      entries.push(entry);
      await roll(store);
    }
    expect(keysOf(4)).to.have.length(4);
    expect(await store.sealed.dropFirst()).to.equal(true);
    expect(await store.sealed.dropFirst()).to.equal(true);
    put(100);
    await roll(store);
    expect(keysOf(4)).to.have.length(2);
    expect(entries.map((entry) => store.due.wasDropped(entry.origin))).to.deep.equal([
      false,
      false,
      true,
      true,
    ]);
  });

  it("keeps the topic of an entry wherever it is", async () => {
    const other = addTopic(store, "other").queues[0]!;
    const entries = [put(100), appendDue(store, other, 100, text("later"))];
    expect(new Set(entries.map(({ topic }) => topic)).size).to.equal(2);
    for (let round = 0; round < 3; round++) {
      expect(await allDue(store)).to.deep.equal(entries);
      expect(entries.map(({ origin }) => store.due.find(origin))).to.deep.equal(entries);
      if (round === 0) await roll(store);
      else await restart();
    }
    settleDue(store, [{ entry: entries[1]!, againAtMs: 300 }]);
    await roll(store);
    await restart();
    expect(store.due.find(entries[1]!.origin)).to.deep.equal({ ...entries[1], dueAtMs: 300 });
  });

  it("tells all halves, also those that are never due by themselves, in the order of the log", async () => {
    const delayed = put(50);
    const first = appendDue(store, queueOf(store), 100, text("half"), KIND.half);
    const further = join(store, first);
    const other = appendDue(store, queueOf(store), 10, text("half"), KIND.half);
    for (let round = 0; round < 3; round++) {
      expect(await store.due.halves(), `round ${round}`).to.deep.equal([first, further, other]);
      expect(await store.due.ready(1e12, 10)).to.deep.equal([other, delayed, first]);
      if (round === 0) await roll(store);
      else await restart();
    }
    settleDue(store, [
      { entry: first, againAtMs: 0, dropped: true },
      { entry: further, againAtMs: 0, dropped: true },
    ]);
    settleDue(store, [{ entry: other, againAtMs: 500, times: 3 }]);
    for (let round = 0; round < 3; round++) {
      const left = { ...other, dueAtMs: 500, times: 3 };
      expect(await store.due.halves(), `round ${round} after settling`).to.deep.equal([left]);
      if (round === 0) await roll(store);
      else await restart();
    }
    expect(keysOf(3)).to.have.length(1);
  });

  it("lists every entry once, whatever is in memory and what in the views", async () => {
    const random = seeded(9);
    const pending = new Map<number, DueEntry>();
    for (let step = 0; step < 2_000; step++) {
      const entry = put(1_000 + Math.floor(random() * 50));
      pending.set(entry.origin, entry);
      if (random() < 0.5) {
        const some = [...pending.values()][Math.floor(random() * pending.size)]!;
        const againAtMs = random() < 0.5 ? 1_000 + Math.floor(random() * 50) : 0;
        settleDue(store, [{ entry: some, againAtMs }]);
        if (againAtMs > 0) pending.set(some.origin, { ...some, dueAtMs: againAtMs });
        else pending.delete(some.origin);
      }
      if (step % 3 === 0) await store.whenSettled();
      if (step % 250 !== 249) continue;
      const listed: DueEntry[] = [];
      for (let from: typeof BEGINNING | undefined = BEGINNING; from !== undefined; ) {
        const page: Awaited<ReturnType<Store["due"]["list"]>> = await store.due.list(from, 1_040, 7);
        listed.push(...page.entries);
        from = page.next;
      }
      const expected = [...pending.values()].filter(({ dueAtMs }) => dueAtMs < 1_040);
      expected.sort((a, b) => a.dueAtMs - b.dueAtMs || a.origin - b.origin);
      expect(listed).to.deep.equal(expected);
    }
  });

  it("sleeps until the next entry, however far away it is: nothing is read for the time between", async () => {
    const yearMs = 365 * 86_400_000;
    const [soon, later] = [put(1_000), put(yearMs)];
    await roll(store);
    await restart();
    expect(await store.due.ready(500, 9)).to.deep.equal([]);
    expect(store.due.nextDueMs).to.equal(1_000);
    expect(await store.due.ready(1_000, 9)).to.deep.equal([soon]);
    settleDue(store, [{ entry: soon, againAtMs: 0 }]);
    expect(store.due.nextDueMs).to.equal(yearMs);
    const between = put(yearMs / 2);
    expect(store.due.nextDueMs).to.equal(yearMs / 2);
    expect(await store.due.ready(yearMs, 9)).to.deep.equal([between]);
    settleDue(store, [{ entry: between, againAtMs: 0 }]);
    expect(await store.due.ready(yearMs, 9)).to.deep.equal([later]);
  });
});
