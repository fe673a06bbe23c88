/** Shares of new sends that are turned away: one step further for each second in a row. */
const STEPS = [0, 0.1, 0.5, 1];

/**
 * How much of the load is shed while the event loop is late. Each second above the limit goes a step up, each other one
 * a step down: a pause costs a tenth of a second's sends, and only what lasts costs all.
 */
export class Shedding {
  readonly #limitMs: number;
  #step = 0;
  #lagMs = 0;

  /** `limitMs`: the 99th percentile of a second's delay that is still well. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** 0 to 1. */
  get share(): number {
    return STEPS[this.#step]!;
  }

  /** Delay of the last second, milliseconds. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** A second is over: the 99th percentile of its delay. */
  second(lagMs: number): void {
    this.#lagMs = lagMs;
    const step = this.#step + (lagMs > this.#limitMs ? 1 : -1);
    this.#step = Math.min(STEPS.length - 1, Math.max(0, step));
  }
}
