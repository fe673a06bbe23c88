import { RetryBudget } from "../../proto/kernel/backoff.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { pause } from "../../proto/kernel/pause.js";
import { DECISION, type TransactionPlace } from "../../proto/kernel/publish-codec.js";
import { Closing } from "./closing.js";
import type { Connections } from "./connections.js";
import { bounded, onEnd } from "./deadline.js";
import { DelayedChanges } from "./delayed-changes.js";
import { traces } from "./diagnostics.js";
import type { DueAnswer, DueTime } from "./due.js";
import { Outgoing } from "./outgoing.js";
import { PendingSend, type Resolve } from "./pending-send.js";
import { Publisher, type PublisherOwner } from "./publisher.js";
import type { Receipt } from "./receipt.js";
import { nextTry, retryDelayMs, retryPolicy } from "./retry.js";
import type { Routes } from "./routes.js";
import { SendAdmission } from "./send-admission.js";
import { SendRouter } from "./send-router.js";
import type { StatusFeed } from "./status.js";
import type {
  CallOptions,
  CloseOptions,
  OutMessage,
  Producer,
  ProducerOptions,
  RetryPolicy,
  SendReceipt,
} from "./types.js";

/** What a producer stands on. */
export interface ProducerDeps {
  readonly connections: Connections;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly status: StatusFeed;
  readonly host: string;
  readonly requestTimeoutMs: number;
  readonly retry: Partial<RetryPolicy> | undefined;
  /** Called once when it is closed. */
  onClosed(producer: unknown): void;
}

/**
 * Sends messages: admission holds back what is too much, the router finds a queue, one publisher for each broker sends.
 * Here it is decided what happens to a message that was refused.
 */
