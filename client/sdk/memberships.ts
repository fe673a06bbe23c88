import type { Position } from "../../proto/gen/logwheel/v1/Position.js";
import { backoffMs } from "../../proto/kernel/backoff.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Connections } from "./connections.js";
import type { MemberOptions } from "./member-options.js";
import { type MemberOwner, Membership } from "./membership.js";
import type { Parcel } from "./queue-flow.js";
import type { Routes } from "./routes.js";
import type { StatusFeed } from "./status.js";

/** Between two looks at leases and queues that stand still; leases are looked at four times in their length. */
const TICK_MS_MAX = 5_000;
/** Brokers that did not welcome a member are not waited for longer than this before the others are asked. */
const FIRST_MS = 1_000;

/** Between two questions for routes that nobody answers. */
const FIND = { baseMs: 20, maxMs: 1_000 };

/** What memberships stand on. */
export interface MembershipsDeps {
  readonly connections: Connections;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly status: StatusFeed;
}

/** Who takes what arrives. */
export interface ParcelTaker {
  arrived(parcel: Parcel): void;
  /** Called a few times in a lease's length. */
  look?(): void;
}

/** One member of a group on all brokers that have its topics, wherever these go. */
export class Memberships implements MemberOwner {
  memberId = "";
  /** Wall clock of the last batch; 0 before. */
  heardAtMs = 0;
  readonly #deps: MembershipsDeps;
  readonly #topics: readonly string[];
  readonly #options: MemberOptions;
  readonly #taker: ParcelTaker;
  readonly #byBroker = new Map<string, Membership>();
  /** Broadcast mode: where this member was on brokers that are gone, and may come back. */
  readonly #positions = new Map<string, Position[]>();
  #started: Promise<void> | null = null;
  #first: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;
  #stopListening: () => void = () => {};
  #cancelTick: () => void = () => {};
  #cancelFirst: () => void = () => {};
  #ackedBefore = 0;
  #full = false;
  #closed = false;

  constructor(deps: MembershipsDeps, topics: readonly string[], options: MemberOptions, taker: ParcelTaker) {
    this.#deps = deps;
    this.#topics = topics;
    this.#options = options;
    this.#taker = taker;
  }

  get all(): Iterable<Membership> {
    return this.#byBroker.values();
  }

  /** Messages that have arrived and are not settled. */
  get held(): number {
    let held = 0;
    for (const membership of this.all) held += membership.credit.held;
    return held;
  }

  /** Messages whose acknowledgement was sent. */
  get acked(): number {
    let acked = this.#ackedBefore;
    for (const membership of this.all) acked += membership.acked;
    return acked;
  }

  /**
   * Joins the group on every broker of the topics, from now on. Resolves with the first welcome, or when no broker has the
   * topics; rejects if the first answer is a refusal.
   */
  start(): Promise<void> {
    if (this.#started === null) {
      this.#started = this.#start();
      this.#started.catch(() => {});
    }
    return this.#started;
  }

