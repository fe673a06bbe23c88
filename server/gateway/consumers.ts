import type { Subscription } from "../../proto/gen/logwheel/v1/Subscription.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import type { BrokerChannels } from "./brokers.js";
import { GroupConsumer } from "./group-consumer.js";
import type { GroupRules } from "./settings.js";
import type { TopicRoutes, TopicShare } from "./topic-routes.js";

/** A queue of a topic is young as long as it has had no more messages than this: new groups begin at its beginning. */
const YOUNG_MESSAGES = 100_000;
const SEEK_MS = 3_000;
/** How often is looked whether clients have finished. */
const LOOK_MS = 100;

/** What consumers stand on. */
export interface ConsumersDeps {
  readonly routes: TopicRoutes;
  readonly brokers: BrokerChannels;
  readonly clock: Clock;
  readonly random: () => number;
  groupRules(group: string): Promise<GroupRules>;
}

/** The clients of the gateway that consume, by client and group. */
export class Consumers {
  readonly #deps: ConsumersDeps;
  readonly #byName = new Map<string, GroupConsumer>();
  /** Where brokers were last. */
  readonly #addresses = new Map<string, string>();
  #finishing = false;

  constructor(deps: ConsumersDeps) {
    this.#deps = deps;
  }

  /** Memberships of clients in groups. */
  get size(): number {
    return this.#byName.size;
  }

  /** Messages that clients have. */
  get outstanding(): number {
    let sum = 0;
    for (const consumer of this.#byName.values()) sum += consumer.outstanding;
    return sum;
  }

  /** Whether no more messages are given out. */
  get finishing(): boolean {
    return this.#finishing;
  }

  /** The client as a consumer of the group, if it is one here. */
  find(client: string, group: string): GroupConsumer | undefined {
    return this.#byName.get(nameOf(client, group));
  }

  /** The same, made if it is new, and wanting the topic, and those of `told` that it did not want at all: what a call says is newer. */
  async of(
    client: string,
    group: string,
    subscription: Subscription,
    told: readonly Subscription[] = [],
  ): Promise<GroupConsumer> {
    const shares = await this.#deps.routes.of(subscription.topic!);
    for (const { broker, address } of shares) this.#addresses.set(broker, address);
    const rules = await this.#deps.groupRules(group);
    const known = this.find(client, group);
    const young = known?.wants(subscription) === true || (await this.#isYoung(group, shares));
    const consumer = this.find(client, group) ?? this.#make(client, group, rules);
    const further = told.filter(({ topic }) => topic !== subscription.topic && !consumer.knows(topic!));
    consumer.subscribe([...further, subscription], young);
    return consumer;
  }

  /** The client has ended: what it has is for others. */
  end(client: string): void {
    for (const [name, consumer] of this.#byName)
      if (name.startsWith(`${client}\n`)) {
        this.#byName.delete(name);
        consumer.close();
      }
  }

  /** Gives out nothing more; resolves when clients have settled what they have, or after `withinMs`. */
  async finish(withinMs: number): Promise<void> {
    const { clock } = this.#deps;
    this.#finishing = true;
    const untilMs = clock.monotonicMs() + withinMs;
    for (;;) {
      for (const consumer of this.#byName.values()) consumer.finish();
      if (this.outstanding === 0 || clock.monotonicMs() >= untilMs) return;
      await clock.sleep(LOOK_MS);
    }
  }

  close(): void {
    for (const consumer of this.#byName.values()) consumer.close();
    this.#byName.clear();
  }

  #make(client: string, group: string, { ordered }: GroupRules): GroupConsumer {
    const { clock, random, brokers } = this.#deps;
    const addressOf = (broker: string): string | undefined => this.#addresses.get(broker);
    const made = new GroupConsumer({
      group,
      ordered,
      host: client,
      clock,
      random,
      connections: brokers,
      addressOf,
    });
    this.#byName.set(nameOf(client, group), made);
    return made;
  }

  /** A group that is new begins where RocketMQ would have it: at the end, unless there is little before that. */
  async #isYoung(group: string, shares: readonly TopicShare[]): Promise<boolean> {
    const { brokers } = this.#deps;
    try {
      for (const { address, topic } of shares)
        for (let queueId = 0; queueId < topic.queues; queueId++) {
          const seek = { topic: topic.name, queueId, group };
          const { firstOffset, endOffset } = await brokers
            .at(address)
            .unary(BROKER.seek, seek, { timeoutMs: SEEK_MS });
          if (firstOffset > 0 || endOffset > YOUNG_MESSAGES) return false;
        }
      return true;
    } catch {
      return false;
    }
  }
}

function nameOf(client: string, group: string): string {
  return `${client}\n${group}`;
}
