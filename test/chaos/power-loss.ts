import { expect } from "chai";
import { seeded } from "../../client/testing/seeded.js";
import type { Files } from "../../server/disk/files.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import type { PowerLoss } from "../../server/disk/power-loss.js";
import type { MemoryViews } from "../../server/store/memory-views.js";
import type { Store } from "../../server/store/store.js";
import type { Flush } from "../../server/store/writer.js";
import { forSeeds, replayable } from "../support/seeds.js";
import { openSmall } from "../support/small-store.js";
import { checkReplays, checkStore } from "../support/store-checks.js";
import { type Entry, Model } from "../support/store-model.js";
import { type Progress, World } from "../support/store-world.js";

/** A disk as it is found after a crash, and what was promised before. */
export interface Crash {
  readonly files: MemoryFiles;
  readonly views: MemoryViews;
  /** When it came, and what it left; one word, for the replay. */
  readonly what: string;
  /** The process died, the machine did not: what was written is there. */
  readonly killed: boolean;
  readonly promised: Progress;
  readonly entries: readonly Entry[];
}

/**
 * Takes images of a world's disk before every call it gets, as a crash at that moment would leave it: by `kill -9`, with
 * nothing unsynced, with all of it, and with `chances` random leavings. `drain` hands them over: call it often.
 */
export class CrashCamera {
  readonly #files: MemoryFiles;
  readonly #world: World;
  readonly #chances: number;
  readonly #only: string | undefined;
  #crashes: Crash[] = [];

  constructor(files: MemoryFiles, world: World, { chances }: { chances: number }) {
    this.#files = files;
    this.#world = world;
    this.#chances = chances;
    this.#only = process.env["CRASH"];
    files.before = ({ call, name, index }) => this.#take(`${index}-${call}-${name}`);
    let calls = 0;
    world.views.before = ({ call }) => this.#take(`${calls++}-views-${call}`);
  }

  /** The images since the last call. */
  drain(): Crash[] {
    const taken = this.#crashes;
    this.#crashes = [];
    return taken;
  }

  stop(): void {
    this.#files.before = null;
    this.#world.views.before = null;
  }

