import { expect } from "chai";
import { seeded } from "../../client/testing/seeded.js";
import { settle } from "../../client/testing/test-clock.js";
import { type Before, failAt, type Operation } from "../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import { MemoryViews } from "../../server/store/memory-views.js";
import type { Flush } from "../../server/store/writer.js";
import { replayable } from "../support/seeds.js";
import { readQueue } from "../support/store-checks.js";
import { World } from "../support/store-world.js";
import { checkCrash } from "./power-loss.js";

/** How a call fails. */
export interface Fault {
  readonly name: string;
  readonly code: string;
  readonly forever: boolean;
  /** A failing write has written so many bytes before. */
  readonly writtenBytes?: number;
}

const CODES = ["EIO", "ENOSPC", "EROFS", "EMFILE"];

/** Every error once and for ever, and a write that stops in the middle. */
export const FAULTS: readonly Fault[] = [false, true].flatMap((forever) => [
  ...CODES.map((code) => ({ name: `${code}-${forever ? "forever" : "once"}`, code, forever })),
  { name: `short-${forever ? "forever" : "once"}`, code: "ENOSPC", forever, writtenBytes: 40 },
]);

const TURNS_MAX = 5_000;

/** Waits for a promise as long as anything can still happen on a simulated disk; a hang fails instead of lasting. */
export async function finishes<T>(what: string, promise: Promise<T>): Promise<T> {
  let over = false;
  const ended = promise.finally(() => (over = true));
  ended.catch(() => {});
  for (let turn = 0; turn < TURNS_MAX && !over; turn++) await settle();
  if (!over) throw new Error(`${what} hangs`);
  return ended;
}

/** Watches that no file of the log or the checkpoint is synced again after a sync of it failed. */
export class SyncWatch {
  readonly #failed = new Set<string>();
  readonly again: string[] = [];

  /** The same as `before`, watched. */
  over(before: Before): Before {
    return (operation) => {
      const watched = operation.call === "sync" && /\.log$|^checkpoint$/.test(operation.name);
      if (watched && this.#failed.has(operation.name)) this.again.push(operation.name);
      try {
        return before(operation);
      } catch (thrown) {
        if (watched) this.#failed.add(operation.name);
        throw thrown;
      }
    };
  }

  /** Another process: it knows nothing of failures before. */
  forget(): void {
    this.#failed.clear();
  }
}

const STEPS = 150;

/** The work during which calls fail; always the same. */
async function work(world: World, restarted: () => void): Promise<void> {
  await world.open();
  await world.furnish();
  for (let step = 0; step < STEPS; step++) {
    try {
      await world.step();
    } catch (thrown) {
      if (!world.opened) throw thrown;
    }
    if (!world.opened) restarted();
  }
  await world.settled();
}

/** How many calls the work makes. */
export async function countCalls(flush: Flush): Promise<number> {
  const files = new MemoryFiles();
  const world = new World({ files, random: seeded(6), flush });
  await work(world, () => {});
  await world.close();
  return files.disk.count();
}

/** Lets the call with this index fail during the work and checks what must hold then, and after a restart. */
export async function checkFault(index: number, fault: Fault, flush: Flush): Promise<void> {
  const files = new MemoryFiles();
  const watch = new SyncWatch();
  const world = new World({ files, random: seeded(6), flush });
  let hit: Operation | null = null;
  const failing = failAt(index, fault.code, fault);
  files.before = watch.over((operation) => {
    if (operation.index === index) hit = operation;
    return failing(operation);
  });
  await finishes(
    "the work",
    work(world, () => watch.forget()).catch(() => {}),
  );
  await checkFailed(world, hit);
  const promised = world.progress;
  const entries = world.entries.slice();
  await finishes("close", world.close()).catch(() => {});
  expect(watch.again, "files that were synced again after a failed sync").to.deep.equal([]);
  files.before = null;
  const after = { what: "", promised, entries, views: new MemoryViews() };
  await finishes("recovery", checkCrash({ ...after, killed: true, files: files.clone() }, flush));
  for (const loss of ["nothing", "everything", seeded(index)] as const)
    await finishes("recovery", checkCrash({ ...after, killed: false, files: files.losePower(loss) }, flush));
}

/** A store that failed acknowledges nothing any more, says so to all who wait, and still answers readers. */
async function checkFailed(world: World, hit: Operation | null): Promise<void> {
  if (!world.opened) return;
  const writing = /\.log$|^checkpoint$/.test(hit?.name ?? "") && /^(write|writeNow|sync)$/.test(hit!.call);
  if (writing) expect(world.failed, `failure after ${hit!.call} of ${hit!.name}`).not.to.equal(null);
  if (world.failed === null) return;
  const { store } = world;
  expect(world.ackedTo, "acknowledged after the failure").to.equal(world.failed.ackedTo);
  const told = await finishes(
    "who waits",
    store.whenSettled().then(
      () => "acknowledged",
      (error) => error.code,
    ),
  );
  expect(told).to.equal("STORE_FAILED");
  if (hit?.call === "read" || hit?.call === "open") return;
  for (const { queues } of store.state.topics.values())
    for (const queue of queues) await finishes("a reader", readQueue(store, queue));
}

/** T6: each call fails in each way; every `stride`th one. */
export function describeFailingDisk({ stride }: { stride: number }): void {
  describe("store on a disk that fails", () => {
    for (const flush of ["sync", "async"] as const)
      it(`T6: acknowledges nothing that it could lose, whichever call fails, with ${flush} flush`, async function () {
        this.timeout(0);
        const calls = await countCalls(flush);
        const only = process.env["CALL"];
        let checked = 0;
        for (const [turn, fault] of FAULTS.entries())
          for (let index = turn % stride; index < calls; index += stride) {
            if (only !== undefined && only !== `${index}-${fault.name}`) continue;
            await replayable("T6", { CALL: `${index}-${fault.name}` }, () => checkFault(index, fault, flush));
            checked++;
          }
        expect(checked).to.be.greaterThan(only === undefined ? 50 : 0);
      });
  });
}
