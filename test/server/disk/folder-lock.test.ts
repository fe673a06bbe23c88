import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { expect } from "chai";
import fc from "fast-check";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { FolderLock, groundOf, type LockGround } from "../../../server/disk/folder-lock.js";
import type { LockLinks } from "../../../server/disk/lock-links.js";
import { formatOwner, type Owner, thisProcess } from "../../../server/disk/lock-owner.js";
import { codeOf } from "../../contract/files.js";
import { skip } from "../../support/skip.js";

const MODULE = new URL("../../../server/disk/folder-lock.js", import.meta.url).href;

/** Processes of a test, so that none outlives it. */
const children: ChildProcess[] = [];

async function statOf(pid: number): Promise<string[]> {
  return (await readFile(`/proc/${pid}/stat`, "latin1")).split(" ");
}

/** Takes the lock in a process of its own, which then waits for its input to end. */
function taker(folder: string): { child: ChildProcess; outcome: Promise<string> } {
  const program = `
    const { FolderLock } = await import(${JSON.stringify(MODULE)});
    await new Promise((go) => process.stdin.once("data", go));
    console.log(await FolderLock.take(${JSON.stringify(folder)}).then(() => "won", (thrown) => thrown.code));
    process.stdin.resume();`;
  const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  child.stdin!.write("go");
  const outcome = once(createInterface(child.stdout!), "line").then(([line]) => String(line));
  return { child, outcome };
}

async function end(child: ChildProcess, signal?: NodeJS.Signals): Promise<void> {
  const exited = once(child, "exit");
  if (signal === undefined) child.stdin!.end();
  else child.kill(signal);
  await exited;
}

describe("FolderLock", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-lock-"));
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  /** Leaves a lock as if this owner had taken it. */
  async function leave(changed: Partial<Owner>): Promise<void> {
    const lock = await FolderLock.take(folder);
    await lock.release();
    const owner = { ...(await thisProcess()), ...changed };
    await symlink(formatOwner(owner), join(folder, "lock", "9"));
  }

  async function sentence(): Promise<string> {
    return FolderLock.take(folder).then(
      () => "taken",
      (thrown: Error) => thrown.message,
    );
  }

  it("leaves one link, which says that it is free", async () => {
    for (let round = 0; round < 3; round++) await (await FolderLock.take(folder)).release();
    expect(await readdir(join(folder, "lock"))).to.deep.equal(["6"]);
    expect(await readlink(join(folder, "lock", "6"))).to.equal("free");
  });

  it("is refused to others while a process has it, and names that process", async () => {
    const { child, outcome } = taker(folder);
    expect(await outcome).to.equal("won");
    expect(await sentence()).to.match(
      new RegExp(`lock is used by process ${child.pid} on ${hostname()}\\. Stop that`),
    );
    await end(child);
    expect(await sentence()).to.equal("taken");
  });

  it("passes on after kill -9, and nothing of the dead process stays behind", async () => {
    const { child, outcome } = taker(folder);
    await outcome;
    await end(child, "SIGKILL");
    const lock = await FolderLock.take(folder);
    expect(await readdir(join(folder, "lock"))).to.have.length(2);
    await lock.release();
    expect(await readdir(join(folder, "lock"))).to.deep.equal(["3"]);
  });

  it("passes on from a dead process that its parent has not collected", async function () {
    if (process.platform !== "linux") skip(this, "tells such processes by /proc");
    const script = "cat <&3 & echo $!; exec sleep 1000 3<&-";
    const parent = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit", "pipe"] });
    children.push(parent);
    const [line] = await once(createInterface(parent.stdout!), "line");
    const pid = Number(line);
    while ((await statOf(parent.pid!))[1] !== "(sleep)");
    (parent.stdio[3] as Writable).end();
    let fields: string[] = [];
    while (fields[2] !== "Z") fields = await statOf(pid);
    await leave({ pid, start: fields[21]! });
    expect(await sentence()).to.equal("taken");
  });

  it("stays with a process that stands still", async () => {
    const { child, outcome } = taker(folder);
    await outcome;
    child.kill("SIGSTOP");
    expect(await codeOf(FolderLock.take(folder))).to.equal("CONFLICT");
    await end(child, "SIGKILL");
  });

  it("goes to one of many processes that find a dead one's", async () => {
    for (let round = 0; round < 2; round++) {
      const takers = Array.from({ length: 6 }, () => taker(folder));
      const outcomes = await Promise.all(takers.map(({ outcome }) => outcome));
      expect(outcomes.sort()).to.deep.equal([...Array(5).fill("CONFLICT"), "won"]);
      for (const { child } of takers) await end(child, "SIGKILL");
    }
  });

  it("is held by one at a time when many take and let go without pause", async () => {
    let holders = 0;
    let wins = 0;
    const contend = async (): Promise<void> => {
      for (let round = 0; round < 100; round++) {
        const lock = await FolderLock.take(folder).catch(() => null);
        if (lock === null) continue;
        holders += 1;
        wins += 1;
        expect(holders).to.equal(1);
        await readdir(folder);
        holders -= 1;
        await lock.release();
      }
    };
    await Promise.all(Array.from({ length: 8 }, contend));
    expect(wins).to.be.greaterThan(10);
  });

  it("is not kept by another process that got the dead one's id", async () => {
    await leave({ start: "1" });
    expect(await sentence()).to.equal("taken");
  });

  it("is not kept by an earlier run of the machine", async () => {
    await leave({ boot: "00000000" });
    expect(await sentence()).to.equal("taken");
  });

  describe("between containers of one machine, where process ids mean nothing", () => {
    /** What a process elsewhere on the machine hears: taken or the error. */
    async function sentenceElsewhere(): Promise<string> {
      const ground = await groundOf(folder, { ...(await thisProcess()), namespace: "7", host: "elsewhere" });
      return FolderLock.takeOn(ground).then(
        () => "taken",
        (thrown: Error) => thrown.message,
      );
    }

    it("stays with a process that lives, also while it stands still", async () => {
      const { child, outcome } = taker(folder);
      await outcome;
      expect(await sentenceElsewhere()).to.match(new RegExp(`used by process ${child.pid}`));
      child.kill("SIGSTOP");
      expect(await sentenceElsewhere()).to.match(new RegExp(`used by process ${child.pid}`));
      await end(child, "SIGKILL");
    });

    it("passes on after kill -9", async () => {
      const { child, outcome } = taker(folder);
      await outcome;
      await end(child, "SIGKILL");
      expect(await sentenceElsewhere()).to.equal("taken");
    });

    it("passes on after an exit without letting go", async () => {
      const { child, outcome } = taker(folder);
      await outcome;
      await end(child);
      expect(await sentenceElsewhere()).to.equal("taken");
    });

    it("stays with a process that has no door to knock at", async () => {
      await leave({ namespace: "1" });
      expect(await sentence()).to.match(/cannot be asked from here/);
    });

    it("works in a folder whose path is too long for a socket's address", async function () {
      if (process.platform !== "linux") skip(this, "the way around that is Linux's own");
      folder = join(folder, "x".repeat(150));
      await mkdir(folder);
      const { child, outcome } = taker(folder);
      expect(await outcome).to.equal("won");
      expect(await sentenceElsewhere()).to.match(/used by process/);
      await end(child, "SIGKILL");
      expect(await sentenceElsewhere()).to.equal("taken");
    });
  });

  it("stays with another host, which cannot be asked, and says what to remove", async () => {
    await leave({ host: "elsewhere", boot: "00000000" });
    expect(await sentence()).to.match(/on elsewhere, which cannot be asked from here.*remove .*lock\.$/);
  });

  it("stays with a living process of this machine whose host name has changed since", async () => {
    await leave({ host: "before" });
    expect(await sentence()).to.include(`is used by process ${process.pid} on before.`);
  });

  it("refuses a lock that names nobody", async () => {
    await leave({});
    await symlink("?", join(folder, "lock", "10"));
    expect(await sentence()).to.match(/was taken by "\?", which cannot/);
  });
});

