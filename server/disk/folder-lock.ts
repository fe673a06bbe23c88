import { mkdir, readdir, readlink, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { formatOwner, type Owner, ownerState, parseOwner, thisProcess } from "./lock-owner.js";

/** Stands in a link after a holder that let go by itself. */
const FREE = "free";

/**
 * One process's hold on a folder. Node has no flock, so the folder `lock` within it holds numbered symbolic links whose
 * targets are text: who took the lock. Making a link is atomic, fails when the name exists, carries its text with it
 * (so a crash leaves no empty lock), and needs no block of a full disk.
 *
 * To take the lock: find the highest number; its owner must have let go or be dead; make the next number; look again.
 * Whoever finds their own number on top holds the lock.
 *
 * Invariant: the highest link is never removed, so the highest number only grows. Of all who saw number n end, one
 * makes n + 1; one who comes so late that n + 1 has been made, ended and removed in the meantime finds a higher number
 * when looking again. The links have a folder to themselves, so that one system call lists all of them at one instant.
 */
export class FolderLock {
  readonly #links: string;
  readonly #number: number;

  private constructor(links: string, number: number) {
    this.#links = links;
    this.#number = number;
  }

  /** Takes the lock of the folder at `path`; CONFLICT if a living process has it, or one that cannot be asked from here. */
  static async take(path: string): Promise<FolderLock> {
    const links = join(path, "lock");
    await mkdir(links, { recursive: true, mode: 0o750 });
    const me = await thisProcess();
    const highest = await highestIn(links);
    if (highest > 0) await assertEnded(path, links, highest, me);
    const number = highest + 1;
    try {
      await symlink(formatOwner(me), linkIn(links, number));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === "EEXIST") throw lostRace(path);
      throw thrown;
    }
    if ((await highestIn(links)) !== number) {
      await unlinkIfThere(linkIn(links, number));
      throw lostRace(path);
    }
    await removeBelow(links, number);
    return new FolderLock(links, number);
  }

  /** Lets go. Nobody else can have made the next number while this process lives. */
  async release(): Promise<void> {
    await symlink(FREE, linkIn(this.#links, this.#number + 1));
    await removeBelow(this.#links, this.#number + 1);
  }
}

function linkIn(links: string, number: number): string {
  return join(links, String(number));
}

async function numbersIn(links: string): Promise<number[]> {
  const names = await readdir(links);
  return names.filter((name) => /^[1-9][0-9]{0,14}$/.test(name)).map(Number);
}

async function highestIn(links: string): Promise<number> {
  return Math.max(0, ...(await numbersIn(links)));
}

async function assertEnded(path: string, links: string, number: number, me: Owner): Promise<void> {
  const text = await readlink(linkIn(links, number)).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") throw lostRace(path);
    throw thrown;
  });
  if (text === FREE) return;
  const owner = parseOwner(text);
  if (owner === null) {
    throw new LogwheelError(
      "CONFLICT",
      `The lock ${linkIn(links, number)} of folder ${path} names nobody (${text}). If no logwheel process uses the folder, remove ${links}.`,
    );
  }
  const state = await ownerState(owner, me);
  if (state === "alive") {
    const who =
      owner.pid === me.pid && owner.namespace === me.namespace
        ? "this process already"
        : `process ${owner.pid} on ${owner.host}`;
    throw new LogwheelError(
      "CONFLICT",
      `The folder ${path} is used by ${who}: stop that first, or choose another folder.`,
    );
  }
  if (state === "unknown") {
    throw new LogwheelError(
      "CONFLICT",
      `The folder ${path} was taken by process ${owner.pid} on ${owner.host}, which cannot be asked from here. If that process is gone for certain, remove ${links}.`,
    );
  }
}

function lostRace(path: string): LogwheelError {
  return new LogwheelError(
    "CONFLICT",
    `Another process is taking the folder ${path} at this moment: stop one of the two.`,
  );
}

async function removeBelow(links: string, number: number): Promise<void> {
  for (const old of await numbersIn(links)) {
    if (old < number) await unlinkIfThere(linkIn(links, old));
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "ENOENT") throw thrown;
  });
}
