import { join } from "node:path";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { doorState, LockDoor, removeShutDoors } from "./lock-door.js";
import { type LockLinks, openLinks } from "./lock-links.js";
import {
  doorOf,
  formatOwner,
  type Owner,
  type OwnerState,
  ownerState,
  parseOwner,
  thisProcess,
} from "./lock-owner.js";

/** What the lock of one folder is made of, as one process sees it. */
export interface LockGround {
  readonly me: Owner;
  readonly links: LockLinks;
  /** Whether another process still runs. */
  judge(owner: Owner): Promise<OwnerState>;
  /** Makes this process visible to those who cannot judge by process ids. Null where that is impossible. */
  openDoor(): Promise<{ close(): Promise<void> } | "taken" | null>;
}

/** Stands in a link in place of an owner who let go. */
const FREE = "free";

/**
 * One process's hold on a folder. Node has no flock, so the folder `lock` within it holds numbered links with the name of
 * who made them, and a socket of the one that runs.
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
  readonly #door: { close(): Promise<void> } | null;

  private constructor(links: LockLinks, number: number, door: { close(): Promise<void> } | null) {
    this.#links = links;
    this.#number = number;
    this.#door = door;
  }

  /** Takes the lock of the folder at `path`; CONFLICT if a living process has it, or one that cannot be asked from here. */
  static async take(path: string): Promise<FolderLock> {
    const ground = await groundOf(path, await thisProcess());
    const lock = await FolderLock.takeOn(ground);
    await removeShutDoors(ground.links.path);
    return lock;
  }

  /** The same on any ground. */
  static async takeOn(ground: LockGround): Promise<FolderLock> {
    const { links } = ground;
    const highest = await highestOf(links);
    if (highest > 0) await assertEnded(ground, highest);
    const door = await ground.openDoor();
    if (door === "taken") throw lostRace(links);
    try {
      await climb(ground, highest + 1);
    } catch (thrown) {
      await door?.close();
      throw thrown;
    }
    return new FolderLock(links, highest + 1, door);
  }

  /** Lets go. Nobody else makes the next number while this process lives. */
  async release(): Promise<void> {
    await this.#links.make(this.#number + 1, FREE);
    await removeBelow(this.#links, this.#number + 1);
    await this.#door?.close();
  }
}

/** The folder `lock` at `path`, as the process `me` sees it. */
export async function groundOf(path: string, me: Owner): Promise<LockGround> {
  const folder = join(path, "lock");
  return {
    me,
    links: await openLinks(folder),
    judge: (owner) => ownerState(owner, me, () => doorState(folder, doorOf(owner))),
    openDoor: () => LockDoor.open(folder, doorOf(me)),
  };
}

async function climb({ links, me }: LockGround, number: number): Promise<void> {
  if (!(await links.make(number, formatOwner(me)))) throw lostRace(links);
  if ((await highestOf(links)) !== number) {
    await links.remove(number);
    throw lostRace(links);
  }
  await removeBelow(links, number);
}

async function highestOf(links: LockLinks): Promise<number> {
  return Math.max(0, ...(await links.numbers()));
}

async function assertEnded({ links, judge }: LockGround, highest: number): Promise<void> {
  const text = await links.read(highest);
  if (text === FREE) return;
  if (text === null) throw lostRace(links);
  const owner = parseOwner(text);
  const state = owner === null ? "unknown" : await judge(owner);
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
