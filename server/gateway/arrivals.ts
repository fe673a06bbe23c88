import type { Arrived } from "./broker-member.js";
import { laneOf } from "./outstanding.js";

/** No more is fetched for calls that wait beside so much that none of them asks for. */
const MESSAGES_MAX = 1_024;
const BYTES_MAX = 32 << 20;

/** What has come for one consumer and nobody has asked for, by broker. */
export class Arrivals {
  readonly #byBroker = new Map<string, Arrived[]>();
  /** Ordered, by broker and lane: of a key that failed, what was taken before the broker knew of so many failures is dropped. */
  readonly #staleBelow = new Map<string, Map<string, number>>();

  get brokers(): string[] {
    return [...this.#byBroker.keys()];
  }

  /** Takes a batch; all of it was taken at the same number of failures. */
  add(broker: string, arrived: readonly Arrived[]): void {
    const stale = this.#staleBelow.get(broker);
    const fresh = arrived.filter((each) => (stale?.get(laneOfArrived(broker, each)) ?? 0) <= each.failures);
    this.#byBroker.set(broker, [...(this.#byBroker.get(broker) ?? []), ...fresh]);
    // Failures only count up: what is not stale now never is again.
    const known = arrived[0]?.failures ?? 0;
    for (const [lane, below] of stale ?? []) if (below <= known) stale!.delete(lane);
  }

  /** A message of the lane failed: what has come of it goes, and what comes that was taken before so many failures. */
  dropLane(broker: string, lane: string, failures: number): void {
    this.take(broker, (each) => laneOfArrived(broker, each) === lane);
    const stale = this.#staleBelow.get(broker) ?? new Map<string, number>();
    this.#staleBelow.set(broker, stale.set(lane, failures));
  }

  /** Keys of which something may come that does not count any more. */
  get stale(): number {
    return Array.from(this.#staleBelow.values(), ({ size }) => size).reduce((a, b) => a + b, 0);
  }

  /** Takes out, and returns, what `which` says, asked once for each in their order. */
  take(broker: string, which: (arrived: Arrived) => boolean): Arrived[] {
    const taken: Arrived[] = [];
    const left: Arrived[] = [];
    for (const arrived of this.#byBroker.get(broker) ?? []) (which(arrived) ? taken : left).push(arrived);
    if (taken.length > 0) this.#byBroker.set(broker, left);
    return taken;
  }

  drop(broker: string): void {
    this.#byBroker.delete(broker);
    this.#staleBelow.delete(broker);
  }

  isFull(broker: string): boolean {
    const arrived = this.#byBroker.get(broker) ?? [];
    if (arrived.length >= MESSAGES_MAX) return true;
    return arrived.reduce((sum, { record: { start, end } }) => sum + end - start, 0) >= BYTES_MAX;
  }
}

/** The ordering key of a message that has come, for maps. */
export function laneOfArrived(broker: string, { topic, record: { queueId, keyHash } }: Arrived): string {
  return laneOf(topic, { broker, queueId, keyHash });
}
