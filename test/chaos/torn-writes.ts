import { expect } from "chai";
import { seeded } from "../../client/testing/seeded.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import { MemoryViews } from "../../server/store/memory-views.js";
import { SEGMENT_HEADER_BYTES } from "../../server/store/segment.js";
import { type Contents, contentsOf, withFile } from "../support/disk-contents.js";
import { replayable } from "../support/seeds.js";
import { openSmall } from "../support/small-store.js";
import type { Entry } from "../support/store-model.js";
import { type Progress, World } from "../support/store-world.js";
import { checkCrash } from "./power-loss.js";

const LOG = "log";

/** One file's bytes before and after something was written, and the disk on which that is to be torn. */
interface Write {
  readonly what: string;
  readonly disk: MemoryFiles;
  readonly path: string;
  readonly before: Buffer;
  readonly after: Buffer;
  readonly promised: Progress;
  readonly entries: readonly Entry[];
}

/** What was written between two states of the disk, file after file: what comes first is whole when the next is torn. */
function writesBetween(
  what: string,
  [before, disk]: readonly [Contents, MemoryFiles],
  [after, later]: readonly [Contents, MemoryFiles],
  told: Pick<Write, "promised" | "entries">,
): Write[] {
  return [...after.keys()].sort().flatMap((path): Write[] => {
    const now = after.get(path)!;
    const old = before.get(path);
    if (/\.(index|keys)$/.test(path) || old?.equals(now)) return [];
    if (old !== undefined) return [{ what, disk, path, before: old, after: now, ...told }];
    const made = Buffer.alloc(now.length);
    if (path.startsWith(LOG)) now.copy(made, 0, 0, SEGMENT_HEADER_BYTES);
    return [{ what, disk: later, path, before: made, after: now, ...told }];
  });
}

/** A store at work in which every kind of record is written by itself. */
class Scribe {
  readonly files = new MemoryFiles();
  readonly world = new World({ files: this.files, random: seeded(4), flush: "sync" });
  readonly writes: Write[] = [];

  /** Does something and remembers what it wrote. */
  async note(what: string, act: () => void | Promise<void>): Promise<void> {
    const before = [await contentsOf(this.files), this.files.clone()] as const;
    const promised = this.world.progress;
    await act();
    if (this.world.opened) await this.world.settled();
    const after = [await contentsOf(this.files), this.files.clone()] as const;
    this.writes.push(
      ...writesBetween(what, before, after, { promised, entries: this.world.entries.slice() }),
    );
  }

  async run(): Promise<Write[]> {
    const { world } = this;
    await this.note("the first start", () => world.open());
    await world.furnish();
    await this.note("a message", () => world.send(1));
    await this.note("a batch", () => world.send(3));
    await this.note("a topic", () => world.createTopic(2));
    await this.note("a grown topic", () => world.growTopic());
    await this.note("a group", () => world.createGroup());
    await this.note("cursors", () => world.moveCursors());
    await this.note("a deleted group", () => world.deleteGroup());
    await this.note("a deleted topic", () => world.deleteTopic());
    await this.note("a stop", () => world.close());
    await this.note("a start", () => world.open());
    const { segments } = world.store.figures;
    while (world.store.figures.segments === segments)
      await this.note("a message, or the end of a segment", () => world.send(1));
    await world.close();
    return this.writes;
  }
}

/** Tears a write at a byte, recovers, and checks that it is there wholly or not at all and that nothing else suffered. */
async function checkTorn(write: Write, at: number): Promise<void> {
  const { path, before, after, disk, promised, entries } = write;
  const torn = Buffer.concat([after.subarray(0, at), before.subarray(at)]);
  const files = await withFile(disk, path, torn);
  const views = new MemoryViews();
  await checkCrash({ what: "", killed: false, files, views, promised, entries }, "sync");
  if (path.startsWith(LOG)) await checkCut(files);
}

/** Nothing is left behind the end of the log. */
export async function checkCut(files: MemoryFiles): Promise<void> {
  const store = await openSmall(files);
  const { logEnd } = store.figures;
  await store.close();
  const log = await files.folder(LOG);
  const last = (await log.list()).filter((name) => /^\d+\.log$/.test(name)).at(-1)!;
  const rest = log.peek(last).subarray(logEnd - Number.parseInt(last, 10));
  expect(
    rest.every((byte) => byte === 0),
    `zeros behind ${logEnd}`,
  ).to.equal(true);
}

/** The bytes that differ: from the first one to behind the last one. */
function changed({ before, after }: Write): { from: number; to: number } {
  let from = 0;
  while (before[from] === after[from]) from++;
  let to = after.length;
  while (before[to - 1] === after[to - 1]) to--;
  return { from, to };
}

/** T4: a write of every kind, torn at every `stride`th byte. */
export function describeTornWrites({ stride }: { stride: number }): void {
  describe("store whose last write is torn", () => {
    let writes: Write[] = [];
    before(async () => {
      writes = await new Scribe().run();
    });

    it("T4: has what was written before, and the torn write not at all, at whichever byte it ends", async function () {
      this.timeout(0);
      const only = process.env["TORN"];
      const kinds = new Set<string>();
      for (const [index, write] of writes.entries()) {
        const { from, to } = changed(write);
        kinds.add(write.what);
        for (let at = from + (index % stride); at <= to; at += stride) {
          const torn = `${index}-${at}`;
          if (only === undefined || only === torn)
            await replayable("T4", { TORN: torn }, () => checkTorn(write, at));
        }
      }
      expect(kinds.size).to.equal(11);
    });
  });
}
