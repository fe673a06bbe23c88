import type { BrokerInfo__Output } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { Topic__Output } from "../../proto/gen/logwheel/v1/Topic.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { NAME_SERVER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { KEYED_GRACE_MS } from "../../proto/kernel/limits.js";
import type { NameServers } from "./name-servers.js";

/** A topic's queues on one broker. */
export interface TopicShare {
  readonly broker: string;
  /** Where the broker listens. */
  readonly address: string;
  readonly topic: Topic__Output;
}

/** Answers are asked for again after this; older ones hold as long as nobody answers. */
const FRESH_MS = 2_000;
/** Topics that are remembered. */
const TOPICS_MAX = 10_000;

interface Known {
  readonly shares: readonly TopicShare[];
  /** Of brokers that left the routes, and when. */
  readonly gone: readonly { readonly share: TopicShare; readonly sinceMs: number }[];
  askedMs: number;
}

/** Where the brokers are asked. */
export interface TopicRoutesDeps {
  readonly clock: Clock;
  readonly nameServers: NameServers;
  /** What this process has of a topic itself; undefined if it is no broker, or has nothing. */
  own(topic: string): TopicShare | undefined;
}

/** Which brokers have a topic, by name of the broker. */
export class TopicRoutes {
  readonly #deps: TopicRoutesDeps;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<readonly TopicShare[]>>();
  /** No name server answered when it was asked last. */
  #unheard = false;

  constructor(deps: TopicRoutesDeps) {
    this.#deps = deps;
  }

  /** The shares of a topic, in the order of their brokers' names: none where nobody has it. BROKER_UNAVAILABLE if nobody can say. */
  async of(topic: string): Promise<readonly TopicShare[]> {
    const { clock, nameServers, own } = this.#deps;
    const known = this.#known.get(topic);
    const ownShare = own(topic);
    if (nameServers.count === 0) return ownShare === undefined ? [] : [ownShare];
    if (known !== undefined && known.shares.length > 0) {
      if (clock.monotonicMs() - known.askedMs > FRESH_MS) void this.#ask(topic).catch(() => {});
      return withOwn(known.shares, ownShare);
    }
    // Nobody waits for them again and again as long as there is something to go on with.
    if (ownShare !== undefined && this.#unheard) {
      void this.#ask(topic).catch(() => {});
      return [ownShare];
    }
    try {
      return withOwn(await this.#ask(topic), ownShare);
    } catch (thrown) {
      if (ownShare !== undefined) return [ownShare];
      throw thrown;
    }
  }

  /**
   * The shares among which an ordering key chooses: those of brokers that left a short time ago, too, since its messages wait for
   * their queue. BROKER_UNAVAILABLE as long as nobody has said what other brokers have.
   */
  async keyed(topic: string): Promise<readonly TopicShare[]> {
    const { clock, nameServers } = this.#deps;
    const shares = await this.of(topic);
    const known = this.#known.get(topic);
    if (known === undefined && nameServers.count > 0)
      throw new LogwheelError(
        "BROKER_UNAVAILABLE",
        `no name server has said yet which brokers have topic ${topic}: which queue a message group has is not known`,
      );
    const nowMs = clock.monotonicMs();
    const gone = (known?.gone ?? [])
      .filter(({ share, sinceMs }) => nowMs - sinceMs < KEYED_GRACE_MS && !has(shares, share.broker))
      .map(({ share }) => share);
    return gone.length === 0 ? shares : [...shares, ...gone].sort(byBroker);
  }

  #ask(topic: string): Promise<readonly TopicShare[]> {
    const asking = this.#asking.get(topic) ?? this.#askAll(topic).finally(() => this.#asking.delete(topic));
    this.#asking.set(topic, asking);
    return asking;
  }

  async #askAll(topic: string): Promise<readonly TopicShare[]> {
    try {
      const { routes, brokers } = await this.#deps.nameServers.ask(NAME_SERVER.getRoutes, {
        topics: [topic],
      });
      const shares = sharesOf(routes[0]?.shares ?? [], brokers);
      this.#unheard = false;
      this.#remember(topic, shares);
      return shares;
    } catch (thrown) {
      this.#unheard = true;
      throw thrown;
    }
  }

  #remember(topic: string, shares: readonly TopicShare[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const before = this.#known.get(topic);
    const left = (before?.shares ?? []).map((share) => ({ share, sinceMs: nowMs }));
    const gone = [...(before?.gone ?? []), ...left].filter(
      ({ share, sinceMs }) => nowMs - sinceMs < KEYED_GRACE_MS && !has(shares, share.broker),
    );
    if (this.#known.size >= TOPICS_MAX) this.#known.clear();
    this.#known.set(topic, { shares, gone, askedMs: nowMs });
  }
}

function sharesOf(
  shares: readonly { readonly broker: string; readonly topic: Topic__Output | null }[],
  brokers: readonly BrokerInfo__Output[],
): TopicShare[] {
  const addresses = new Map(brokers.map(({ name, address }) => [name, address]));
  return shares
    .flatMap(({ broker, topic }) => {
      const address = addresses.get(broker);
      return address === undefined || topic === null ? [] : [{ broker, address, topic }];
    })
    .sort(byBroker);
}

/** What this broker knows of itself is newer than what a name server says. */
function withOwn(shares: readonly TopicShare[], own: TopicShare | undefined): readonly TopicShare[] {
  if (own === undefined) return shares;
  return [...shares.filter(({ broker }) => broker !== own.broker), own].sort(byBroker);
}

function has(shares: readonly TopicShare[], broker: string): boolean {
  return shares.some((share) => share.broker === broker);
}

/** The order that every producer finds. */
function byBroker(a: TopicShare, b: TopicShare): number {
  return a.broker < b.broker ? -1 : 1;
}