/** Links of a simulated folder; every call happens when the scheduler says so. */
class ScheduledLinks implements LockLinks {
  readonly path = "links";
  readonly #texts: Map<number, string>;
  readonly #turn: () => Promise<void>;

  constructor(texts: Map<number, string>, turn: () => Promise<void>) {
    this.#texts = texts;
    this.#turn = turn;
  }

  async numbers(): Promise<number[]> {
    await this.#turn();
    return [...this.#texts.keys()];
  }

  async read(number: number): Promise<string | null> {
    await this.#turn();
    return this.#texts.get(number) ?? null;
  }

  async make(number: number, text: string): Promise<boolean> {
    await this.#turn();
    if (this.#texts.has(number)) return false;
    this.#texts.set(number, text);
    return true;
  }

  async remove(number: number): Promise<void> {
    await this.#turn();
    this.#texts.delete(number);
  }
}

class Died extends Error {}

describe("FolderLock in any order of steps", () => {
  it("is never held by two living processes, whoever dies or lets go at whatever moment", async () => {
    const plans = fc.array(fc.option(fc.nat(14), { freq: 2 }), { minLength: 2, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plans, async (scheduler, dyingAfter) => {
        const texts = new Map<number, string>();
        const alive = new Set<number>();
        const holders = new Set<number>();
        const groundFor = (pid: number, turn: () => Promise<void>): LockGround => ({
          me: { pid, start: "1", boot: "0", namespace: "1", host: "h" },
          links: new ScheduledLinks(texts, turn),
          judge: async (owner) => (alive.has(owner.pid) ? "alive" : "ended"),
          openDoor: async () => null,
        });
        const live = async (steps: number | null, index: number): Promise<void> => {
          const pid = index + 1;
          let left = steps ?? Number.POSITIVE_INFINITY;
          const turn = async (): Promise<void> => {
            await scheduler.schedule(Promise.resolve());
            if (left-- > 0) return;
            alive.delete(pid);
            holders.delete(pid);
            throw new Died();
          };
          await turn();
          alive.add(pid);
          const lock = await FolderLock.takeOn(groundFor(pid, turn));
          holders.add(pid);
          expect([...holders]).to.deep.equal([pid]);
          await turn();
          holders.delete(pid);
          await lock.release();
          alive.delete(pid);
        };
        const lives = dyingAfter.map((steps, index) =>
          live(steps, index).catch((thrown) => {
            alive.delete(index + 1);
            if (!(thrown instanceof Died) && !LogwheelError.is(thrown, "CONFLICT")) throw thrown;
          }),
        );
        await scheduler.waitFor(Promise.all(lives));
        expect(await FolderLock.takeOn(groundFor(99, async () => {}))).to.be.instanceOf(FolderLock);
      }),
      { numRuns: 3000 },
    );
  });
});
