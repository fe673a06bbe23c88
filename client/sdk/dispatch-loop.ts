/** What a loop runs. */
export interface DispatchWork {
  readonly concurrency: number;
  /** Handler calls that run. */
  busy(): number;
  /** Calls handlers as long as something waits and the loop is not full. */
  work(): void;
}

/** Decides when handlers are called: while nobody paused it, as many at a time as allowed. */
export class DispatchLoop {
  readonly #work: DispatchWork;
  #idle: (() => void)[] = [];
  #paused = false;
  #running = false;

  constructor(work: DispatchWork) {
    this.#work = work;
  }

  /** Whether no further handler may be called now. */
  get full(): boolean {
    return this.#paused || this.#work.busy() >= this.#work.concurrency;
  }

  /** What waits for a time of its own learns that, too. */
  pause(): void {
    this.#paused = true;
    this.go();
  }

  resume(): void {
    this.#paused = false;
    this.go();
  }

  /** Resolves when no handler runs. */
  idle(): Promise<void> {
    if (this.#work.busy() === 0 && !this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /**
   * Something has arrived, or a handler has ended. A handler may call anything, also what leads back here: the loop that
   * runs already goes on.
   */
  go(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      this.#work.work();
    } finally {
      this.#running = false;
    }
    if (this.#work.busy() === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
