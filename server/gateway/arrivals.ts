import type { Arrived } from "./broker-member.js";
import { laneOf, queueOf } from "./outstanding.js";
import type { OwnQueue } from "./own-queues.js";

/** No more is fetched for calls that wait beside so much that none of them asks for. */
const MESSAGES_MAX = 1_024;
const BYTES_MAX = 32 << 20;

/** What has come from one broker. */
class FromBroker {
  readonly byTopic = new Map<string, Arrived[]>();
  messages = 0;
  bytes = 0;
  /** Ordered, by lane: of a key that failed, what was taken before the broker knew of so many failures is dropped. */
  readonly staleBelow = new Map<string, number>();

  add(arrived: Arrived): void {
    const known = this.byTopic.get(arrived.topic);
    if (known === undefined) this.byTopic.set(arrived.topic, [arrived]);
    else known.push(arrived);
    this.messages++;
    this.bytes += bytesOf(arrived);
  }

  taken(arrived: readonly Arrived[]): void {
    this.messages -= arrived.length;
    for (const each of arrived) this.bytes -= bytesOf(each);
  }
}

/** What has come for one consumer and nobody has asked for, by broker. */
export class Arrivals {
  readonly #byBroker = new Map<string, FromBroker>();

  get brokers(): string[] {
    return [...this.#byBroker.keys()];
  }

  /** Takes a batch; all of it was taken at the same number of failures. */
  add(broker: string, arrived: readonly Arrived[]): void {
    const from = this.#from(broker);
    const { staleBelow } = from;
    for (const each of arrived)
      if (staleBelow.size === 0 || (staleBelow.get(laneOfArrived(broker, each)) ?? 0) <= each.failures)
        from.add(each);
    // Failures only count up: what is not stale now never is again.
    const known = arrived[0]?.failures ?? 0;
    for (const [lane, below] of staleBelow) if (below <= known) staleBelow.delete(lane);
  }

  /** A message of the lane failed: what has come of it goes, and what comes that was taken before so many failures. */
  dropLane(broker: string, lane: string, failures: number): void {
    this.take(broker, (each) => laneOfArrived(broker, each) === lane);
    this.#from(broker).staleBelow.set(lane, failures);
  }

  /** Keys of which something may come that does not count any more. */
  get stale(): number {
    return Array.from(this.#byBroker.values(), ({ staleBelow }) => staleBelow.size).reduce(
      (a, b) => a + b,
      0,
    );
  }

  /** Takes out, and returns, up to `max` messages of a topic: those that came first. */
  first(broker: string, topic: string, max: number): Arrived[] {
    const from = this.#byBroker.get(broker);
    const taken = from?.byTopic.get(topic)?.splice(0, max) ?? [];
    from?.taken(taken);
    return taken;
  }

  /** Takes out, and returns, what `which` says, asked once for each, in their order within a topic. */
  take(broker: string, which: (arrived: Arrived) => boolean): Arrived[] {
    const from = this.#byBroker.get(broker);
    if (from === undefined) return [];
    const taken: Arrived[] = [];
    for (const [topic, arrived] of from.byTopic) {
      const left: Arrived[] = [];
      for (const each of arrived) (which(each) ? taken : left).push(each);
      if (left.length < arrived.length) from.byTopic.set(topic, left);
    }
    from.taken(taken);
    return taken;
  }

  /** Keeps what is of these queues: one that was reset has another generation, and sends again what has come of the one before. */
  keep(broker: string, queues: readonly Omit<OwnQueue, "broker">[]): void {
    const kept = new Map(queues.map((each) => [queueOf(each.topic, { ...each, broker }), each.generation]));
    this.take(broker, ({ topic, generation, record: { queueId } }) => {
      return kept.get(queueOf(topic, { broker, queueId })) !== generation;
    });
  }

  drop(broker: string): void {
    this.#byBroker.delete(broker);
  }

  isFull(broker: string): boolean {
    const { messages = 0, bytes = 0 } = this.#byBroker.get(broker) ?? {};
    return messages >= MESSAGES_MAX || bytes >= BYTES_MAX;
  }

  #from(broker: string): FromBroker {
    const known = this.#byBroker.get(broker);
    if (known !== undefined) return known;
    const made = new FromBroker();
    this.#byBroker.set(broker, made);
    return made;
  }
}

function bytesOf({ record: { start, end } }: Arrived): number {
  return end - start;
}

/** The ordering key of a message that has come, for maps. */
export function laneOfArrived(broker: string, { topic, record: { queueId, keyHash } }: Arrived): string {
  return laneOf(topic, { broker, queueId, keyHash });
}
