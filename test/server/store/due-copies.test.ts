import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { NEVER } from "../../../server/store/due-entry.js";
import { type Dumped, dumpStore } from "../../../server/store/dump.js";
import type { KeyIndexes } from "../../../server/store/key-indexes.js";
import { Lookup } from "../../../server/store/lookup.js";
import { MemoryViews } from "../../../server/store/memory-views.js";
import type { QueueReader } from "../../../server/store/queue-reader.js";
import { rebuildStore } from "../../../server/store/rebuild.js";
import { KIND } from "../../../server/store/record.js";
import type { RecordReader } from "../../../server/store/record-reader.js";
import type { Store } from "../../../server/store/store.js";
import { verifyStore } from "../../../server/store/verify.js";
import {
  allDue,
  appendDue,
  copyDue,
  once,
  queueOf,
  recordsOf,
  roll,
  settleDue,
} from "../../support/due-steps.js";
import { openSmall, WORLD_SEGMENT_BYTES } from "../../support/small-store.js";
import { text } from "../../support/store.js";
import { checkReplays, checkStore } from "../../support/store-checks.js";
import { World } from "../../support/store-world.js";

describe("copies of what is due", () => {
  let files: MemoryFiles;
  let views: MemoryViews;
  let store: Store;

  beforeEach(async () => {
    files = new MemoryFiles();
    views = new MemoryViews();
    store = await openSmall(files, { views });
  });
  afterEach(() => store.close());

  async function restart(left: { files: MemoryFiles; views: MemoryViews }): Promise<void> {
    await store.close();
    ({ files, views } = left);
    store = await openSmall(files, { views });
  }

  /** Copies all that lies in the oldest segment. */
  async function copyOldest(): Promise<void> {
    const [oldest] = await store.sealed.list();
    const { logStart } = store.figures;
    for await (const entries of store.due.pendingIn(logStart, oldest!.end))
      copyDue(store, await recordsOf(store, entries));
  }

  /** Copies what the oldest segments hold, and drops them, until so many are left. */
  async function shorten(segments: number): Promise<void> {
    while (store.figures.segments > segments) {
      await copyOldest();
      await store.whenDurable();
      expect(await store.sealed.dropFirst()).to.equal(true);
    }
  }

  /** Keys of one kind in the views. */
  function keysOf(kind: number): string[] {
    const prefix = kind.toString(16).padStart(2, "0");
    return views.keys.filter((key) => key.startsWith(prefix) && key !== "0001");
  }

  it("a copy changes the place of an entry, and nothing else", async () => {
    const delayed = appendDue(store, queueOf(store), 5_000, text("a", { keys: ["k"], tag: "t" }));
    const half = appendDue(store, queueOf(store), 6_000, text("b"), KIND.half);
    settleDue(store, [{ entry: half, againAtMs: 9_000, times: 3 }]);
    await store.whenSettled();
    const before = await store.lookup.dueAt(delayed.origin);
    const { pending, pendingBytes } = store.due;
    const copies = copyDue(store, await recordsOf(store, [delayed, half]));
    expect(copies).to.deep.equal([
      { ...delayed, place: copies[0]!.place },
      { ...half, dueAtMs: 9_000, times: 3, place: copies[1]!.place },
    ]);
    expect(copies[0]!.place).to.be.above(half.place);
    expect([store.due.pending, store.due.pendingBytes]).to.deep.equal([pending, pendingBytes]);
    expect(await store.lookup.dueAt(delayed.origin), "before it is settled").to.deep.equal(before);
    expect(await store.lookup.dueAt(copies[0]!.place), "it is known by its origin only").to.equal(undefined);
    await roll(store);
    await roll(store);
    expect(await store.lookup.dueAt(delayed.origin), "out of the file").to.deep.equal(before);
    expect(await allDue(store)).to.deep.equal(copies);
  });

  it("a record that is copied, and its place dropped, while it is read is read again where it is then", async () => {
    const entry = appendDue(store, queueOf(store), 5_000, text("a"));
    await store.whenSettled();
    const [record] = await recordsOf(store, [entry]);
    const { header, bytes } = record!;
    for (const gone of [async () => undefined, () => Promise.reject(new Error("the segment is gone"))]) {
      let place = entry.origin;
      const find = (at: number): ReturnType<RecordReader["find"]> => {
        if (at === 7_000) return Promise.resolve({ header, held: { bytes, at: 0, size: bytes.length } });
        place = 7_000;
        return gone();
      };
      const records = { find } as unknown as RecordReader;
      const { reader, keys } = { reader: {} as QueueReader, keys: {} as KeyIndexes };
      const lookup = new Lookup({ records, reader, keys, endOffset: () => 0, placeOf: () => place });
      expect(await lookup.headerAt(entry.origin)).to.equal(header);
    }
  });

  it("a segment goes when what is due in it was copied, and not before the copies are durable", async () => {
    await store.close();
    const patient = { views, flush: "async", flushMs: 1e9, flushBytes: 1e9 } as const;
    store = await openSmall(files, patient);
    const entry = appendDue(store, queueOf(store), 5_000_000, text("later"));
    await roll(store);
    await store.whenDurable();
    expect(await store.sealed.dropFirst()).to.equal(false);
    const [copy] = copyDue(store, await recordsOf(store, [entry]));
    await store.whenSettled();
    expect(await store.sealed.dropFirst(), "written is not durable").to.equal(false);
    await store.whenDurable();
    expect(await store.sealed.dropFirst()).to.equal(true);
    expect(await store.sealed.dropFirst(), "the copy is in the last one").to.equal(false);
    expect(store.due.find(entry.origin)).to.deep.equal(copy);
  });

  it("a copy keeps its segment, and can be copied again: nothing is left behind in the views", async () => {
    const entry = appendDue(store, queueOf(store), 5_000_000, text("later"));
    for (let round = 0; round < 3; round++) {
      await roll(store);
      await roll(store);
      await shorten(2);
    }
    const { place } = store.due.find(entry.origin)!;
    expect(store.figures.logStart)
      .to.be.above(4 * WORLD_SEGMENT_BYTES)
      .and.below(place);
    await roll(store);
    expect(keysOf(5)).to.have.length(1);
    settleDue(store, once(store.due.find(entry.origin)!));
    for (let round = 0; round < 2; round++) await roll(store);
    await shorten(2);
    await roll(store);
    expect([5, 6].map((kind) => keysOf(kind).length)).to.deep.equal([0, 0]);
  });

  it("what became of a copied one is known as long as the copy is there, whatever is lost", async () => {
    const entries = ["dropped", "delivered", "again", "pending"].map((body) =>
      appendDue(store, queueOf(store), 5_000_000, text(body)),
    );
    await roll(store);
    await shorten(1);
    const [dropped, delivered, again, pending] = entries.map(({ origin }) => store.due.find(origin)!);
    settleDue(store, [
      { entry: dropped!, againAtMs: 0, dropped: true },
      { entry: delivered!, againAtMs: 0 },
      { entry: again!, againAtMs: 7_000_000 },
    ]);
    const places = entries.map(({ origin }) => store.due.find(origin)?.place ?? store.due.placeOf(origin));
    const look = async (): Promise<void> => {
      expect(entries.map(({ origin }) => store.due.wasDropped(origin))).to.deep.equal([
        true,
        false,
        false,
        false,
      ]);
      expect(entries.map(({ origin }) => store.due.placeOf(origin))).to.deep.equal(places);
      expect(await allDue(store)).to.deep.equal([pending, { ...again, dueAtMs: 7_000_000 }]);
      for (const { origin } of entries)
        expect((await store.lookup.headerAt(origin))?.logOffset, `origin ${origin}`).to.equal(origin);
    };
    await look();
    await roll(store);
    await look();
    await restart({ files, views });
    await look();
    await restart({ files: files.losePower("everything"), views: views.losePower("everything") });
    await look();
    await restart({ files: files.reopen(), views: new MemoryViews() });
    await look();
  });

  it("verify, rebuild and dump know them, also where the segments are gone in which they came in", async () => {
    const first = appendDue(store, queueOf(store), 86_400_000, text("half"), KIND.half);
    const delayed = appendDue(store, queueOf(store), 86_400_000, text("later", { keys: ["k"] }));
    await roll(store);
    await shorten(1);
    settleDue(store, [{ entry: first, againAtMs: NEVER, times: 15 }]);
    await roll(store);
    const left = files.losePower("everything");
    const sound = await verifyStore(left, { views: views.clone() });
    expect(sound).to.deep.include({ due: 2, damage: [], sideFiles: [] });
    const wrong = views.clone();
    await wrong.write(keysOf(5).map((key) => ({ key: Buffer.from(key, "hex") })));
    expect((await verifyStore(left, { views: wrong })).sideFiles[0]?.what).to.match(/do not say/);
    expect(await rebuildStore(left, { views: wrong })).to.deep.include({ due: 2 });
    expect((await verifyStore(left, { views: wrong })).sideFiles).to.deep.equal([]);
    const dumped: Dumped[] = [];
    for await (const record of dumpStore(left, { kind: "copy" })) dumped.push(record);
    const [half, copy] = dumped;
    const dueAt = "1970-01-02T00:00:00.000Z";
    expect(half).to.deep.include({ kind: "copy", origin: first.origin, topic: "orders", dueAt });
    expect(copy).to.deep.include({ origin: delayed.origin, queueId: 0 });
    expect(copy).to.have.nested.property("message.body", "later");
    const settled: Dumped[] = [];
    for await (const record of dumpStore(left, { kind: "settle" })) settled.push(record);
    expect(settled[0]).to.have.nested.property("settles[0].place", (half as { logOffset: number }).logOffset);
  });

  it("anything that is appended, copied, settled, dropped and lost leaves what the model says", async () => {
    let dropped = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const random = seeded(seed);
      const disk = new MemoryFiles();
      const flush = seed % 2 === 0 ? "sync" : "async";
      const world = new World({ files: disk, random, flush, due: true });
      await world.open();
      await world.furnish();
      let now = disk;
      for (let round = 0; round < 12; round++) {
        await world.steps(60);
        await world.settled();
        for (let copies = 0; copies < 4; copies++) await world.copyDue();
        await world.store.whenDurable();
        await world.dropFirst();
        const loss = round % 3 === 0 ? "everything" : seeded(seed * 100 + round);
        const lost = round % 4 === 3 ? new MemoryViews() : world.views.losePower(loss);
        await world.settled();
        if (flush === "async") await world.store.whenDurable();
        now = now.losePower("everything");
        await world.reboot(now, lost);
        await checkStore(world.store, world.model, world.droppedTo);
        await checkReplays(world.store);
      }
      dropped += world.store.figures.logStart / WORLD_SEGMENT_BYTES;
      await world.close();
    }
    expect(dropped).to.be.above(60);
  }).timeout(60_000);
});
