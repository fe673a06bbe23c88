import type { BrokerInfo__Output } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { Routes__Output } from "../../proto/gen/logwheel/v1/Routes.js";
import type { WatchRequest } from "../../proto/gen/logwheel/v1/WatchRequest.js";
import { backoffMs } from "../../proto/kernel/backoff.js";
import type { Method, Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { NAME_SERVER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { KEYED_GRACE_MS } from "../../proto/kernel/limits.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { pause } from "../../proto/kernel/pause.js";
import { type Connections, isConnectionFailure } from "./connections.js";
import { bounded } from "./deadline.js";
import { RouteTable, type TopicRoute } from "./route-table.js";
import type { StatusFeed } from "./status.js";
import type { CallOptions } from "./types.js";

/** After a name server was found (again), how long its silence about a broker is not taken for the broker's absence. */
const SETTLE_MS = 15_000;

/** How long name servers that are just being started are waited for. */
const FIRST_MS_MAX = 3_000;

const WATCH_BACKOFF = { baseMs: 20, maxMs: 1_000 };

/** What routes stand on. */
export interface RoutesDeps {
  readonly endpoints: readonly string[];
  readonly connections: Connections;
  readonly clock: Clock;
  readonly random: () => number;
  readonly status: StatusFeed;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
}

/**
 * Where topics are, kept fresh by a watch on one name server after another; a question that the watch has not answered
 * yet is asked of all of them in turn. What is known stays known while no name server can be reached.
 */
export class Routes {
  readonly #deps: RoutesDeps;
  readonly #table = new RouteTable();
  readonly #asked = new Set<string>();
  readonly #finding = new Map<string, Promise<TopicRoute>>();
  readonly #listeners = new Set<(topic: string) => void>();
  readonly #timers = new Set<() => void>();
  #watch: Stream<WatchRequest, Routes__Output> | null = null;
  #cancelReopen: () => void = () => {};
  #endpoint = 0;
  #failures = 0;
  #settling = false;
  /** A name server was watched before: what it said is not forgotten because another one starts. */
  #watched = false;
  #purging = false;
  #closed = false;

  constructor(deps: RoutesDeps) {
    this.#deps = deps;
  }

  /** The topic's route as far as it is known. */
  route(topic: string): TopicRoute | undefined {
    return this.#table.route(topic);
  }

  broker(name: string): BrokerInfo__Output | undefined {
    return this.#table.broker(name);
  }

  /** Brokers that make unknown topics at the first send. */
  get makers(): readonly BrokerInfo__Output[] {
    return this.#table.makers;
  }

  /** Asks the name servers until one answers, and begins to watch; rejects when none has answered in time. */
  async start(options: CallOptions): Promise<void> {
    await bounded(this.#askFirst(), options, this.#deps.clock, "connecting to the name servers");
    this.#openWatch();
  }

  /** The topic's route, asked for unless somebody is known to have the topic; without shares where nobody has. */
  find(topic: string): Promise<TopicRoute> {
    const known = this.#table.route(topic);
    if (known !== undefined && known.shares.length > 0) return Promise.resolve(known);
    return this.refresh(topic);
  }

  /** Asks anew. Calls for one topic at the same time share one question. */
  refresh(topic: string): Promise<TopicRoute> {
    let finding = this.#finding.get(topic);
    if (finding === undefined) {
      this.#addToWatch(topic);
      finding = this.#ask([topic])
        .then(() => this.#table.route(topic) ?? { topic, shares: [] })
        .finally(() => this.#finding.delete(topic));
      this.#finding.set(topic, finding);
    }
    return finding;
  }

  /** Calls `listener` with each topic whose route has changed; the returned function ends that. */
  onChange(listener: (topic: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Any unary call to the first name server that answers. */
  async call<Q, QOut, R, ROut>(
    method: Method<Q, QOut, R, ROut>,
    request: Q,
    options: CallOptions = {},
  ): Promise<ROut> {
    const { endpoints, connections, requestTimeoutMs } = this.#deps;
    let last: LogwheelError | undefined;
    for (let tried = 0; tried < endpoints.length; tried++) {
      const address = endpoints[(this.#endpoint + tried) % endpoints.length]!;
      try {
        return await connections.call(address, method, request, { timeoutMs: requestTimeoutMs, ...options });
      } catch (thrown) {
        last = LogwheelError.from(thrown);
        if (!isConnectionFailure(last) && last.code !== "TIMEOUT") throw last;
      }
    }
    throw unreachable(endpoints, last);
  }

  close(): void {
    this.#closed = true;
    this.#watch?.end();
    this.#cancelReopen();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#listeners.clear();
  }

  async #askFirst(): Promise<void> {
    const { clock, random, requestTimeoutMs } = this.#deps;
    const untilMs = clock.monotonicMs() + Math.min(requestTimeoutMs, FIRST_MS_MAX);
    for (let failures = 1; ; failures++) {
      try {
        return await this.#ask([]);
      } catch (thrown) {
        const waitMs = backoffMs(failures, WATCH_BACKOFF, random);
        const last = clock.monotonicMs() + waitMs >= untilMs;
        if (last || this.#closed || !LogwheelError.is(thrown, "BROKER_UNAVAILABLE")) throw thrown;
        await clock.sleep(waitMs);
      }
    }
  }

  /** Asks name servers in turn, and goes on asking while one of the topics is nowhere: they do not know of each other. */
  async #ask(topics: readonly string[]): Promise<void> {
    const { endpoints, connections, requestTimeoutMs } = this.#deps;
    let answers = 0;
    let last: LogwheelError | undefined;
    for (let tried = 0; tried < endpoints.length; tried++) {
      const address = endpoints[(this.#endpoint + tried) % endpoints.length]!;
      try {
        const request = { topics: [...topics] };
        const told = await connections.call(address, NAME_SERVER.getRoutes, request, {
          timeoutMs: requestTimeoutMs,
        });
        this.#apply(told, answers > 0 || this.#settling);
        answers++;
        if (told.routes.every((route) => route.shares.length > 0)) return;
      } catch (thrown) {
        last = LogwheelError.from(thrown);
        if (last.code === "UNSUPPORTED_VERSION" || last.code === "CLOSED") throw last;
      }
    }
    if (answers === 0) throw unreachable(endpoints, last);
  }

  #apply(told: Routes__Output, keepMissing: boolean): void {
    if (this.#closed) return;
    const nowMs = this.#deps.clock.monotonicMs();
    this.#change(() => this.#table.apply(told, nowMs, keepMissing));
    this.#purgeLater();
  }

  /** Brokers that left are forgotten after their grace. */
  #purgeLater(): void {
    if (this.#purging || !this.#table.hasGone) return;
    this.#purging = true;
    this.#later(KEYED_GRACE_MS, () => {
      this.#purging = false;
      const nowMs = this.#deps.clock.monotonicMs();
      this.#change(() => this.#table.purge(nowMs));
      this.#purgeLater();
    });
  }

  /** Runs a change of the table, tells of it, then lets go of addresses that no route has any more. */
  #change(run: () => string[]): void {
    const { connections, endpoints, status } = this.#deps;
    const before = this.#table.addresses();
    for (const topic of run()) {
      for (const listener of this.#listeners) listener(topic);
      status.emit({ type: "route-changed", topic });
    }
    const after = this.#table.addresses();
    for (const address of before)
      if (!after.has(address) && !endpoints.includes(address)) connections.drop(address);
  }

  #addToWatch(topic: string): void {
    if (this.#asked.has(topic)) return;
    this.#asked.add(topic);
    this.#watch?.write({ add: [topic], remove: [] });
  }

  #openWatch(): void {
    if (this.#closed) return;
    const { endpoints, connections } = this.#deps;
    const address = endpoints[this.#endpoint % endpoints.length]!;
    let first = true;
    const stream = connections.open(address, NAME_SERVER.watch);
    this.#watch = stream;
    stream.listen({
      message: (told) => {
        connections.up(address);
        if (first && this.#watched) this.#settle();
        this.#watched = true;
        first = false;
        this.#failures = 0;
        this.#onWatched(told);
      },
      close: (error) => this.#onWatchClosed(address, error),
    });
    stream.write({ add: [...this.#asked], remove: [] });
  }

  /** What the watched server says is believed, but for "nobody has it": the others may know better. */
  #onWatched(told: Routes__Output): void {
    const lost = told.routes.filter(
      (route) => route.shares.length === 0 && (this.#table.route(route.topic)?.shares.length ?? 0) > 0,
    );
    this.#apply({ ...told, routes: told.routes.filter((route) => !lost.includes(route)) }, this.#settling);
    if (lost.length > 0) this.#askAgain(lost.map((route) => route.topic));
  }

  #onWatchClosed(address: string, closed: Error | null): void {
    this.#watch = null;
    if (this.#closed) return;
    const { connections, clock, random, logger } = this.#deps;
    const error = LogwheelError.from(
      closed ?? new LogwheelError("CONNECTION_LOST", `${address} ended the watch`),
    );
    connections.down(address, error);
    logger.debug({ endpoint: address, code: error.code }, "the watch on a name server ended");
    this.#endpoint++;
    this.#failures++;
    this.#cancelReopen = pause(clock, backoffMs(this.#failures, WATCH_BACKOFF, random), () =>
      this.#openWatch(),
    );
  }

  /** A name server that was just found is given time to hear of all brokers; then it is taken at its word. */
  #settle(): void {
    this.#settling = true;
    this.#later(SETTLE_MS, () => {
      this.#settling = false;
      this.#askAgain([...this.#asked]);
    });
  }

  #askAgain(topics: readonly string[]): void {
    this.#ask(topics).catch((thrown: unknown) => {
      this.#deps.logger.debug(
        { code: LogwheelError.from(thrown).code },
        "no name server answers; known routes stay in use",
      );
    });
  }

  #later(delayMs: number, run: () => void): void {
    const cancel = this.#deps.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }
}

function unreachable(endpoints: readonly string[], last: LogwheelError | undefined): LogwheelError {
  const why = last === undefined ? "" : ` (${last.message})`;
  return new LogwheelError(
    last?.code === "UNSUPPORTED_VERSION" ? last.code : "BROKER_UNAVAILABLE",
    `no name server answers at ${endpoints.join(", ")}${why}: check the endpoints and that the name server runs`,
    { cause: last },
  );
}
