import type { LogwheelError } from "../../proto/kernel/errors.js";

/** Told that the log has come so far, or that it never will. */
export type Reached = (error: LogwheelError | null) => void;

/** How many that were told may stay in front of the others before they are removed. */
const TOLD_MAX = 1_024;

/** Who waits until the log has come to an offset, in the order of asking. */
export class Waiters {
  readonly #waiting: { target: number; run: Reached }[] = [];
  #head = 0;

  add(target: number, run: Reached): void {
    this.#waiting.push({ target, run });
  }

  /** Tells those in front whose offset is not above `offset`. */
  reach(offset: number): void {
    const waiting = this.#waiting;
    while (this.#head < waiting.length && waiting[this.#head]!.target <= offset)
      waiting[this.#head++]!.run(null);
    if (this.#head === waiting.length) {
      waiting.length = 0;
      this.#head = 0;
    } else if (this.#head > TOLD_MAX) {
      waiting.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Tells all that it failed, whatever one of them makes of that. */
  fail(error: LogwheelError): void {
    const waiting = this.#waiting.splice(this.#head);
    this.#waiting.length = 0;
    this.#head = 0;
    for (const { run } of waiting)
      try {
        run(error);
      } catch {
        // The log has failed, which is what there is to say.
      }
  }
}
