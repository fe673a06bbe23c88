import type { Hello } from "../gen/logwheel/v1/Hello.js";
import { backoffMs } from "./backoff.js";
import type { Clock } from "./clock.js";
import { ConsumeSession, type SessionConnections, type SessionEvents } from "./consume-session.js";
import { type ErrorCode, LogwheelError } from "./errors.js";
import { pause } from "./pause.js";

const RECONNECT = { baseMs: 20, maxMs: 1_000 };
/** After a refusal that only an operator, or other members, can change. */
const REFUSED = { baseMs: 1_000, maxMs: 5_000 };
/** A restarted broker is called within this time, by all members not at once. */
const KICK_MS_MAX = 100;

/** Asking again at once would bring the same answer. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  "SUBSCRIPTION_MISMATCH",
  "CONFLICT",
  "FORBIDDEN",
  "BAD_REQUEST",
  "FILTER_INVALID",
  "UNSUPPORTED_VERSION",
  "UNAUTHENTICATED",
]);

/** What a link stands on. */
export interface MemberLinkDeps {
  readonly broker: string;
  readonly connections: SessionConnections;
  readonly routes: { broker(name: string): { readonly address: string } | undefined };
  readonly clock: Clock;
  readonly random: () => number;
}

/** What a link tells: what its session does, and its end. */
export interface MemberLinkEvents extends Omit<SessionEvents, "closed"> {
  /** What to say first on a new stream. */
  hello(): Hello;
  /** There is no stream any more; another is going to be tried. `refused`: the broker does not want this member. */
  broken(error: LogwheelError, refused: boolean): void;
}

type State =
  | { readonly is: "idle" }
  | { readonly is: "open"; readonly session: ConsumeSession }
  | { readonly is: "waiting"; readonly cancel: () => void }
  | { readonly is: "closed" };

/** A `Consume` stream to one broker that is opened again and again: `idle → open → waiting → idle`. */
export class MemberLink {
  readonly #deps: MemberLinkDeps;
  readonly #events: MemberLinkEvents;
  #state: State = { is: "idle" };
  #failures = 0;

  constructor(deps: MemberLinkDeps, events: MemberLinkEvents) {
    this.#deps = deps;
    this.#events = events;
  }

  /** The session that is open, welcomed or not; null while there is none. */
  get session(): ConsumeSession | null {
    return this.#state.is === "open" ? this.#state.session : null;
  }

  start(): void {
    if (this.#state.is === "idle") this.#open();
  }

  /** The broker was seen again: do not wait out the back-off. */
  kick(): void {
    if (this.#state.is !== "waiting") return;
    this.#state.cancel();
    this.#reopenAfter(this.#deps.random() * KICK_MS_MAX);
  }

  /** Leaves the group, and comes back later. */
  leave(error: LogwheelError): void {
    this.session?.leave();
    this.#broken(error);
  }

  /** Leaves the group for good. */
  close(): void {
    const state = this.#state;
    this.#state = { is: "closed" };
    if (state.is === "open") state.session.leave();
    if (state.is === "waiting") state.cancel();
  }

  #open(): void {
    const { routes, connections, clock, broker } = this.#deps;
    const events = this.#events;
    const info = routes.broker(broker);
    try {
      if (info === undefined)
        throw new LogwheelError("BROKER_UNAVAILABLE", `broker ${broker} is not in the routes any more`);
      const session: ConsumeSession = new ConsumeSession(
        { clock, connections },
        info.address,
        events.hello(),
        {
          welcomed: (welcome) => {
            this.#failures = 0;
            events.welcomed(welcome);
          },
          assigned: (queues, note) => events.assigned(queues, note),
          arrived: (batch) => events.arrived(batch),
          acked: (serial, failures) => events.acked(serial, failures),
          leaseLost: (lease) => events.leaseLost(lease),
          paused: (paused) => events.paused(paused),
          draining: () => events.draining(),
          closed: (error) => {
            if (this.session === session) this.#broken(error);
          },
        },
      );
      this.#state = { is: "open", session };
    } catch (thrown) {
      this.#broken(LogwheelError.from(thrown));
    }
  }

  #broken(error: LogwheelError): void {
    const refused = REFUSALS.has(error.code);
    this.#failures++;
    this.#reopenAfter(backoffMs(this.#failures, refused ? REFUSED : RECONNECT, this.#deps.random));
    this.#events.broken(error, refused);
  }

  #reopenAfter(delayMs: number): void {
    const cancel = pause(this.#deps.clock, delayMs, () => this.#open());
    this.#state = { is: "waiting", cancel };
  }
}
