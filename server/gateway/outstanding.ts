import type { QueueAck } from "../../proto/gen/logwheel/v1/QueueAck.js";
import type { Receipt } from "./receipt-handle.js";

/** A message that a client has, from its delivery to its end. */
export interface OutMessage {
  readonly topic: string;
  readonly receipt: Receipt;
  readonly sinceMs: number;
  /** The gateway keeps it from others as long as the client is there. */
  readonly renewed: boolean;
  /** Monotonic. */
  untilMs: number;
}

/** What a client has, by place; how many of a queue and of a key in it are known. */
export class Outstanding {
  readonly #byPlace = new Map<string, OutMessage>();
  readonly #counts = new Map<string, number>();

  get(topic: string, place: Place): OutMessage | undefined {
    return this.#byPlace.get(placeOf(topic, place));
  }

  /** All of them; they may be deleted meanwhile. */
  all(): OutMessage[] {
    return [...this.#byPlace.values()];
  }

  /** What there is of one broker, by queue. */
  of(broker: string): QueueAck[] {
    const queues = new Map<string, QueueAck & { ranges: { start: number; end: number }[] }>();
    for (const { topic, receipt } of this.#byPlace.values()) {
      if (receipt.broker !== broker) continue;
      const { queueId, generation, offset } = receipt;
      const known = queues.get(queueOf(topic, receipt)) ?? { topic, queueId, generation, ranges: [] };
      known.ranges.push({ start: offset, end: offset + 1 });
      queues.set(queueOf(topic, receipt), known);
    }
    return [...queues.values()];
  }

  get size(): number {
    return this.#byPlace.size;
  }

  /** How many there are of a queue, or of a lane. */
  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  set(message: OutMessage): void {
    const { topic, receipt } = message;
    this.delete(topic, receipt);
    this.#byPlace.set(placeOf(topic, receipt), message);
    for (const name of [queueOf(topic, receipt), laneOf(topic, receipt)])
      this.#counts.set(name, this.count(name) + 1);
  }

  /** Whether it was there. */
  delete(topic: string, place: Place): boolean {
    const known = this.#byPlace.get(placeOf(topic, place));
    if (known === undefined) return false;
    this.#byPlace.delete(placeOf(topic, place));
    for (const name of [queueOf(topic, known.receipt), laneOf(topic, known.receipt)]) {
      const left = this.count(name) - 1;
      if (left === 0) this.#counts.delete(name);
      else this.#counts.set(name, left);
    }
    return true;
  }
}

type Place = Pick<Receipt, "broker" | "queueId" | "offset">;

/** A queue, for maps. */
export function queueOf(topic: string, { broker, queueId }: Pick<Receipt, "broker" | "queueId">): string {
  return `${broker} ${topic} ${queueId}`;
}

/** An ordering key of a queue, for maps. */
export function laneOf(
  topic: string,
  { broker, queueId, keyHash }: Pick<Receipt, "broker" | "queueId" | "keyHash">,
): string {
  return `${queueOf(topic, { broker, queueId })} ${keyHash}`;
}

function placeOf(topic: string, { broker, queueId, offset }: Place): string {
  return `${queueOf(topic, { broker, queueId })} ${offset}`;
}
