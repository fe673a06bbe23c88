import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { NodeFiles } from "../../../server/disk/node-files.js";
import type { DueEntry } from "../../../server/store/due-entry.js";
import { KIND } from "../../../server/store/record.js";
import type { Store } from "../../../server/store/store.js";
import { verifyStore } from "../../../server/store/verify.js";
import { allDue, appendDue, queueOf, roll, settleDue } from "../../support/due-steps.js";
import { WORLD_SEGMENT_BYTES } from "../../support/small-store.js";
import { openStore, text } from "../../support/store.js";

const FLIPS = 60;

/** What is to be there after every start. */
interface Known {
  readonly pending: readonly DueEntry[];
  readonly dropped: number;
}

async function open(
  folder: string,
  warn: (fields: object, message: string) => void = () => {},
): Promise<Store> {
  const logger = { ...silentLogger, warn };
  return openStore(await NodeFiles.open(folder), {
    segmentBytes: WORLD_SEGMENT_BYTES,
    dueChangesKept: 8,
    logger,
  });
}

/** Delayed messages and halves, most of them pending and one dropped, all of it in tables. */
async function fill(folder: string): Promise<Known> {
  const store = await open(folder);
  const pending: DueEntry[] = [];
  for (let count = 0; count < 24; count++) {
    const kind = count % 3 === 0 ? KIND.half : KIND.delayed;
    pending.push(appendDue(store, queueOf(store), 1e6 + count, text("later"), kind));
  }
  const dropped = pending.pop()!;
  settleDue(store, [{ entry: dropped, againAtMs: 0, dropped: true }]);
  await roll(store);
  await store.close();
  return { pending, dropped: dropped.origin };
}

async function expectKnown(store: Store, { pending, dropped }: Known, what: string): Promise<void> {
  for (const entry of pending) expect(store.due.find(entry.origin), what).to.deep.equal(entry);
  expect(store.due.wasDropped(dropped), what).to.equal(true);
  expect(store.due.pending, what).to.equal(pending.length);
  const halves = pending.filter(({ kind }) => kind === KIND.half);
  expect(await store.due.halves(), what).to.deep.equal(halves);
  expect(await allDue(store), what).to.deep.equal(pending);
}

describe("a wrong byte in the views", () => {
  let sound: string;
  let known: Known;
  const copies: string[] = [];

  before(async () => {
    sound = await mkdtemp(join(tmpdir(), "logwheel-flips-"));
    known = await fill(sound);
  });
  afterEach(async () => {
    for (const copy of copies.splice(0)) await rm(copy, { recursive: true });
  });
  after(() => rm(sound, { recursive: true }));

  /** A copy of the folder with one byte of a file of the views changed. */
  async function flipped(name: string, at: number): Promise<string> {
    const copy = await mkdtemp(join(tmpdir(), "logwheel-flip-"));
    copies.push(copy);
    await cp(sound, copy, { recursive: true, verbatimSymlinks: true });
    const path = join(copy, "views", name);
    const bytes = await readFile(path);
    bytes[at]! ^= 0x55;
    await writeFile(path, bytes);
    return copy;
  }

  it("loses no entry, wherever it is in the tables, logs and manifest", async () => {
    let again = 0;
    for (const name of await readdir(join(sound, "views"))) {
      if (!/\.ldb$|\.log$|^MANIFEST/.test(name)) continue;
      const { length } = await readFile(join(sound, "views", name));
      const step = Math.ceil(length / FLIPS);
      for (let at = 0; at < length; at += step) {
        const store = await open(await flipped(name, at), (_, message) => {
          if (message.startsWith("made the due index again")) again++;
        });
        await expectKnown(store, known, `byte ${at} of ${name}`);
        await store.close();
      }
    }
    expect(again).to.be.above(FLIPS);
  }).timeout(120_000);

  it("is told by a check of the log, and a sound folder is not", async () => {
    const table = (await readdir(join(sound, "views"))).find((name) => name.endsWith(".ldb"))!;
    const damaged = await verifyStore(await NodeFiles.open(await flipped(table, 40)));
    expect(damaged.sideFiles.map(({ file }) => file)).to.deep.equal(["views"]);
    expect((await verifyStore(await NodeFiles.open(sound))).sideFiles).to.deep.equal([]);
  });
});
