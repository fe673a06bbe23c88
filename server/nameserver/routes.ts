import type { BrokerInfo__Output } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { BrokerStatus } from "../../proto/gen/logwheel/v1/BrokerStatus.js";
import type { Route } from "../../proto/gen/logwheel/v1/Route.js";
import type { Routes as RoutesMessage } from "../../proto/gen/logwheel/v1/Routes.js";
import type { Topic__Output } from "../../proto/gen/logwheel/v1/Topic.js";
import { LogwheelError } from "../../proto/kernel/errors.js";

/** Stands for one Register stream: nothing but its identity counts. */
export type Session = object;

/** What routes a change has touched. */
export interface Touched {
  readonly topics: Iterable<string>;
  /** Whether the brokers that make topics themselves are others now: that concerns whoever watches anything. */
  readonly makers: boolean;
}

interface Registration {
  readonly session: Session;
  readonly info: BrokerInfo__Output;
  readonly topics: Map<string, Topic__Output>;
  heardMs: number;
}

/** Brokers at a time. */
const BROKERS_MAX = 1_024;

/**
 * Which broker has which topics: the name server's whole state, without clock or network. Times are monotonic
 * milliseconds.
 *
 * Invariant: one registration for each broker name, that of the highest log epoch; of equal epochs the process that
 * started last; of one process its newest stream.
 */
export class Routes {
  readonly #brokers = new Map<string, Registration>();
  /** Broker names by topic. */
  readonly #owners = new Map<string, Set<string>>();

  /**
   * Puts a broker with all its topics into the routes, in the place of an earlier registration of its name. Returns
   * what changed, and the session that lost its place. CONFLICT when a registration with the name has precedence.
   */
  register(
    session: Session,
    info: BrokerInfo__Output,
    topics: readonly Topic__Output[],
    nowMs: number,
  ): Touched & { readonly replaced: Session | null } {
    const former = this.#brokers.get(info.name);
    if (former !== undefined && former.session !== session) refuseOlder(info, former.info);
    if (former === undefined && this.#brokers.size >= BROKERS_MAX)
      throw new LogwheelError(
        "THROTTLED",
        `${BROKERS_MAX} brokers are registered here, and that is the limit`,
      );
    const before = this.#remove(info.name);
    const registration = { session, info, topics: new Map<string, Topic__Output>(), heardMs: nowMs };
    this.#brokers.set(info.name, registration);
    for (const topic of topics) this.#put(registration, topic);
    return {
      topics: new Set([...before.topics, ...registration.topics.keys()]),
      makers: before.makers || info.autoCreate,
      replaced: former === undefined || former.session === session ? null : former.session,
    };
  }

  /** Adds, changes and takes away single topics of a registered broker. Touches nothing for an unknown session. */
  change(session: Session, topics: readonly Topic__Output[], deleted: readonly string[]): Touched {
    const registration = this.#of(session);
    if (registration === null) return { topics: [], makers: false };
    for (const topic of topics) this.#put(registration, topic);
    for (const name of deleted) this.#take(registration, name);
    return { topics: new Set([...topics.map((topic) => topic.name), ...deleted]), makers: false };
  }

  /** How many there are. */
  get counts(): { readonly brokers: number; readonly topics: number } {
    return { brokers: this.#brokers.size, topics: this.#owners.size };
  }

  /** Name of the broker whose place in the routes the session holds, if it does. */
  brokerOf(session: Session): string | null {
    return this.#of(session)?.info.name ?? null;
  }

  /** Notes that a broker lives. */
  heard(session: Session, nowMs: number): void {
    const registration = this.#of(session);
    if (registration !== null) registration.heardMs = nowMs;
  }

  /** Takes the session's broker out, unless another session has its place by now. */
  leave(session: Session): Touched {
    const registration = this.#of(session);
    return registration === null ? { topics: [], makers: false } : this.#remove(registration.info.name);
  }

  /** Sessions that were last heard before `beforeMs`. */
  silentSince(beforeMs: number): Session[] {
    const silent = [...this.#brokers.values()].filter((registration) => registration.heardMs < beforeMs);
    return silent.map((registration) => registration.session);
  }

  /** Puts off everyone's expiry, after this process itself was paused. */
  forgive(pauseMs: number): void {
    for (const registration of this.#brokers.values()) registration.heardMs += pauseMs;
  }

  /** Routes of these topics, all brokers named in them, and all brokers that make topics themselves. */
  of(topics: Iterable<string>): RoutesMessage {
    const named = new Set<string>();
    const routes = [...topics].map((topic) => this.#route(topic, named));
    const brokers = [...this.#brokers.values()].filter(({ info }) => info.autoCreate || named.has(info.name));
    return { routes, brokers: brokers.map(({ info }) => info).sort(byName) };
  }

  /** Every topic that some broker has, by name. */
  topics(): Route[] {
    return [...this.#owners.keys()].sort().map((topic) => this.#route(topic, new Set()));
  }

  /** Every broker, by name. */
  brokers(nowMs: number): BrokerStatus[] {
    const known = [...this.#brokers.values()].sort((a, b) => byName(a.info, b.info));
    return known.map(({ info, heardMs, topics }) => ({
      info,
      lastHeardMsAgo: Math.max(0, Math.round(nowMs - heardMs)),
      topics: topics.size,
    }));
  }

  #route(topic: string, named: Set<string>): Route {
    const owners = [...(this.#owners.get(topic) ?? [])].sort();
    for (const owner of owners) named.add(owner);
    return {
      topic,
      shares: owners.map((broker) => ({
        broker,
        topic: this.#brokers.get(broker)?.topics.get(topic) ?? null,
      })),
    };
  }

  #of(session: Session): Registration | null {
    for (const registration of this.#brokers.values())
      if (registration.session === session) return registration;
    return null;
  }

  #put(registration: Registration, topic: Topic__Output): void {
    registration.topics.set(topic.name, topic);
    const owners = this.#owners.get(topic.name);
    if (owners === undefined) this.#owners.set(topic.name, new Set([registration.info.name]));
    else owners.add(registration.info.name);
  }

  #take(registration: Registration, topic: string): void {
    registration.topics.delete(topic);
    const owners = this.#owners.get(topic);
    owners?.delete(registration.info.name);
    if (owners?.size === 0) this.#owners.delete(topic);
  }

  #remove(broker: string): { readonly topics: string[]; readonly makers: boolean } {
    const registration = this.#brokers.get(broker);
    if (registration === undefined) return { topics: [], makers: false };
    const topics = [...registration.topics.keys()];
    for (const topic of topics) this.#take(registration, topic);
    this.#brokers.delete(broker);
    return { topics, makers: registration.info.autoCreate };
  }
}

function refuseOlder(info: BrokerInfo__Output, former: BrokerInfo__Output): void {
  const older =
    info.epoch < former.epoch || (info.epoch === former.epoch && info.startedAtMs < former.startedAtMs);
  if (!older) return;
  throw new LogwheelError(
    "CONFLICT",
    `a later broker called ${info.name} is registered from ${former.address} (log epoch ${former.epoch}, this one ${info.epoch}): give each broker a name of its own`,
    { broker: info.name },
  );
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
