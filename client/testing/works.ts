/** Something that goes on without the clock and without this process's doing: calls on a disk, or at a socket. */
export interface Work {
  /** How much of it has begun and not ended. */
  readonly pending: number;
}

/** Turns of the event loop that `setImmediate` asked for and that brought nothing else; somebody may poll that way. */
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
   * Resolves when no work is pending and neither a microtask nor a `setImmediate` waits for its turn: then only the clock
   * can set anything going. Without any work one turn of the event loop passes.
   */
  async settle(): Promise<void> {
    if (!this.any) return settle();
    await microtasks();
    for (let empty = 0; empty < EMPTY_TURNS_MAX; ) {
      if (this.#pending()) empty = 0;
      else if (immediateWaits()) empty++;
      else return;
      await settle();
    }
  }

  #pending(): boolean {
    for (const { pending } of this.#works) if (pending > 0) return true;
    return false;
  }
}

/** Calls that end by themselves, in real time: on a disk, or at a socket. */
export class Errands implements Work {
  #pending = 0;

  get pending(): number {
    return this.#pending;
  }

  /** The outcome of the call, which counts as under way meanwhile. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#pending++;
    try {
      return await call();
    } finally {
      this.#pending--;
    }
  }
}
