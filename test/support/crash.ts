/** Where a crash happens: before the n-th statement from 1, or after it, when its answer is lost. */
export interface CrashPoint {
  readonly statement: number;
  readonly when: "before" | "after";
}

/** What a statement fails with when the process that sent it has died. */
export class Crashed extends Error {}

/** Counts the statements of one connection and ends it at one of them, for good. */
export class Crash {
  readonly #at: CrashPoint | null;
  #statements = 0;
  #dead = false;
  /** Cuts the connection. */
  onCrash: () => void = () => {};

  constructor(at: CrashPoint | null = null) {
    this.#at = at;
  }

  /** Whether it has happened. */
  get happened(): boolean {
    return this.#dead;
  }

  /** A statement whose driver answers at once. */
  sync<T>(run: () => T): T {
    const dies = this.#count();
    if (dies && this.#at?.when === "before") throw this.#die();
    const answer = run();
    if (dies) throw this.#die();
    return answer;
  }

  /** A statement of a driver with promises. */
  async async<T>(run: () => Promise<T>): Promise<T> {
    const dies = this.#count();
    if (dies && this.#at?.when === "before") throw this.#die();
    const answer = await run();
    if (dies) throw this.#die();
    return answer;
  }

  #count(): boolean {
    if (this.#dead) throw new Crashed("dead already");
    return ++this.#statements === this.#at?.statement;
  }

  #die(): Crashed {
    this.#dead = true;
    this.onCrash();
    return new Crashed(`crashed ${this.#at?.when} statement ${this.#at?.statement}`);
  }
}
