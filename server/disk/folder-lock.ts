import { join } from "node:path";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { type LockLinks, openLinks } from "./lock-links.js";
import { formatOwner, type Owner, ownerState, parseOwner, thisProcess } from "./lock-owner.js";

/** Says whether who wrote this text into a link still runs, as far as that can be told. */
export type Judge = (owner: Owner, me: Owner) => Promise<"alive" | "ended" | "unknown">;

/** Stands in a link in place of an owner who let go. */
const FREE = "free";

/**
 * One process's hold on a folder. Node has no flock, so the folder `lock` within it holds numbered links with the name of
 * who made them.
 *
 * To take the lock: find the highest number; its owner must have let go or be dead; make the next number; look again.
 * Whoever finds their own number on top holds the lock. To let go: make the next number with the text "free".
 *
 * Invariant: the highest link is never removed, so the highest number only grows. Of all who saw number n end, one
 * makes n + 1. One who comes so late that n + 1 was made, ended and removed in the meantime can make it again, and finds a
 * higher number when looking again.
 */
export class FolderLock {
  readonly #links: LockLinks;
  readonly #number: number;

  private constructor(links: LockLinks, number: number) {
    this.#links = links;
    this.#number = number;
  }

  /** Takes the lock of the folder at `path`; CONFLICT if a living process has it, or one that cannot be asked from here. */
  static async take(path: string): Promise<FolderLock> {
    return FolderLock.takeBy(await openLinks(join(path, "lock")), await thisProcess(), ownerState);
  }

  /** The same, for a process that is given. */
  static async takeBy(links: LockLinks, me: Owner, judge: Judge): Promise<FolderLock> {
    const highest = await highestOf(links);
    if (highest > 0) await assertEnded({ links, highest, me, judge });
    const number = highest + 1;
    if (!(await links.make(number, formatOwner(me)))) throw lostRace(links);
    if ((await highestOf(links)) !== number) {
      await links.remove(number);
      throw lostRace(links);
    }
    await removeBelow(links, number);
    return new FolderLock(links, number);
  }

  /** Lets go. Nobody else makes the next number while this process lives. */
  async release(): Promise<void> {
    await this.#links.make(this.#number + 1, FREE);
    await removeBelow(this.#links, this.#number + 1);
  }
}

async function highestOf(links: LockLinks): Promise<number> {
  return Math.max(0, ...(await links.numbers()));
}

async function assertEnded(of: {
  links: LockLinks;
  highest: number;
  me: Owner;
  judge: Judge;
}): Promise<void> {
  const { links, highest, me, judge } = of;
  const text = await links.read(highest);
  if (text === FREE) return;
  if (text === null) throw lostRace(links);
  const owner = parseOwner(text);
  const state = owner === null ? "unknown" : await judge(owner, me);
  if (state === "ended") return;
  const who = owner === null ? `"${text}"` : `process ${owner.pid} on ${owner.host}`;
  throw new LogwheelError(
    "CONFLICT",
    state === "alive"
      ? `The folder of ${links.path} is used by ${who}. Stop that process, or choose another folder.`
      : `The folder of ${links.path} was taken by ${who}, which cannot be asked from here. If it is gone for certain, remove ${links.path}.`,
  );
}

function lostRace(links: LockLinks): LogwheelError {
  return new LogwheelError(
    "CONFLICT",
    `Another process takes or leaves the folder of ${links.path} at this moment. Stop it, or try again.`,
  );
}

async function removeBelow(links: LockLinks, number: number): Promise<void> {
  for (const old of await links.numbers()) {
    if (old < number) await links.remove(old);
  }
}