export class MessageProducer implements Producer, PublisherOwner {
  readonly #deps: ProducerDeps;
  readonly #policy: Required<RetryPolicy>;
  readonly #budget = new RetryBudget();
  readonly #outgoing: Outgoing;
  readonly #admission: SendAdmission;
  readonly #router: SendRouter;
  readonly #changes: DelayedChanges;
  readonly #closing: Closing;
  /** Messages that wait before they are repeated, with what ends the wait; those of a lane are in the lane. */
  readonly #pauses = new Map<PendingSend, () => void>();
  /** One function for all promises: making two for each send costs more than the rest of it. */
  readonly #capture = (resolve: (receipt: SendReceipt) => void, reject: (error: Error) => void): void => {
    this.#resolve = resolve as Resolve;
    this.#reject = reject;
  };
  #resolve!: Resolve;
  #reject!: (error: Error) => void;

  constructor(deps: ProducerDeps, options: ProducerOptions) {
    const { clock, random, routes, connections, requestTimeoutMs } = deps;
    this.#deps = deps;
    this.#policy = retryPolicy(deps.retry, options.retry);
    this.#changes = new DelayedChanges({ ...deps, policy: this.#policy });
    this.#outgoing = new Outgoing(() => clock.nowMs(), deps.host, options.compress);
    this.#admission = new SendAdmission(options, (send) => this.#start(send));
    const producerId = 1 + Math.floor(random() * (Number.MAX_SAFE_INTEGER - 1));
    this.#router = new SendRouter({
      routes,
      clock,
      random,
      requestTimeoutMs,
      patient: this.attemptsMax === Number.POSITIVE_INFINITY,
      publisherOf: (broker) =>
        new Publisher({
          broker,
          connections,
          routes,
          clock,
          random,
          producerId,
          requestTimeoutMs,
          linger: options.linger,
          owner: this,
        }),
      failed: (send, error) => this.#fail(send, error),
    });
    this.#closing = new Closing(clock, {
      drain: () => this.#admission.flushed(),
      end: () => this.#end(),
    });
  }

  get closed(): Promise<void> {
    return this.#closing.closed;
  }

  get attemptsMax(): number {
    return this.#policy.attempts;
  }

  send<T>(message: OutMessage<T>, options?: CallOptions): Promise<SendReceipt> {
    let send: PendingSend;
    try {
      this.#throwIfClosed();
      send = this.#outgoing.one(message);
    } catch (thrown) {
      return Promise.reject(LogwheelError.from(thrown));
    }
    return this.#promise(send, options) as Promise<SendReceipt>;
  }

  /** A half message of a transaction of `group`: it begins one, or joins the one at `joins` on `message.broker`. */
  sendHalf<T>(
    message: OutMessage<T>,
    { group, joins }: { readonly group: string; readonly joins: TransactionPlace | null },
    options?: CallOptions,
  ): Promise<Receipt> {
    let send: PendingSend;
    try {
      this.#throwIfClosed();
      send = this.#outgoing.one(message);
    } catch (thrown) {
      return Promise.reject(LogwheelError.from(thrown));
    }
    send.half = true;
    send.producerGroup = group;
    send.transaction = joins;
    return this.#promise(send, options) as Promise<Receipt>;
  }

  /** Decides the transaction that began with a half. */
  decide({ topic, broker, place }: Receipt, commit: boolean, options?: CallOptions): Promise<unknown> {
    if (this.#closing.begun) return Promise.reject(closedError());
    const send = new PendingSend(topic, NO_BODY, { broker }, 0, "", 0);
    send.transaction = place;
    send.decision = commit ? DECISION.commit : DECISION.rollback;
    return this.#promise(send, options);
  }

  async sendBatch<T>(
    messages: readonly OutMessage<T>[],
    options?: CallOptions,
  ): Promise<readonly SendReceipt[]> {
    this.#throwIfClosed();
    const send = this.#outgoing.batch(messages);
    const outcome = await this.#promise(send, options);
    return Array.isArray(outcome) ? outcome : [outcome as SendReceipt];
  }

  sendOneway<T>(message: OutMessage<T>): boolean {
    this.#throwIfClosed();
    const send = this.#outgoing.one(message);
    if (this.#admission.full) return false;
    send.reject = (error) => this.#report(LogwheelError.from(error));
    this.#admission.enter(send);
    return true;
  }

  ready(options?: CallOptions): Promise<void> {
    return bounded(this.#admission.ready(), options, this.#deps.clock, "waiting for room to send");
  }

  flush(options?: CallOptions): Promise<void> {
    return bounded(this.#admission.flushed(), options, this.#deps.clock, "flushing the producer");
  }

  cancel(handle: string, options?: CallOptions): Promise<DueAnswer> {
    return this.#changes.cancel(handle, options);
  }

  reschedule(handle: string, due: DueTime, options?: CallOptions): Promise<DueAnswer> {
    return this.#changes.reschedule(handle, due, options);
  }

  deliverNow(handle: string, options?: CallOptions): Promise<DueAnswer> {
    return this.#changes.deliverNow(handle, options);
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#closing.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  released(send: PendingSend): void {
    this.#admission.leave(send);
  }

  reached(publisher: Publisher): void {
    for (const other of this.#router.publishers) if (other !== publisher && !other.reachable) other.strand();
  }

  stranded(publisher: Publisher, sends: readonly PendingSend[]): void {
    for (const send of sends) {
      send.avoid = publisher.broker;
      this.#router.route(send);
    }
  }

  refused(publisher: Publisher, send: PendingSend, error: LogwheelError): void {
    const gap = error.code === "SEQUENCE_GAP";
    const next = nextTry(error, gap ? 1 : send.attempts, this.#policy.attempts, send.pinned);
    if (
      next === "fail" ||
      send.settled ||
      !(error.code === "BROKER_STOPPING" || gap || this.#mayRepeat(send))
    )
      return publisher.giveUp(send, withAttempts(error, send, publisher.broker));
    if (send.lane !== null) return this.#repeatInOrder(publisher, send, error, gap);
    if (next === "other") send.avoid = publisher.broker;
    this.#afterPause(send, error, () => this.#repeat(publisher, send, next));
  }

  #promise(
    send: PendingSend,
    options: CallOptions | undefined,
  ): Promise<SendReceipt | readonly SendReceipt[]> {
    const promise = new Promise<SendReceipt>(this.#capture);
    send.resolve = this.#resolve;
    send.reject = this.#reject;
    if (options !== undefined) this.#limit(send, options);
    if (!send.settled) this.#admission.enter(send);
    if (!traces.send.hasSubscribers) return promise;
    const { topic, orderingKey, body } = send;
    return traces.send.tracePromise(() => promise, { topic, orderingKey, bytes: body.length });
  }

  /** The budget counts first tries only. */
  #start(send: PendingSend): void {
    this.#budget.earn(send.size);
    this.#router.route(send);
  }

  /** Ends the caller's wait early. What is on its way to a broker stays on its way. */
  #limit(send: PendingSend, { signal, timeoutMs }: CallOptions): void {
    const free = onEnd(signal, timeoutMs, this.#deps.clock, `sending to topic ${send.topic}`, (error) => {
      const sent = send.sequence === 0 ? "no" : "maybe";
      send.fail(new LogwheelError(error.code, error.message, { ...error.details, topic: send.topic, sent }));
    });
    if (send.settled) free();
    else send.free = free;
  }

  /** Who repeats for ever does not ask how much it is. */
  #mayRepeat(send: PendingSend): boolean {
    return this.#policy.attempts === Number.POSITIVE_INFINITY || this.#budget.take(send.size);
  }

  #repeat(publisher: Publisher, send: PendingSend, next: "same" | "other" | "reroute"): void {
    if (send.uncertain) publisher.add(send);
    else if (next === "reroute") this.#router.reroute(send);
    else this.#router.route(send);
  }

  #repeatInOrder(publisher: Publisher, send: PendingSend, error: LogwheelError, gap: boolean): void {
    const lane = send.lane!;
    const verdict = lane.refused(send, gap);
    if (verdict === "lost") return publisher.giveUp(send, withAttempts(error, send, publisher.broker));
    if (verdict === "follows") {
      for (const held of lane.released()) publisher.add(held);
      return;
    }
    this.#afterPause(send, error, () => {
      for (const held of lane.resume()) publisher.add(held);
    });
  }

  #afterPause(send: PendingSend, error: LogwheelError, run: () => void): void {
    const { clock, random } = this.#deps;
    const delayMs = retryDelayMs(
      this.#policy,
      Math.max(1, send.attempts),
      error.details.retryAfterMs ?? 0,
      random,
    );
    const cancel = pause(clock, delayMs, () => {
      this.#pauses.delete(send);
      run();
    });
    this.#pauses.set(send, cancel);
  }

  /** Of a message that no publisher has. */
  #fail(send: PendingSend, error: LogwheelError): void {
    send.fail(error);
    if (send.released) return;
    send.released = true;
    this.#admission.leave(send);
  }

  #report(error: LogwheelError): void {
    this.#deps.logger.warn(
      { code: error.code, topic: error.details.topic },
      `a one-way send failed: ${error.message}`,
    );
    this.#deps.status.emit({ type: "error", error });
  }

  #throwIfClosed(): void {
    if (this.#closing.begun) throw closedError();
  }

  #end(): void {
    const error = closedError();
    for (const [send, cancel] of this.#pauses) {
      cancel();
      if (send.lane === null) this.#fail(send, send.uncertain ? maybe(error) : error);
    }
    this.#pauses.clear();
    this.#router.close(error);
    this.#admission.close(error);
    this.#deps.onClosed(this);
  }
}

const NO_BODY = Buffer.alloc(0);

function maybe(error: LogwheelError): LogwheelError {
  return new LogwheelError(error.code, error.message, { ...error.details, sent: "maybe" });
}

function closedError(): LogwheelError {
  return new LogwheelError("CLOSED", "the producer is closed: make a new one to send more");
}

function withAttempts(error: LogwheelError, send: PendingSend, broker: string): LogwheelError {
  return new LogwheelError(error.code, error.message, {
    ...error.details,
    sent: error.sent,
    topic: send.topic,
    broker,
    attempts: send.attempts,
  });
}
