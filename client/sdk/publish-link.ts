import { backoffMs } from "../../proto/kernel/backoff.js";
import type { Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { type ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";
import { pause } from "../../proto/kernel/pause.js";
import type { Connections } from "./connections.js";
import type { Routes } from "./routes.js";

const RECONNECT = { baseMs: 10, maxMs: 1_000 };
/** A restarted broker is called within this time, by all clients not at once. */
const KICK_MS_MAX = 100;

/** A stream that ends so without an answer has carried nothing. Others may be refusals of one frame among several. */
const NEVER_ARRIVED: ReadonlySet<ErrorCode> = new Set([
  "BROKER_UNAVAILABLE",
  "UNSUPPORTED_VERSION",
  "UNAUTHENTICATED",
]);

/** What a link tells its owner. */
export interface LinkEvents {
  /** A stream is open: write what is to be repeated, then what is new. */
  opened(flushSync: boolean): void;
  /** An answer. What it throws breaks the stream. */
  answered(bytes: Buffer): void;
  /** The broker answers, for the first time or again. */
  reached(): void;
  /** More can be written. */
  drained(): void;
  /** The stream is over; `definite`: nothing that was written on it arrived. It is going to be tried again. */
  broken(error: LogwheelError, definite: boolean): void;
  /** Whether there is something to write. */
  wanted(): boolean;
}

/** What a link stands on. */
export interface LinkDeps {
  readonly broker: string;
  readonly connections: Connections;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly requestTimeoutMs: number;
}

interface OpenState {
  readonly is: "open";
  readonly stream: Stream<Buffer, Buffer>;
  readonly address: string;
  /** The broker has answered on it. */
  proven: boolean;
  /** Wait for its drain. */
  blocked: boolean;
  /** Written and not answered. */
  unanswered: number;
  /** Monotonic: the last answer, or the first write after everything was answered. */
  movedMs: number;
}

type State =
  | { readonly is: "idle" }
  | OpenState
  | { readonly is: "waiting"; readonly cancel: () => void }
  | { readonly is: "closed" };

/**
 * A `Publish` stream to one broker that is opened again and again: `idle → open → waiting → idle`. A stream that leaves
 * something unanswered for the request's time is taken for dead, however alive its connection looks.
 */
export class PublishLink {
  readonly #deps: LinkDeps;
  readonly #events: LinkEvents;
  #state: State = { is: "idle" };
  #failures = 0;
  /** Since when (monotonic) no stream has come about; null while one has. */
  #awaySinceMs: number | null = null;
  #cancelWatchdog: (() => void) | null = null;

  constructor(deps: LinkDeps, events: LinkEvents) {
    this.#deps = deps;
    this.#events = events;
  }

  /** Nothing is known against the broker. */
  get reachable(): boolean {
    return this.#state.is === "idle" || (this.#state.is === "open" && this.#failures === 0);
  }

  /** A write would go out. */
  get writable(): boolean {
    return this.#state.is === "open" && !this.#state.blocked;
  }

  /** Milliseconds since when no stream has come about. */
  get awayMs(): number {
    return this.#awaySinceMs === null ? 0 : this.#deps.clock.monotonicMs() - this.#awaySinceMs;
  }

  /** Opens a stream if none is open and none is waited for. */
  start(): void {
    if (this.#state.is === "idle") this.#open();
  }

  /** Sends one request, which is going to be answered. */
  write(bytes: Buffer): void {
    const state = this.#state;
    if (state.is !== "open") return;
    if (state.unanswered++ === 0) state.movedMs = this.#deps.clock.monotonicMs();
    this.#watch();
    if (!state.stream.write(bytes)) state.blocked = true;
  }

  /** The broker was seen again: do not wait out the back-off. */
  kick(): void {
    if (this.#state.is !== "waiting") return;
    this.#state.cancel();
    this.#reopenAfter(this.#deps.random() * KICK_MS_MAX);
  }

  /** Ends the stream, on which everything is answered, and tries again later. */
  leave(error: LogwheelError): void {
    if (this.#state.is !== "open") return;
    const { stream } = this.#state;
    this.#state = { is: "idle" };
    stream.end();
    this.#broken(error, true);
  }

  close(): void {
    const state = this.#state;
    this.#state = { is: "closed" };
    if (state.is === "open") state.stream.end();
    if (state.is === "waiting") state.cancel();
    this.#cancelWatchdog?.();
  }

  #open(): void {
    const { routes, connections, broker, clock } = this.#deps;
    const info = routes.broker(broker);
    if (info === undefined) {
      const what = `broker ${broker} is not in the routes any more`;
      return this.#broken(new LogwheelError("BROKER_UNAVAILABLE", what, { broker }), true);
    }
    const { address } = info;
    let stream: Stream<Buffer, Buffer>;
    try {
      stream = connections.open(address, BROKER.publish);
    } catch (thrown) {
      return this.#broken(LogwheelError.from(thrown), true);
    }
    const movedMs = clock.monotonicMs();
    const state: OpenState = {
      is: "open",
      stream,
      address,
      proven: false,
      blocked: false,
      unanswered: 0,
      movedMs,
    };
    this.#state = state;
    stream.listen({
      message: (bytes) => this.#onMessage(state, bytes),
      drain: () => {
        state.blocked = false;
        if (this.#state === state) this.#events.drained();
      },
      close: (error) => this.#onClose(state, error),
    });
    this.#events.opened(info.flushSync);
  }

  #onMessage(state: OpenState, bytes: Buffer): void {
    if (this.#state !== state) return;
    state.unanswered--;
    state.movedMs = this.#deps.clock.monotonicMs();
    try {
      this.#events.answered(bytes);
    } catch (thrown) {
      const { broker } = this.#deps;
      const cause = LogwheelError.from(thrown);
      const what = `broker ${broker} answered a publish frame with nonsense: ${cause.message}`;
      return this.#break(state, new LogwheelError("PROTOCOL", what, { broker, cause }));
    }
    if (state.proven) return;
    state.proven = true;
    this.#failures = 0;
    this.#awaySinceMs = null;
    this.#deps.connections.up(state.address);
    this.#events.reached();
  }

  #break(state: OpenState, error: LogwheelError): void {
    state.stream.fail(error);
    this.#onClose(state, error);
  }

  #onClose(state: OpenState, closed: Error | null): void {
    if (this.#state !== state) return;
    const { broker, connections } = this.#deps;
    const ended = `broker ${broker} ended the stream`;
    const error = LogwheelError.from(closed ?? new LogwheelError("CONNECTION_LOST", ended, { broker }));
    connections.down(state.address, error);
    this.#broken(error, !state.proven && NEVER_ARRIVED.has(error.code));
  }

  #broken(error: LogwheelError, definite: boolean): void {
    const { clock, random } = this.#deps;
    this.#failures++;
    this.#awaySinceMs = definite ? (this.#awaySinceMs ?? clock.monotonicMs()) : null;
    this.#cancelWatchdog?.();
    this.#cancelWatchdog = null;
    this.#reopenAfter(backoffMs(this.#failures, RECONNECT, random));
    this.#events.broken(error, definite);
  }

  /** Without anything to write the broker gets its next chance with the next message. */
  #reopenAfter(delayMs: number): void {
    const cancel = pause(this.#deps.clock, delayMs, () => {
      this.#state = { is: "idle" };
      if (this.#events.wanted()) this.#open();
    });
    this.#state = { is: "waiting", cancel };
  }

  #watch(): void {
    const { clock, requestTimeoutMs, broker } = this.#deps;
    this.#cancelWatchdog ??= clock.after(requestTimeoutMs, () => {
      this.#cancelWatchdog = null;
      const state = this.#state;
      if (state.is !== "open" || state.unanswered === 0) return;
      const silentMs = clock.monotonicMs() - state.movedMs;
      if (silentMs < requestTimeoutMs) return this.#watch();
      const what = `broker ${broker} has not answered for ${Math.round(silentMs)} ms`;
      this.#break(state, new LogwheelError("TIMEOUT", what, { broker }));
    });
  }
}
