import type { Arrived } from "./broker-member.js";
import { laneOf } from "./outstanding.js";

/** No more is fetched for calls that wait beside so much that none of them asks for. */
const MESSAGES_MAX = 1_024;
const BYTES_MAX = 32 << 20;

/** What has come for one consumer and nobody has asked for, by broker. */
export class Arrivals {
  readonly #byBroker = new Map<string, Arrived[]>();

  get brokers(): string[] {
    return [...this.#byBroker.keys()];
  }

  add(broker: string, arrived: readonly Arrived[]): void {
    this.#byBroker.set(broker, [...(this.#byBroker.get(broker) ?? []), ...arrived]);
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
