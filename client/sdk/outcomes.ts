import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Delivery } from "./delivery.js";
import { Reject, RetryLater } from "./handler-errors.js";
import type { ReceivedMessage } from "./message.js";
import type { ConsumeMode } from "./types.js";
import { type RetryRules, verdictOf } from "./verdict.js";

/** Between two looks at handlers that take too long. */
const SWEEP_MS_MAX = 1_000;

/** What decides over failures and time. */
export interface OutcomeOptions<T> {
  readonly mode: ConsumeMode;
  readonly clock: Clock;
  readonly consumeTimeoutMs: number;
  readonly retry: RetryRules;
  /** A handler threw, or took too long. */
  failed(error: unknown, message: ReceivedMessage<T>): void;
}

/** Keeps book of messages in handlers, and brings what becomes of each to its membership, once. */
export class Outcomes<T> {
  readonly active = new Set<Delivery<T>>();
  readonly #options: OutcomeOptions<T>;
  #cancelSweep: (() => void) | null = null;
  #retried = 0;

  constructor(options: OutcomeOptions<T>) {
    this.#options = options;
  }

  /** Messages that were given back for another delivery. */
  get retried(): number {
    return this.#retried;
  }

  /** The message is in a handler that takes its time. */
  begin(delivery: Delivery<T>): void {
    const { clock, consumeTimeoutMs } = this.#options;
    delivery.deadlineMs = Math.max(delivery.deadlineMs, clock.monotonicMs() + consumeTimeoutMs);
    delivery.flow.inFlight.set(delivery.offset, delivery as Delivery);
    this.active.add(delivery);
    this.#sweepSoon();
  }

  /** The handler has ended. */
  end(delivery: Delivery<T>): void {
    const { flow, offset } = delivery;
    this.active.delete(delivery);
    if (flow.inFlight.get(offset) === (delivery as Delivery)) flow.inFlight.delete(offset);
  }

  succeed(delivery: Delivery<T>): void {
    const { flow, offset, bytes, lost } = delivery;
    if (delivery.settled) return flow.settler.ended(flow);
    delivery.settled = true;
    if (lost === null) return flow.settler.succeed(flow, offset, offset + 1, { messages: 1, bytes });
    flow.settler.release(1, bytes);
    flow.settler.ended(flow);
  }

  /** A message that was taken is not begun: it comes again behind one that failed before it. */
  release(delivery: Delivery<T>): void {
    delivery.settled = true;
    delivery.flow.settler.release(1, delivery.bytes);
  }

  /** `thrown`: what the handler threw; undefined if it named the message as failed. */
  fail(delivery: Delivery<T>, thrown: unknown): void {
    const { flow, attempt, message, lost } = delivery;
    if (delivery.settled) return flow.settler.ended(flow);
    delivery.settled = delivery.failed = true;
    const { mode, retry, failed } = this.#options;
    const verdict = verdictOf(thrown, attempt, retry);
    this.#retried++;
    if (thrown !== undefined && !(thrown instanceof RetryLater || thrown instanceof Reject))
      failed(thrown, message);
    const comesWithAnother = mode === "ordered" && lost === null && !flow.keys.fail(message.keyHash);
    if (!comesWithAnother) return flow.settler.fail(delivery as Delivery, verdict);
    flow.settler.release(1, delivery.bytes);
    flow.settler.ended(flow);
  }

  /** Tells every handler that its result no longer counts. */
  abort(error: LogwheelError): void {
    for (const delivery of this.active) delivery.lose(error);
    this.#cancelSweep?.();
    this.#cancelSweep = null;
  }

  /** Handlers that take too long lose their message to another try; their place is free when they end. */
  #sweepSoon(): void {
    const { clock, consumeTimeoutMs } = this.#options;
    this.#cancelSweep ??= clock.after(Math.min(SWEEP_MS_MAX, consumeTimeoutMs), () => {
      this.#cancelSweep = null;
      const nowMs = clock.monotonicMs();
      for (const delivery of this.active) if (delivery.deadlineMs <= nowMs) this.#expire(delivery);
      if (this.active.size > 0) this.#sweepSoon();
    });
  }

  #expire(delivery: Delivery<T>): void {
    if (delivery.settled || delivery.lost !== null) return;
    const { id, topic } = delivery.message;
    const what = `the handler has had message ${id} for longer than consumeTimeoutMs: the message is delivered again`;
    const error = new LogwheelError("TIMEOUT", what, { topic });
    this.fail(delivery, error);
    delivery.lose(error);
  }
}
