import { seeded } from "../../client/testing/seeded.js";
import type { MemoryFiles } from "../../server/disk/memory-files.js";

/** A disk after a power cut. */
export interface Cut<P> {
  readonly image: MemoryFiles;
  /** How far the work had come. */
  readonly progress: P;
  /** For people: when, and what chance was asked. */
  readonly what: string;
}

/**
 * Does some work once and returns the disk as a machine may find it when the power goes before any of its calls, or after
 * the last: with nothing unsynced, with all of it, and with `seeds` random leavings.
 */
export async function powerCuts<P>(
  files: MemoryFiles,
  work: () => Promise<void>,
  { progress, seeds }: { progress: () => P; seeds: number },
): Promise<Cut<P>[]> {
  const cuts: Cut<P>[] = [];
  const cut = (when: string): void => {
    const now = progress();
    cuts.push({ image: files.losePower("nothing"), progress: now, what: `${when}, nothing left` });
    cuts.push({ image: files.losePower("everything"), progress: now, what: `${when}, everything left` });
    for (let seed = 0; seed < seeds; seed++) {
      cuts.push({ image: files.losePower(seeded(seed)), progress: now, what: `${when}, seed ${seed}` });
    }
  };
  files.before = ({ call, name, index }) => cut(`before call ${index}, ${call} ${name}`);
  await work();
  files.before = null;
  cut("at the end");
  return cuts;
}
