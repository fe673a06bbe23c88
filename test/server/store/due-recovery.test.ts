import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { type Logger, silentLogger } from "../../../proto/kernel/logger.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { NodeFiles } from "../../../server/disk/node-files.js";
import type { DueEntry } from "../../../server/store/due-entry.js";
import { dueKey, halfKey, MARK_KEY, putEntry, readMark } from "../../../server/store/due-keys.js";
import { MemoryViews } from "../../../server/store/memory-views.js";
import { KIND } from "../../../server/store/record.js";
import type { Store } from "../../../server/store/store.js";
import { checkCrash } from "../../chaos/power-loss.js";
import { allDue, appendDue, once, queueOf, roll, settleDue, work } from "../../support/due-steps.js";
import { openSmall, WORLD_SEGMENT_BYTES } from "../../support/small-store.js";
import { openStore, text } from "../../support/store.js";
import { World } from "../../support/store-world.js";

/** A line about the due index. */
interface Line {
  readonly message: string;
  readonly from: number;
  readonly reason?: string;
}

/** Remembers what is said of the due index. */
function listening(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const note = (fields: object, message: string): void => {
    if (message.includes("due index")) lines.push({ ...(fields as Line), message });
  };
  return { lines, logger: { ...silentLogger, info: note, warn: note } };
}

/** Opens what is left, and says what was said meanwhile. */
async function reopened(files: MemoryFiles, views: MemoryViews): Promise<{ store: Store; lines: Line[] }> {
  const { logger, lines } = listening();
  return { store: await openSmall(files, { views, logger }), lines };
}

async function expectDue(store: Store, entries: readonly DueEntry[]): Promise<void> {
  expect(await allDue(store)).to.deep.equal(entries);
  expect(store.due.pending).to.equal(entries.length);
  await store.close();
}

describe("due index after a start", () => {
  let files: MemoryFiles;
  let views: MemoryViews;
  let store: Store;

  beforeEach(async () => {
    files = new MemoryFiles();
    views = new MemoryViews();
    store = await openSmall(files, { views });
  });

  it("is replayed from the mark: one segment, whatever the power took of the views", async () => {
    await work(store, 3);
    const markedTo = readMark(views.get(MARK_KEY))!.logOffset;
    expect(markedTo).to.equal(3 * WORLD_SEGMENT_BYTES);
    const late = appendDue(store, queueOf(store), 7, text("late"));
    const pending = [late, ...(await allDue(store)).filter(({ origin }) => origin !== late.origin)];
    await store.whenSettled();
    for (const loss of ["nothing", "everything", seeded(1), seeded(2)] as const) {
      const { store: again, lines } = await reopened(files.losePower("everything"), views.losePower(loss));
      expect(lines).to.have.length(1);
      expect(lines[0]).to.include({ message: "replayed the due index", from: markedTo });
      await expectDue(again, pending);
    }
  });

  it("equals the live one from any starting point: each mark there ever was, a folder without one, none", async () => {
    const images: MemoryViews[] = [new MemoryViews()];
    const pending = await work(store, 6, () =>
      images.push(views.clone(), views.losePower(seeded(images.length))),
    );
    const unmarked = views.clone();
    await unmarked.write([{ key: MARK_KEY }]);
    for (const [index, image] of [...images, unmarked].entries()) {
      const { store: again, lines } = await reopened(files.clone(), image);
      const newest = index === images.length - 2 || index === images.length - 1;
      expect(lines, `image ${index}`).to.have.length(newest ? 0 : 1);
      await expectDue(again, pending);
    }
  });

  it("is whole when the process dies between a seal and its mark: two segments are replayed", async () => {
    const pending = await work(store, 2);
    const dead: { files: MemoryFiles; views: MemoryViews }[] = [];
    views.before = ({ call }) => {
      if (call === "force") dead.push({ files: files.clone(), views: views.clone() });
    };
    await roll(store);
    expect(dead).to.have.length(1);
    const { store: again, lines } = await reopened(dead[0]!.files, dead[0]!.views);
    expect(lines).to.deep.equal([]);
    await expectDue(again, pending);
    const late = appendDue(store, queueOf(store), 7, text("late"));
    await roll(store);
    const { store: later, lines: said } = await reopened(dead[1]!.files, dead[1]!.views);
    expect(said[0]).to.include({ message: "replayed the due index", from: 3 * WORLD_SEGMENT_BYTES });
    await expectDue(later, [late, ...pending]);
  });

  it("is not replayed after a stop in order", async () => {
    const pending = await work(store, 1);
    pending.unshift(appendDue(store, queueOf(store), 7, text("late")));
    await store.close();
    const { store: again, lines } = await reopened(files, views);
    expect(lines).to.deep.equal([]);
    await expectDue(again, pending);
  });

  it("is made again when the folder is missing or damaged, and says so", async () => {
    const pending = await work(store, 3);
    const damaged = views.clone();
    damaged.damage = "block checksum mismatch";
    for (const [left, reason] of [
      [new MemoryViews(), /there is none/],
      [damaged, /block checksum mismatch/],
    ] as const) {
      const { store: again, lines } = await reopened(files.clone(), left);
      expect(lines).to.have.length(1);
      expect(lines[0]!.message).to.equal("made the due index again from the log");
      expect(lines[0]!.reason).to.match(reason);
      expect(lines[0]!.from).to.be.below(WORLD_SEGMENT_BYTES);
      await expectDue(again, pending);
    }
  });

  it("is made again when an entry is missing, or one is too many", async () => {
    const half = appendDue(store, queueOf(store), 7, text("half"), KIND.half);
    const pending = [half, ...(await work(store, 2))];
    await store.close();
    for (const key of [dueKey(pending[2]!), halfKey(half.origin)]) {
      const left = views.clone();
      await left.write([{ key }]);
      const { store: again, lines } = await reopened(files.clone(), left);
      expect(lines[0]).to.include({ message: "made the due index again from the log" });
      expect(lines[0]!.reason).to.match(/^it has \d+ (entries|halves)/);
      expect(await again.due.halves()).to.deep.equal([half]);
      await expectDue(again, pending);
    }
    const more = views.clone();
    await more.write(putEntry({ ...pending[3]!, origin: 1 }));
    const { store: again, lines } = await reopened(files.clone(), more);
    expect(lines[0]!.reason).to.equal(
      `it has ${pending.length + 1} entries where ${pending.length} are pending`,
    );
    await expectDue(again, pending);
  });

  it("is made again from the segments that retention has left", async () => {
    const first = appendDue(store, queueOf(store), 100, text("gone soon"));
    await roll(store);
    settleDue(store, [{ entry: first, againAtMs: 200 }]);
    await roll(store);
    settleDue(store, once({ ...first, dueAtMs: 200 }));
    const pending = await work(store, 2);
    expect(await store.sealed.dropFirst()).to.equal(true);
    const { store: again } = await reopened(files.clone(), new MemoryViews());
    await expectDue(again, pending);
    const { store: settled } = await reopened(files.losePower("nothing"), views.losePower("nothing"));
    await expectDue(settled, pending);
  });

  it("refuses a log that ends below the mark: synced bytes are lost", async () => {
    await work(store, 1);
    const before = files.losePower("nothing");
    await work(store, 1);
    const { durable } = readMark(views.get(MARK_KEY))!;
    const refused = await reopened(before, views.clone()).catch((thrown: Error) => thrown);
    expect(LogwheelError.is(refused, "LOG_CORRUPT")).to.equal(true);
    const named = /log offset (\d+), but the log was flushed up to (\d+)/.exec((refused as Error).message);
    expect(Number(named?.[1])).to.be.within(WORLD_SEGMENT_BYTES, durable - 1);
    expect(Number(named?.[2])).to.equal(durable);
  });

  it("does not take the views of another log for its own", async () => {
    await work(store, 1);
    const other = new MemoryFiles();
    const plain = await openSmall(other);
    for (let segment = 0; segment < 3; segment++) await roll(plain);
    await plain.close();
    const { store: again, lines } = await reopened(other, views.clone());
    expect(lines).to.deep.equal([]);
    await expectDue(again, []);
  });

  it("follows the log when an operator gave that up", async () => {
    const pending = await work(store, 1);
    const before = files.losePower("nothing");
    const end = store.figures.logEnd;
    await work(store, 1);
    const again = await openSmall(before, { views, acceptDamage: { from: end, to: 1e9 } });
    await expectDue(again, pending);
  });
});