  /** Resolves when every acknowledgement has its answer. */
  async settled(): Promise<void> {
    await Promise.all([...this.all].map((membership) => membership.settled()));
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    this.#cancelTick();
    this.#cancelFirst();
    for (const membership of this.all) membership.close();
    this.#first?.reject(
      new LogwheelError("CLOSED", "the consumer was closed before it had joined its group"),
    );
    this.#first = null;
  }

  welcomed(): void {
    this.#joinOthers();
    this.#first?.resolve();
    this.#first = null;
  }

  refused(membership: Membership, error: LogwheelError): void {
    const { status, logger } = this.#deps;
    const { group } = this.#options;
    logger.warn(
      { group, broker: membership.broker, code: error.code },
      `broker ${membership.broker} refuses this consumer: ${error.message}`,
    );
    status.emit({ type: "error", error });
    const first = this.#first;
    if (first === null) return;
    this.#first = null;
    this.close();
    first.reject(error);
  }

  lost(): void {
    this.#joinOthers();
  }

  assigned(membership: Membership, note: string): void {
    const { broker } = membership;
    for (const topic of this.#topics) {
      const queues = [...membership.flows]
        .filter((flow) => flow.topic === topic && flow.state === "assigned")
        .map(({ queueId }) => queueId)
        .sort((a, b) => a - b);
      const about = { type: "assignment", group: this.#options.group, topic, broker, queues } as const;
      this.#deps.status.emit(note === "" ? about : { ...about, note });
    }
  }

  arrived(parcel: Parcel): void {
    this.heardAtMs = this.#deps.clock.nowMs();
    this.#taker.arrived(parcel);
    this.#tellFullness();
  }

  paused(paused: boolean): void {
    const { group } = this.#options;
    this.#deps.status.emit({ type: paused ? "paused" : "resumed", group, reason: "group" });
  }

  async #start(): Promise<void> {
    this.#stopListening = this.#deps.routes.onChange((topic) => {
      if (this.#topics.includes(topic)) this.#follow();
      for (const membership of this.all) membership.kick();
    });
    this.#tick();
    const joined = new Promise<void>((resolve, reject) => {
      this.#first = { resolve, reject };
    });
    joined.catch(() => {});
    await this.#find();
    if (this.#byBroker.size > 0) await joined;
  }

  /** Asks for the routes until somebody answers. */
  async #find(): Promise<void> {
    const { routes, clock, random, logger } = this.#deps;
    for (let failures = 1; !this.#closed; failures++) {
      try {
        await Promise.all(this.#topics.map((topic) => routes.find(topic)));
        return this.#follow();
      } catch (thrown) {
        const error = LogwheelError.from(thrown);
        if (error.code === "CLOSED" || error.code === "UNSUPPORTED_VERSION") throw error;
        logger.debug({ code: error.code }, "the routes of a consumer's topics are not known yet");
        await clock.sleep(backoffMs(failures, FIND, random));
      }
    }
  }

  /** Joins where the topics have come to, leaves where they are no more. */
  #follow(): void {
    if (this.#closed) return;
    const listed = new Set<string>();
    const wanted = new Set<string>();
    for (const topic of this.#topics)
      for (const share of this.#deps.routes.route(topic)?.shares ?? []) {
        listed.add(share.broker);
        if (share.readable && share.goneMs === null) wanted.add(share.broker);
      }
    for (const [broker, membership] of this.#byBroker)
      if (!listed.has(broker)) this.#leave(broker, membership);
    for (const broker of [...wanted].sort()) if (!this.#byBroker.has(broker)) this.#join(broker);
    const { messages, bytes } = this.#options.limit;
    const count = Math.max(1, this.#byBroker.size);
    for (const { credit } of this.all)
      credit.limit = { messages: Math.ceil(messages / count), bytes: Math.ceil(bytes / count) };
  }

  #join(broker: string): void {
    const first = this.#byBroker.size === 0;
    const hello = { ...this.#options.hello, positions: this.#positions.get(broker) ?? [] };
    const membership = new Membership({ ...this.#deps, broker }, { ...this.#options, hello }, this);
    this.#byBroker.set(broker, membership);
    if (first || this.memberId !== "" || this.#options.mode === "broadcast") return membership.start();
    this.#cancelFirst();
    this.#cancelFirst = this.#deps.clock.after(FIRST_MS, () => this.#joinOthers());
  }

  /** The id from the first broker is the member's id on all others. */
  #joinOthers(): void {
    this.#cancelFirst();
    for (const membership of this.all) membership.start();
  }

  #leave(broker: string, membership: Membership): void {
    this.#byBroker.delete(broker);
    if (this.#options.mode === "broadcast") this.#positions.set(broker, membership.ask());
    this.#ackedBefore += membership.acked;
    membership.close();
  }

  #tick(): void {
    const tickMs = Math.min(TICK_MS_MAX, this.#options.leaseMs / 4);
    this.#cancelTick = this.#deps.clock.after(tickMs, () => {
      for (const membership of this.all) membership.look();
      this.#taker.look?.();
      this.#tellFullness();
      this.#tick();
    });
  }

  #tellFullness(): void {
    let full = false;
    for (const membership of this.all) full ||= membership.credit.exhausted;
    if (full === this.#full) return;
    this.#full = full;
    const { group } = this.#options;
    this.#deps.status.emit({ type: full ? "paused" : "resumed", group, reason: "cache-full" });
  }
}
