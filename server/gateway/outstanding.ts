import type { QueueAck } from "../../proto/gen/logwheel/v1/QueueAck.js";
import type { Receipt } from "./receipt-handle.js";

/** An acknowledgement that is repeated while no more than so many came behind it is none that was too late. */
const REPEATS_KEPT = 4_096;

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

/** What there is of one queue, by offset. */
class QueueOut {
  readonly messages = new Map<number, OutMessage>();
  /** How many there are of a key. */
  readonly lanes = new Map<number, number>();
  /** Deliveries that were acknowledged a short time ago. */
  readonly acknowledged = new Map<number, Receipt>();
}

/** What a client has, by place; how many of a queue and of a key in it are known. */
export class Outstanding {
  readonly #queues = new Map<string, Map<string, Map<number, QueueOut>>>();
  /** The last acknowledgements, in turn. */
  readonly #repeats: { readonly queue: QueueOut; readonly offset: number }[] = [];
  #nextRepeat = 0;
  #size = 0;

  get(topic: string, place: Place): OutMessage | undefined {
    return this.#find(topic, place)?.messages.get(place.offset);
  }

  /** All of them; they may be deleted meanwhile. */
  all(): OutMessage[] {
    const all: OutMessage[] = [];
    for (const topics of this.#queues.values())
      for (const queues of topics.values())
        for (const { messages } of queues.values()) all.push(...messages.values());
    return all;
  }

  /** What there is of one broker, by queue. */
  of(broker: string): QueueAck[] {
    const acks: QueueAck[] = [];
    for (const [topic, queues] of this.#queues.get(broker) ?? [])
      for (const [queueId, { messages }] of queues) {
        const [first] = messages.values();
        if (first === undefined) continue;
        const ranges = Array.from(messages.keys(), (offset) => ({ start: offset, end: offset + 1 }));
        acks.push({ topic, queueId, generation: first.receipt.generation, ranges });
      }
    return acks;
  }

  get size(): number {
    return this.#size;
  }

  /** How many there are of a queue. */
  ofQueue(topic: string, place: Omit<Place, "offset">): number {
    return this.#find(topic, place)?.messages.size ?? 0;
  }

  /** How many there are of an ordering key of a queue. */
  ofLane(topic: string, place: Omit<Place, "offset">, keyHash: number): number {
    return this.#find(topic, place)?.lanes.get(keyHash) ?? 0;
  }

  set(message: OutMessage): void {
    const { topic, receipt } = message;
    const queue = this.#find(topic, receipt) ?? this.#make(topic, receipt);
    if (!this.#drop(queue, receipt.offset)) this.#size++;
    queue.messages.set(receipt.offset, message);
    queue.lanes.set(receipt.keyHash, (queue.lanes.get(receipt.keyHash) ?? 0) + 1);
  }

  /** Whether it was there. */
  delete(topic: string, place: Place): boolean {
    const queue = this.#find(topic, place);
    if (queue === undefined || !this.#drop(queue, place.offset)) return false;
    this.#size--;
    return true;
  }

  /** This delivery is acknowledged: that is remembered for a while. */
  remember(topic: string, receipt: Receipt): void {
    const { offset } = receipt;
    const queue = this.#find(topic, receipt) ?? this.#make(topic, receipt);
    const oldest = this.#repeats[this.#nextRepeat];
    oldest?.queue.acknowledged.delete(oldest.offset);
    this.#repeats[this.#nextRepeat] = { queue, offset };
    this.#nextRepeat = (this.#nextRepeat + 1) % REPEATS_KEPT;
    queue.acknowledged.set(offset, receipt);
  }

  /** Whether this delivery was acknowledged a short time ago. */
  remembers(topic: string, receipt: Receipt): boolean {
    const known = this.#find(topic, receipt)?.acknowledged.get(receipt.offset);
    return known?.attempt === receipt.attempt && known.generation === receipt.generation;
  }

  #find(topic: string, { broker, queueId }: Omit<Place, "offset">): QueueOut | undefined {
    return this.#queues.get(broker)?.get(topic)?.get(queueId);
  }

  #make(topic: string, { broker, queueId }: Omit<Place, "offset">): QueueOut {
    const made = new QueueOut();
    const topics = this.#queues.get(broker) ?? new Map<string, Map<number, QueueOut>>();
    const queues = topics.get(topic) ?? new Map<number, QueueOut>();
    this.#queues.set(broker, topics.set(topic, queues.set(queueId, made)));
    return made;
  }

  #drop({ messages, lanes }: QueueOut, offset: number): boolean {
    const known = messages.get(offset);
    if (known === undefined) return false;
    messages.delete(offset);
    const { keyHash } = known.receipt;
    const left = lanes.get(keyHash)! - 1;
    if (left === 0) lanes.delete(keyHash);
    else lanes.set(keyHash, left);
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
