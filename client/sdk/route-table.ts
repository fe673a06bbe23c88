import type { BrokerInfo__Output } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import { Permission } from "../../proto/gen/logwheel/v1/Permission.js";
import type { Route__Output } from "../../proto/gen/logwheel/v1/Route.js";
import type { Routes__Output } from "../../proto/gen/logwheel/v1/Routes.js";
import { KEYED_GRACE_MS } from "../../proto/kernel/limits.js";

/** A topic's queues on one broker. */
export interface Share {
  readonly broker: string;
  /** Ids run from 0. */
  readonly queues: number;
  readonly readable: boolean;
  readonly writable: boolean;
  /** Monotonic time at which the broker left the routes; null while it is there. */
  readonly goneMs: number | null;
}

/** Where a topic is. Replaced, never changed. */
export interface TopicRoute {
  readonly topic: string;
  /** By broker name. Empty: nobody has the topic. */
  readonly shares: readonly Share[];
}

/** Brokers and routes as the name servers told them. Pure: time comes with each call. */
export class RouteTable {
  readonly #brokers = new Map<string, BrokerInfo__Output>();
  readonly #routes = new Map<string, TopicRoute>();
  #makers: readonly BrokerInfo__Output[] = [];

  /** The topic's route; undefined as long as nobody was asked. */
  route(topic: string): TopicRoute | undefined {
    return this.#routes.get(topic);
  }

  broker(name: string): BrokerInfo__Output | undefined {
    return this.#brokers.get(name);
  }

  /** Brokers that make unknown topics at the first send, by name. */
  get makers(): readonly BrokerInfo__Output[] {
    return this.#makers;
  }

  /** Addresses of all brokers that are in any route, or left one a short time ago. */
  addresses(): Set<string> {
    return new Set([...this.#brokers.values()].map((broker) => broker.address));
  }

  /** Whether there are shares of brokers that left the routes. */
  get hasGone(): boolean {
    for (const route of this.#routes.values())
      if (route.shares.some(({ goneMs }) => goneMs !== null)) return true;
    return false;
  }

  /**
   * Takes over what a name server says and returns the topics whose route has changed. With `keepMissing` nothing is
   * taken away: a name server that has just started knows little.
   */
  apply(told: Routes__Output, nowMs: number, keepMissing: boolean): string[] {
    const moved = this.#applyBrokers(told.brokers, keepMissing);
    const changed: string[] = [];
    for (const route of told.routes) {
      const before = this.#routes.get(route.topic);
      const after = merge(before, route, nowMs, keepMissing);
      if (before !== undefined && sameShares(before, after) && !after.shares.some((s) => moved.has(s.broker)))
        continue;
      this.#routes.set(route.topic, after);
      changed.push(route.topic);
    }
    return changed;
  }

  /** Forgets brokers that left long ago; returns the topics whose route has changed. */
  purge(nowMs: number): string[] {
    const changed: string[] = [];
    for (const [topic, route] of this.#routes) {
      const shares = route.shares.filter(({ goneMs }) => goneMs === null || nowMs - goneMs < KEYED_GRACE_MS);
      if (shares.length === route.shares.length) continue;
      this.#routes.set(topic, { topic, shares });
      changed.push(topic);
    }
    const used = new Set(this.#makers.map((broker) => broker.name));
    for (const route of this.#routes.values()) for (const share of route.shares) used.add(share.broker);
    for (const name of [...this.#brokers.keys()]) if (!used.has(name)) this.#brokers.delete(name);
    return changed;
  }

  /** Returns the brokers that are new, were restarted or changed their address. */
  #applyBrokers(told: readonly BrokerInfo__Output[], keepMissing: boolean): Set<string> {
    const moved = new Set<string>();
    for (const broker of told) {
      const before = this.#brokers.get(broker.name);
      if (before?.address !== broker.address || before.epoch !== broker.epoch) moved.add(broker.name);
      this.#brokers.set(broker.name, broker);
    }
    const makers = new Map(keepMissing ? this.#makers.map((broker) => [broker.name, broker]) : []);
    for (const broker of told) if (broker.autoCreate) makers.set(broker.name, broker);
    this.#makers = [...makers.values()].sort((a, b) => byName(a.name, b.name));
    return moved;
  }
}

function merge(
  before: TopicRoute | undefined,
  told: Route__Output,
  nowMs: number,
  keepMissing: boolean,
): TopicRoute {
  const shares = new Map<string, Share>();
  for (const share of before?.shares ?? [])
    shares.set(share.broker, keepMissing ? share : { ...share, goneMs: share.goneMs ?? nowMs });
  for (const { broker, topic } of told.shares)
    if (topic !== null)
      shares.set(broker, {
        broker,
        queues: topic.queues,
        readable:
          topic.permission === Permission.PERMISSION_READ_WRITE ||
          topic.permission === Permission.PERMISSION_READ,
        writable:
          topic.permission === Permission.PERMISSION_READ_WRITE ||
          topic.permission === Permission.PERMISSION_WRITE,
        goneMs: null,
      });
  return { topic: told.topic, shares: [...shares.values()].sort((a, b) => byName(a.broker, b.broker)) };
}

/** By UTF-16 code units, not by locale: every client must find the same order. */
function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sameShares(a: TopicRoute, b: TopicRoute): boolean {
  return (
    a.shares.length === b.shares.length &&
    a.shares.every((share, i) => {
      const other = b.shares[i]!;
      return (
        share.broker === other.broker &&
        share.queues === other.queues &&
        share.readable === other.readable &&
        share.writable === other.writable &&
        (share.goneMs === null) === (other.goneMs === null)
      );
    })
  );
}
