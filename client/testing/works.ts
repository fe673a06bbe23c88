import { LogwheelError } from "../../proto/kernel/errors.js";

/** Something that works without the clock: a network within the process, or the calls on a disk. */
export interface Work {
  /** How much of it has begun so far; only ever more. */
  readonly begun: number;
  /** How much of it has begun and not ended. */
  readonly pending: number;
}

/** Turns of the event loop after which something runs in circles. */
const TURNS_MAX = 1_000_000;
/** Turns in a row that `setImmediate` asked for and that brought nothing else; somebody may poll that way. */
const EMPTY_TURNS_MAX = 100;

/** Lets everything that is ready to run do so: microtasks, and what they queue for this turn of the event loop. */
export async function settle(): Promise<void> {
  await microtasks();
  await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves behind all microtasks, also those that others of them queue. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function immediateWaits(): boolean {
  return process.getActiveResourcesInfo().includes("Immediate");
}

/** All the works that go by one clock. */
export class Works {
  readonly #works = new Set<Work>();
  /** What had begun when everything was at rest last. */
  #begun = 0;

  get any(): boolean {
    return this.#works.size > 0;
  }

  /** The returned function takes it out again. */
  add(work: Work): () => void {
    this.#works.add(work);
    return () => {
      this.#works.delete(work);
    };
  }

  /**
   * Resolves when nothing has begun since everything was at rest last, nothing is pending, and neither a microtask nor a
   * `setImmediate` waits for its turn. Without any work a turn of the event loop passes.
   */
  async settle(): Promise<void> {
    if (!this.any) return settle();
    await microtasks();
    let empty = 0;
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      empty = this.#atRest() ? empty + 1 : 0;
      if (empty > 0 && (empty > EMPTY_TURNS_MAX || !immediateWaits())) return;
      await settle();
    }
    throw new LogwheelError(
      "TIMEOUT",
      `after ${TURNS_MAX} turns of the event loop the cluster still works without its clock: something runs in circles`,
    );
  }

  #atRest(): boolean {
    let begun = 0;
    let pending = 0;
    for (const work of this.#works) {
      begun += work.begun;
      pending += work.pending;
    }
    const rest = begun === this.#begun && pending === 0;
    this.#begun = begun;
    return rest;
  }
}

/** Calls that end by themselves, in real time: on a disk, or at a socket. */
export class Errands implements Work {
  #begun = 0;
  #pending = 0;

  get begun(): number {
    return this.#begun;
  }

  get pending(): number {
    return this.#pending;
  }

  /** The outcome of the call, which counts as under way meanwhile. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#begun++;
    this.#pending++;
    try {
      return await call();
    } finally {
      this.#pending--;
    }
  }
}
