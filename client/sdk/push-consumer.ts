import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { Closing } from "./closing.js";
import type { Connections } from "./connections.js";
import { atLeast, memberOptions, topicsByName } from "./consume-settings.js";
import type { Dispatch, DispatchOptions } from "./dispatcher.js";
import { Memberships } from "./memberships.js";
import type { Routes } from "./routes.js";
import type { StatusFeed } from "./status.js";
import type { Topic } from "./topic.js";
import type { CloseOptions, ConsumeOptions, ConsumerStats, PushConsumer } from "./types.js";
import { checkRetryRules } from "./verdict.js";

const CONCURRENCY = 20;
const CONSUME_TIMEOUT_MS = 900_000;
/** Failures of handlers are logged once in this time; all of them go to `status()`. */
const LOG_MS = 10_000;

/** What consumers stand on. */
export interface ConsumerDeps {
  readonly connections: Connections;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly status: StatusFeed;
  readonly host: string;
  /** Called once when it is closed. */
  onClosed(consumer: unknown): void;
}

/** A member of a group on every broker that has its topics, and the handlers of what arrives. */
export class HandlingConsumer<T> implements PushConsumer {
  readonly #deps: ConsumerDeps;
  readonly #group: string;
  readonly #memberships: Memberships;
  readonly #dispatch: Dispatch<T>;
  readonly #closing: Closing;
  #loggedMs = Number.NEGATIVE_INFINITY;

  /** `dispatchWith` makes what calls the handler. */
  constructor(
    deps: ConsumerDeps,
    topics: Topic<T> | readonly Topic<T>[],
    options: ConsumeOptions,
    dispatchWith: (options: DispatchOptions<T>) => Dispatch<T>,
  ) {
    const { clock } = deps;
    const byName = topicsByName(topics);
    const concurrency = atLeast("concurrency", options.concurrency ?? CONCURRENCY, 1);
    const member = memberOptions(byName.keys(), { ...options, concurrency }, deps.host);
    checkRetryRules(options.retry ?? {});
    this.#deps = deps;
    this.#group = options.group;
    this.#dispatch = dispatchWith({
      group: options.group,
      mode: member.mode,
      topics: byName,
      concurrency,
      consumeTimeoutMs: atLeast("consumeTimeoutMs", options.consumeTimeoutMs ?? CONSUME_TIMEOUT_MS, 1),
      retry: options.retry ?? {},
      undecodable: options.onDecodeError ?? "retry",
      clock,
      failed: (error, message) => this.#failed(error, message.id),
    });
    this.#memberships = new Memberships(deps, [...byName.keys()], member, {
      arrived: (parcel) => this.#dispatch.add(parcel),
    });
    this.#closing = new Closing(clock, { drain: () => this.#drain(), end: () => this.#end() });
  }

  get closed(): Promise<void> {
    return this.#closing.closed;
  }

  get stats(): ConsumerStats {
    const { active, retried } = this.#dispatch.outcomes;
    const { held, acked, heardAtMs } = this.#memberships;
    const inFlight = active.size;
    return { inFlight, cached: Math.max(0, held - inFlight), acked, retried, lastFetchAt: heardAtMs };
  }

  start(): Promise<void> {
    if (this.#closing.begun) return Promise.reject(new LogwheelError("CLOSED", "the consumer is closed"));
    return this.#memberships.start();
  }

  pause(): void {
    this.#dispatch.loop.pause();
    this.#deps.status.emit({ type: "paused", group: this.#group, reason: "user" });
  }

  resume(): void {
    if (this.#closing.begun) return;
    this.#dispatch.loop.resume();
    this.#deps.status.emit({ type: "resumed", group: this.#group, reason: "user" });
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#closing.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Nothing is begun any more, what runs ends, and the broker has every acknowledgement. */
  async #drain(): Promise<void> {
    this.#dispatch.loop.pause();
    await this.#dispatch.loop.idle();
    await this.#memberships.settled();
  }

  #end(): void {
    this.#dispatch.loop.pause();
    this.#dispatch.outcomes.abort(
      new LogwheelError("CLOSED", "the consumer was closed: the result no longer counts"),
    );
    this.#memberships.close();
    this.#deps.onClosed(this);
  }

  #failed(thrown: unknown, messageId: string): void {
    const { status, logger, clock } = this.#deps;
    const error = LogwheelError.is(thrown) ? thrown : handlerError(thrown, messageId);
    status.emit({ type: "error", error });
    if (clock.monotonicMs() - this.#loggedMs < LOG_MS) return;
    this.#loggedMs = clock.monotonicMs();
    logger.warn(
      { group: this.#group, messageId, err: thrown },
      `a message was not handled: ${error.message}`,
    );
  }
}

function handlerError(thrown: unknown, messageId: string): LogwheelError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new LogwheelError("INTERNAL", `the handler of message ${messageId} threw: ${why}`, {
    cause: thrown,
  });
}
