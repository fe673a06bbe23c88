import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { formatDuration, parseDuration } from "../../proto/kernel/quantity.js";
import { type Work, Works } from "./works.js";

export { settle } from "./works.js";

interface Timer {
  readonly dueMs: number;
  /** Goes off without anybody who moves the clock. */
  readonly flows: boolean;
  readonly run: () => void;
}

/** Waits up to this are those of the machinery, such as gathering acknowledgements: a clock with a cluster passes them by itself. */
const FLOW_MS = 20;

/**
 * A clock that stands still until a test moves it. Timers go off in the order of their due times, equal ones in the order in
 * which they were set, and everything that follows from one happens before the next.
 *
 * On a clock that clusters run by, waits of up to 20 ms pass by themselves as soon as nothing else goes on, so that a test need
 * not move the clock for a call to be answered. Whatever takes longer waits for `advance`.
 */
export class TestClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();
  readonly #works = new Works();
  /** Only one moves the clock at a time. */
  #line: Promise<unknown> = Promise.resolve();
  #flowing = false;
  /** How much too early timers fire: the machine's round down. */
  earlyMs = 0;
  /** How long a look at the monotonic clock takes: on a machine no two readings are equal. */
  readingMs = 0;

  /** Begins at this time, 2030-01-01 UTC unless told otherwise. Throws BAD_REQUEST for a time that is none. */
  constructor(now: number | Date = Date.UTC(2030, 0, 1)) {
    this.#nowMs = finite("a clock cannot begin at", Number(now));
  }

  /** Whole, like the machine's. */
  nowMs(): number {
    return Math.floor(this.#nowMs);
  }

  monotonicMs(): number {
    this.#moveTo(this.#monotonicMs + this.readingMs);
    return this.#monotonicMs;
  }

  /** How many timers wait; zero proves that nothing was left behind. */
  get waiting(): number {
    return this.#timers.size;
  }

  after(delayMs: number, run: () => void): () => void {
    const flows = delayMs <= FLOW_MS && this.#works.any;
    const timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs - this.earlyMs), flows, run };
    this.#timers.add(timer);
    if (flows) this.#flowSoon();
    return () => this.#timers.delete(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        cancel();
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.after(delayMs, done);
      signal?.addEventListener("abort", done, { once: true });
    });
  }

  /**
   * Moves both clocks on, by milliseconds or a duration such as `30s`, `2h` or `3d`, and fires what falls due on the way, each
   * timer at its own time. Things come to rest (see `settled`) before the first move, after every firing and at the end.
   */
  advance(by: number | string): Promise<void> {
    const ms = durationMs(by);
    return this.#inLine(async () => {
      await this.#works.settle();
      const endMs = this.#monotonicMs + ms;
      for (let next = this.#earliest(endMs); next !== null; next = this.#earliest(endMs))
        await this.#fire(next);
      this.#moveTo(endMs);
      await this.#works.settle();
    });
  }

  /**
   * Moves the clocks on, from timer to timer, until the promise has settled or the condition holds, and no further. Resolves
   * with what the promise does; TIMEOUT when that takes longer than `within`, an hour of this clock unless told otherwise.
   */
  async until<T>(goal: Promise<T> | (() => T), within: number | string = "1h"): Promise<T> {
    const withinMs = durationMs(within);
    const reached = typeof goal === "function" ? () => Boolean(goal()) : hasSettled(goal);
    await this.#inLine(() => this.#works.settle());
    const endMs = this.#monotonicMs + withinMs;
    // One timer a turn of the line, so that what is waited for may move the clock too.
    while (!reached())
      await this.#inLine(() => this.#step(endMs, () => tooLong(typeof goal, withinMs), reached));
    return typeof goal === "function" ? goal() : goal;
  }

  /**
   * Resolves when nothing goes on any more that does not wait for the clock: no message is under way between clients and
   * servers, no call on a broker's disk is unfinished, a whole turn of the event loop has brought nothing new, and the short
   * waits have passed. Work of your own is waited for as far as it needs no disk, socket or real timer.
   */
  async settled(): Promise<void> {
    do await this.#inLine(() => this.#works.settle());
    while (this.#flowing);
  }

  /** Sets the wall clock off by `ms`, forwards or back, as an administrator would. Fires nothing. */
  jump(ms: number): void {
    this.#nowMs += finite("a clock does not jump by", ms);
  }

  /** Moves both clocks on and fires nothing: the process stood still, and its timers are late. */
  stall(ms: number): void {
    this.#moveTo(this.#monotonicMs + durationMs(ms));
  }

  /** From now on the clock also waits for this work, and short waits pass by themselves. The returned function ends that. */
  attach(work: Work): () => void {
    return this.#works.add(work);
  }

  #inLine<T>(move: () => Promise<T>): Promise<T> {
    const moved = this.#line.then(move);
    this.#line = moved.catch(() => {});
    return moved;
  }

  /** Fires one timer, unless the goal was reached before. Whoever moved the clock last may only now set one. */
  async #step(endMs: number, tooLate: () => LogwheelError, reached: () => boolean): Promise<void> {
    if (this.#earliest(endMs) === null) await this.#works.settle();
    if (reached()) return;
    const next = this.#earliest(endMs);
    if (next === null) throw tooLate();
    await this.#fire(next);
  }

  #flowSoon(): void {
    if (this.#flowing) return;
    this.#flowing = true;
    void this.#inLine(() => this.#flow().finally(() => (this.#flowing = false)));
  }

  async #flow(): Promise<void> {
    await this.#works.settle();
    for (let goal = this.#earliest(Infinity, true); goal !== null; goal = this.#earliest(Infinity, true))
      await this.#fire(this.#earliest(goal.dueMs) ?? goal);
  }

  #fire(timer: Timer): Promise<void> {
    this.#moveTo(timer.dueMs);
    this.#timers.delete(timer);
    timer.run();
    return this.#works.settle();
  }

  #moveTo(monotonicMs: number): void {
    const byMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += byMs;
    this.#nowMs += byMs;
  }

  #earliest(endMs: number, flowing = false): Timer | null {
    let earliest: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs || (flowing && !timer.flows)) continue;
      if (earliest === null || timer.dueMs < earliest.dueMs) earliest = timer;
    }
    return earliest;
  }
}

function hasSettled(promise: Promise<unknown>): () => boolean {
  let settled = false;
  const end = (): void => {
    settled = true;
  };
  promise.then(end, end);
  return () => settled;
}

function durationMs(given: number | string): number {
  const ms = typeof given === "string" ? parseDuration(given) : given;
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new LogwheelError(
    "BAD_REQUEST",
    `a clock does not move by ${ms} ms: give milliseconds from 0 on, or 30s, 2h, 3d`,
  );
}

function finite(what: string, ms: number): number {
  if (Number.isFinite(ms)) return ms;
  throw new LogwheelError("BAD_REQUEST", `${what} ${String(ms)} ms`);
}

function tooLong(goal: string, withinMs: number): LogwheelError {
  const what = goal === "function" ? "the condition did not come true" : "the promise did not settle";
  return new LogwheelError("TIMEOUT", `${what} within ${formatDuration(withinMs)} of the test's clock`);
}