  #take(when: string): void {
    const promised = this.#world.progress;
    const entries = this.#world.entries.slice();
    const { views } = this.#world;
    const keep = (kind: string, killed: boolean, image: () => Pick<Crash, "files" | "views">): void => {
      const what = `${when}-${kind}`;
      if (this.#only === undefined || this.#only === what)
        this.#crashes.push({ what, killed, promised, entries, ...image() });
    };
    const losing = (loss: PowerLoss): Pick<Crash, "files" | "views"> => ({
      files: this.#files.losePower(loss),
      views: views.losePower(loss),
    });
    keep("killed", true, () => ({ files: this.#files.clone(), views: views.clone() }));
    keep("nothing", false, () => losing("nothing"));
    keep("everything", false, () => losing("everything"));
    for (let chance = 1; chance <= this.#chances; chance++)
      keep(`chance${chance}`, false, () => losing(seeded(chance * 7919 + this.#files.disk.count())));
  }
}

/** How a store sees its disk; planted bugs stand between the two. */
export type Through = (files: Files) => Files;

/**
 * Recovers from a crash and checks every promise. What recovery found must be durable when the store is open. Returns
 * the log offset up to which the log was found whole.
 */
export async function checkCrash(
  crash: Crash,
  flush: Flush,
  through: Through = (files) => files,
): Promise<number> {
  const store = await openSmall(through(crash.files), { flush, views: crash.views });
  await checkPromises(store, crash, flush);
  const { end } = store.recovered;
  const lost = { files: crash.files.losePower("nothing"), views: crash.views.losePower("nothing") };
  if (crash.killed) await checkAgain({ ...crash, ...lost }, flush, end);
  await store.close();
  return end;
}

/** What was found once, up to log offset `end`, is found again, and no more of what the world appended. */
async function checkAgain(crash: Crash, flush: Flush, end: number): Promise<void> {
  const entries = crash.entries.filter((entry) => entry.end <= end);
  const found = await checkCrash({ ...crash, entries, killed: false }, flush);
  expect(found, "end of the log after a second crash").to.be.at.least(end);
}

async function checkPromises(
  store: Store,
  { promised, entries, killed }: Crash,
  flush: Flush,
): Promise<void> {
  const { end } = store.recovered;
  const powerless = flush === "sync" ? promised.ackedTo : promised.durableTo;
  const safe = killed ? promised.writtenTo : powerless;
  const due = entries.filter((entry) => entry.end <= safe).at(-1)?.end ?? 0;
  expect(end, "log offset up to which the log was found whole").to.be.at.least(due);
  await checkStore(store, Model.of(entries, end), promised.droppedTo);
  await checkReplays(store);
}

/** Lets the power go a second time, at every call of the recovery from a first loss: it must end the same. */
export async function checkCrashTwice(crash: Crash, flush: Flush): Promise<number> {
  const first = crash.files.clone();
  const views = crash.views.clone();
  const images: { files: MemoryFiles; views: MemoryViews; when: string }[] = [];
  const take = (when: string, index: number): void => {
    const lost = { files: first.losePower("nothing"), views: views.losePower("nothing") };
    images.push({ when: `${when}-nothing`, ...lost });
    const left = { files: first.losePower(seeded(index)), views: views.losePower(seeded(index)) };
    images.push({ when: `${when}-chance`, ...left });
  };
  first.before = ({ call, name, index }) => take(`${index}-${call}-${name}`, index);
  views.before = ({ call }) => take(`views-${call}`, images.length);
  const store = await openSmall(first, { flush, views });
  first.before = null;
  views.before = null;
  const { end } = store.recovered;
  await store.close();
  for (const { when, ...left } of images)
    await checkAgain({ ...crash, ...left }, flush, end).catch((thrown: Error) => {
      thrown.message = `second crash, ${when}: ${thrown.message}`;
      throw thrown;
    });
  return images.length;
}

/** Checks crashes one after the other; a failure names the one to replay. Returns how many disks were checked. */
export async function checkCrashes(
  test: string,
  seed: number,
  crashes: readonly Crash[],
  { flush, twice }: { flush: Flush; twice: (index: number) => boolean },
): Promise<number> {
  let checked = 0;
  for (const [index, crash] of crashes.entries())
    await replayable(test, { SEED: seed, CRASH: crash.what }, async () => {
      if (!crash.killed && twice(index)) checked += await checkCrashTwice(crash, flush);
      await checkCrash(crash, flush);
      checked++;
    });
  return checked;
}

/** How much of T3 is run. */
export interface PowerLossFigures {
  readonly seeds: number;
  /** Steps of the world for each seed. */
  readonly steps: number;
  /** Random leavings at each call, besides nothing and everything. */
  readonly chances: number;
  /** Disks that must have been checked in all, for each flush mode. */
  readonly disksMin: number;
}

/** Seeds that once found a fault. */
const KEPT = [2];

/** T3: a crash at every call that the store makes, in both flush modes. */
export function describePowerLoss(figures: PowerLossFigures): void {
  describe("store that loses power", () => {
    for (const flush of ["sync", "async"] as const)
      it(`T3: keeps every promise of ${flush} flush after a crash at any call (A6-02, A6-05)`, async function () {
        this.timeout(0);
        let disks = 0;
        await forSeeds("T3", { kept: KEPT, count: figures.seeds }, async (seed) => {
          disks += await crashEverywhere(seed, flush, figures);
        });
        if (process.env["SEED"] === undefined) expect(disks).to.be.at.least(figures.disksMin);
      });
  });
}

async function crashEverywhere(seed: number, flush: Flush, figures: PowerLossFigures): Promise<number> {
  const files = new MemoryFiles();
  const world = new World({ files, random: seeded(seed), flush, due: true });
  await world.open();
  await world.furnish();
  const camera = new CrashCamera(files, world, figures);
  const twice = (index: number): boolean => index % 50 === 0;
  let disks = 0;
  for (let step = 0; step < figures.steps; step++) {
    await world.step();
    disks += await checkCrashes("T3", seed, camera.drain(), { flush, twice });
  }
  camera.stop();
  await world.settled();
  await checkStore(world.store, world.model, world.droppedTo);
  await world.close();
  return disks;
}
