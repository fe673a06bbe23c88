import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { readRecord } from "../../../proto/kernel/record.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import type { DueEntry } from "../../../server/store/due-entry.js";
import { FILE_BLOCK_BYTES } from "../../../server/store/file-blocks.js";
import { MemoryViews } from "../../../server/store/memory-views.js";
import { emptyHeader, KIND } from "../../../server/store/record.js";
import { segmentName } from "../../../server/store/segment.js";
import type { Store } from "../../../server/store/store.js";
import { allDue, appendDue, once, queueOf, roll, settleDue } from "../../support/due-steps.js";
import { openSmall } from "../../support/small-store.js";
import { bodies, encodedMessage, text } from "../../support/store.js";

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    return LogwheelError.is(thrown) ? thrown.code : String(thrown);
  }
  return "none";
}

describe("Due", () => {
  let files: MemoryFiles;
  let views: MemoryViews;
  let store: Store;

  beforeEach(async () => {
    files = new MemoryFiles();
    views = new MemoryViews();
    store = await openSmall(files, { views });
  });
  afterEach(() => store.close());

  function put(dueAtMs: number, body = "later"): DueEntry {
    return appendDue(store, queueOf(store), dueAtMs, text(body));
  }

  it("has the newest records in memory, once they are settled and while they are small", async () => {
    await store.close();
    store = await openSmall(files, { views, segmentBytes: 1 << 20 });
    const [small, large] = [put(100, "the message"), put(200, "x".repeat(65 << 10))];
    expect(store.lookup.recent(small.origin)).to.equal(undefined);
    await store.whenSettled();
    const { header, bytes, start, end } = store.lookup.recent(small.origin)!;
    expect(header).to.include({ logOffset: small.origin, kind: KIND.delayed, queueOffset: 100 });
    expect(bytes.subarray(start, end)).to.deep.equal(encodedMessage(text("the message")));
    expect(store.lookup.recent(large.origin)).to.equal(undefined);
    expect((await store.lookup.near(large.origin))!.header.logOffset).to.equal(large.origin);
  });

  it("records out of the disk come by whole blocks, those that go on in the next block, too", async () => {
    await store.close();
    files = new MemoryFiles();
    store = await openSmall(files, { segmentBytes: 4 << 20, cacheBytes: 4 << 20 });
    const entries = Array.from({ length: 1_000 }, (_, at) => put(at, String(at).repeat(300)));
    for (let at = 0; at < 2_200; at++) {
      put(1e6, "x".repeat(1_000));
      if (at % 100 === 0) await store.whenSettled();
    }
    const reads: string[] = [];
    files.before = ({ call, name }) => void (call === "read" && reads.push(name));
    for (const [at, { origin }] of entries.entries()) {
      const { header, bytes, start, end } = (await store.lookup.near(origin))!;
      expect(header.logOffset).to.equal(origin);
      expect(bytes.subarray(start, end)).to.deep.equal(encodedMessage(text(String(at).repeat(300))));
    }
    files.before = null;
    const first = Math.floor(entries[0]!.origin / FILE_BLOCK_BYTES);
    const last = Math.floor(entries.at(-1)!.origin / FILE_BLOCK_BYTES);
    expect(reads).to.have.length(last - first + 1);
    expect(last - first).to.be.above(2);
  });

  it("forgets a thousand that came and went once they are durable, however many changes it may keep", async () => {
    await store.close();
    store = await openSmall(files, { views, segmentBytes: 1 << 20, dueChangesKept: 1e6 });
    put(1e6);
    await roll(store);
    const first = put(1);
    settleDue(store, once(first));
    const askedViews = async (): Promise<boolean> => {
      await store.whenSettled();
      await allDue(store);
      const calls: string[] = [];
      views.before = ({ call }) => void calls.push(call);
      store.due.find(first.origin);
      views.before = null;
      return calls.includes("get");
    };
    expect(await askedViews()).to.equal(false);
    for (let at = 0; at < 600; at++) settleDue(store, once(put(at, "x")));
    expect(await askedViews()).to.equal(true);
  });

  it("costs nothing where nothing is due: no folder is made or read", async () => {
    await store.close();
    const calls: string[] = [];
    views.before = ({ call }) => void calls.push(call);
    store = await openSmall(files, { views });
    await roll(store);
    await roll(store);
    expect(await store.sealed.dropFirst()).to.equal(true);
    expect([store.due.pending, store.due.nextDueMs]).to.deep.equal([0, Number.POSITIVE_INFINITY]);
    expect(await store.due.ready(1e12, 10)).to.deep.equal([]);
    expect(store.due.find(64)).to.equal(undefined);
    await store.close();
    expect(calls).to.deep.equal(["exists"]);
    expect(await views.exists()).to.equal(false);
  });

  it("gives what is due up to a time, earliest first, until it is settled", async () => {
    const entries = [300, 100, 200, 100].map((dueAtMs) => put(dueAtMs));
    const [late, first, second, alsoFirst] = entries as [DueEntry, DueEntry, DueEntry, DueEntry];
    expect(store.due.pending).to.equal(4);
    expect(await store.due.ready(99, 9)).to.deep.equal([]);
    expect(store.due.nextDueMs).to.equal(100);
    expect(await store.due.ready(200, 9)).to.deep.equal([first, alsoFirst, second]);
    expect(store.due.ready(200, 2)).to.deep.equal([first, alsoFirst]);
    settleDue(store, once(first, second));
    expect(store.due.ready(300, 9)).to.deep.equal([alsoFirst, late]);
    settleDue(store, [{ entry: alsoFirst, againAtMs: 400 }]);
    expect(await allDue(store)).to.deep.equal([late, { ...alsoFirst, dueAtMs: 400 }]);
    expect(store.due.find(alsoFirst.origin)).to.deep.equal({ ...alsoFirst, dueAtMs: 400 });
    expect(store.due.nextDueMs).to.equal(300);
  });

  it("settles an entry once: a second attempt is told so, and appends nothing", async () => {
    const [one, other] = [put(100), put(200)];
    settleDue(store, [{ entry: one, againAtMs: 300 }]);
    const { logEnd } = store.figures;
    expect(codeOf(() => settleDue(store, once(other, one)))).to.equal("CONFLICT");
    expect(codeOf(() => settleDue(store, once(other, other)))).to.equal("CONFLICT");
    expect(codeOf(() => settleDue(store, once({ ...other, origin: 64 })))).to.equal("CONFLICT");
    expect(store.figures.logEnd).to.equal(logEnd);
    expect(store.due.find(other.origin)).to.deep.equal(other);
    await roll(store);
    await store.close();
    store = await openSmall(files, { views });
    expect(codeOf(() => settleDue(store, once(one)))).to.equal("CONFLICT");
    settleDue(store, once(other));
    expect(codeOf(() => settleDue(store, once(other)))).to.equal("CONFLICT");
    expect(store.due.pending).to.equal(1);
  });

  it("a settlement without what takes its place is none: a crash between them leaves the entry due", async () => {
    const entry = put(100, "the message");
    const [delivered] = settleDue(store, once(entry), [
      { queue: queueOf(store), message: text("the message") },
    ]);
    await store.whenSettled();
    for (const torn of [true, false]) {
      const left = files.clone();
      if (torn) {
        const log = await left.folder("log");
        log.poke(segmentName(0), log.peek(segmentName(0)).fill(0, delivered!.logOffset));
        await left.remove("checkpoint");
      }
      const again = await openSmall(left);
      expect(await allDue(again)).to.deep.equal(torn ? [entry] : []);
      expect(await bodies(again, queueOf(again))).to.deep.equal(torn ? [] : ["the message"]);
      await again.close();
    }
  });

  it("an entry that is put and settled before it is written never reaches the views", async () => {
    await store.close();
    store = await openSmall(files, { views, dueChangesKept: 100 });
    const kept = put(1_000);
    for (let round = 0; round < 3; round++) {
      const entries = Array.from({ length: 4 }, (_, at) => put(at));
      await store.whenSettled();
      settleDue(store, once(...entries));
      await store.whenSettled();
    }
    const written: string[] = [];
    views.before = ({ changes = [] }) => void written.push(...changes.map(({ key }) => key.toString("hex")));
    await roll(store);
    const origin = kept.origin.toString(16).padStart(16, "0");
    const entries = written.filter((key) => !key.startsWith("00"));
    expect(entries).to.deep.equal([`0100000000000003e8${origin}`, `02${origin}`]);
  });

  it("nor do many that come and go: what is settled makes room first", async () => {
    await store.close();
    files = new MemoryFiles();
    store = await openSmall(files, { views, segmentBytes: 1 << 20 });
    await store.whenSettled();
    const written: string[] = [];
    views.before = ({ changes = [] }) => void written.push(...changes.map(({ key }) => key.toString("hex")));
    for (let round = 0; round < 20; round++) {
      const entries = Array.from({ length: 6 }, (_, at) => put(at));
      await store.whenSettled();
      settleDue(store, once(...entries));
      await store.whenSettled();
    }
    expect(written.filter((key) => !key.startsWith("00"))).to.deep.equal([]);
    for (let count = 0; count < 20; count++) {
      put(1_000);
      await store.whenSettled();
    }
    expect(written.length).to.be.above(0);
  });

  it("writes only what is flushed", async () => {
    await store.close();
    store = await openSmall(files, {
      views,
      flush: "async",
      flushMs: 1e9,
      flushBytes: 1e9,
      dueChangesKept: 0,
    });
    put(100);
    await store.whenSettled();
    expect(views.keys.filter((key) => !key.startsWith("00"))).to.deep.equal([]);
    await roll(store);
    expect(views.keys.filter((key) => !key.startsWith("00"))).to.have.length(2);
  });

  it("100,000 entries come in due order, in bounded batches, and no place is read twice", async () => {
    await store.close();
    const options = { views, segmentBytes: 4 << 20, dueChangesKept: 1_000 };
    files = new MemoryFiles();
    store = await openSmall(files, options);
    const random = seeded(5);
    const expected: DueEntry[] = [];
    for (let count = 0; count < 100_000; count++) {
      expected.push(put(1_000_000 + Math.floor(random() * 3_600_000)));
      if (count % 500 === 0) await store.whenSettled();
    }
    await store.whenSettled();
    await store.close();
    store = await openSmall(files, options);
    expect(store.due.pending).to.equal(100_000);
    let scans = 0;
    views.before = ({ call }) => {
      if (call === "scan") scans++;
    };
    const found: DueEntry[] = [];
    for (let batch = await store.due.ready(1e9, 2_000); batch.length > 0; ) {
      found.push(...batch);
      settleDue(store, once(...batch));
      await store.whenSettled();
      batch = await store.due.ready(1e9, 2_000);
    }
    expected.sort((a, b) => a.dueAtMs - b.dueAtMs || a.origin - b.origin);
    expect(found).to.deep.equal(expected);
    expect(store.due.pending).to.equal(0);
    expect(scans).to.be.below(10);
  }).timeout(60_000);

  it("a segment is kept as long as something in it is due", async () => {
    const entry = put(5_000_000);
    await roll(store);
    await roll(store);
    expect(await store.sealed.dropFirst()).to.equal(false);
    settleDue(store, once(entry));
    await store.whenSettled();
    expect(await store.sealed.dropFirst()).to.equal(true);
    expect(await store.sealed.dropFirst()).to.equal(true);
  });

  it("views that fail end the store, and damaged ones are made again by the next start", async () => {
    const entry = put(5_000_000);
    await roll(store);
    views.before = ({ call }) => {
      if (call === "force") throw new LogwheelError("LOG_CORRUPT", "a table is damaged");
    };
    await roll(store).catch(() => {});
    expect(store.failure?.code).to.equal("STORE_FAILED");
    expect(store.failure?.message).to.match(/due index.*a table is damaged/);
    await store.close().catch(() => {});
    views.before = null;
    expect(await views.exists()).to.equal(false);
    store = await openSmall(files, { views });
    expect(await allDue(store)).to.deep.equal([entry]);
  });

  it("what is due can be read by the log offset that it is known by, before and after it is written", async () => {
    const entry = put(100, "the message");
    await store.whenSettled();
    for (let round = 0; round < 2; round++) {
      const bytes = (await store.lookup.dueAt(entry.origin))!;
      const record = readRecord(bytes, 0, bytes.length);
      expect(record.message().body.toString()).to.equal("the message");
      expect(record.queueOffset).to.equal(100);
      for (let segment = 0; segment < 3; segment++) await roll(store);
    }
    const [delivered] = settleDue(store, once(entry), [{ queue: queueOf(store), message: text("now") }]);
    await store.whenSettled();
    expect(await store.lookup.dueAt(delivered!.logOffset)).to.equal(undefined);
  });

  it("a delayed or half message counts for its producer's sequences", async () => {
    const bytes = Buffer.from("\n\x04body");
    store.stamp();
    const queue = queueOf(store);
    store.reserve(1_000);
    const header = {
      ...emptyHeader(),
      producerId: 9,
      sequence: 4,
    };
    const origin = store.due.append({ kind: KIND.half, dueAtMs: 5, queue }, header, bytes, 0, bytes.length);
    await store.whenSettled();
    const again = await openSmall(files.clone());
    for (const each of [store, again]) expect(each.state.producers.get(9)?.find(4)).to.equal(origin);
    await again.close();
  });
});