describe("due index whose views fail", () => {
  for (const flush of ["sync", "async"] as const)
    it(`a call that fails at any time loses nothing, with ${flush} flush`, async () => {
      let failures = 0;
      for (let failing = 0; failures === failing; failing++) {
        const files = new MemoryFiles();
        const world = new World({ files, random: seeded(9), flush, due: true });
        let calls = 0;
        world.views.before = ({ call }) => {
          if (call === "close" || calls++ !== failing) return;
          failures++;
          throw new Error("EIO: simulated");
        };
        await world
          .open()
          .then(
            () => world.furnish().then(() => world.steps(100)),
            () => {},
          )
          .catch((thrown: unknown) => {
            if (world.opened) expect(LogwheelError.is(thrown, "STORE_FAILED"), String(thrown)).to.equal(true);
          });
        const { progress: promised, entries } = world;
        await world.close().catch(() => {});
        const left = { what: "", promised, entries };
        const views = world.views.clone();
        await checkCrash({ ...left, killed: true, files: files.clone(), views }, flush);
        const lost = { files: files.losePower("nothing"), views: world.views.losePower(seeded(failing)) };
        await checkCrash({ ...left, killed: false, ...lost }, flush);
      }
      expect(failures).to.be.above(25);
    }).timeout(60_000);
});

describe("due index in LevelDB", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-due-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("is there after a start, and after its folder was damaged or lost", async () => {
    const files = await NodeFiles.open(folder);
    const open = (): Promise<Store> =>
      openStore(files, { segmentBytes: WORLD_SEGMENT_BYTES, dueChangesKept: 8 });
    let store = await open();
    const pending = await work(store, 3);
    await store.close();
    for (const spoil of [
      async () => {},
      async () => writeFile(join(folder, "views", "CURRENT"), "nonsense"),
      async () => rm(join(folder, "views"), { recursive: true }),
    ]) {
      await spoil();
      store = await open();
      await expectDue(store, pending);
    }
    expect(await readdir(join(folder, "views"))).to.include("CURRENT");
  }).timeout(30_000);
});
