import { DAMAGED, type EntryChain, HOLE, OpenEntries } from "./open-entries.js";
import { HEADER_BYTES, type Header, KIND } from "./record.js";
import type { LogRange, SalvageVisitor } from "./salvage.js";
import type { QueueEntries } from "./segment-index.js";
import { State } from "./state.js";

/** A queue and its entries. */
interface Orphan {
  readonly topic: number;
  readonly queueId: number;
  readonly chain: EntryChain;
}

/**
 * The consume index of a sealed segment, gathered again from its records.
 *
 * Queue offsets that are missing behind a damaged place become entries that say so and name the place; missing without
 * one, they were given up before and are holes.
 */
export class SalvagedEntries implements SalvageVisitor {
  readonly #state = new State();
  /** Queues whose topic is in a damaged part of the snapshot, by topic and queue. */
  readonly #orphans = new Map<string, Orphan>();
  /** Positions at which damage begins. */
  readonly #damage: number[] = [];
  readonly #open: OpenEntries;
  /** The snapshot is whole: it says where each queue begins. */
  #opened = false;

  constructor(segmentStart: number) {
    this.#open = new OpenEntries(segmentStart);
  }

  record(header: Header, bytes: Buffer, at: number): void {
    if (header.kind === KIND.message) this.#message(header);
    else if (header.kind === KIND.snapshot || header.kind === KIND.topic)
      this.#state.reduce(
        header.kind,
        JSON.parse(bytes.toString("utf8", at + HEADER_BYTES, at + header.length)),
      );
    if (header.kind === KIND.snapshot && !header.more && this.#damage.length === 0) this.#opened = true;
  }

  damage({ from }: LogRange): void {
    this.#damage.push(from - this.#open.start);
  }

  /** Every queue that is known of, with or without entries, ascending by topic and queue. */
  queues(): QueueEntries[] {
    const all = [...this.#orphans.values()];
    for (const { number: topic, queues } of this.#state.topics.values())
      for (const queue of queues)
        if (!this.#orphans.has(`${topic}/${queue.id}`)) all.push({ topic, queueId: queue.id, chain: queue });
    return all
      .sort((a, b) => a.topic - b.topic || a.queueId - b.queueId)
      .map(({ topic, queueId, chain }) => {
        const count = chain.indexed - chain.base;
        return { topic, queueId, baseOffset: chain.base, count, entries: this.#open.of(chain) };
      });
  }

  #message(header: Header): void {
    const chain = this.#chainOf(header);
    if (chain.lastRow === 0 && !this.#opened) chain.base = chain.indexed = header.queueOffset;
    while (chain.indexed < header.queueOffset) this.#addMissing(chain);
    const position = header.logOffset - this.#open.start;
    this.#open.add(chain, position, header.length, header.tagHash, header.keyHash);
  }

  #chainOf({ topic, queueId, queueOffset }: Header): EntryChain {
    const queue = this.#state.topicByNumber(topic)?.queues[queueId];
    if (queue !== undefined && this.#orphans.size === 0) return queue;
    const name = `${topic}/${queueId}`;
    const known = this.#orphans.get(name);
    if (known !== undefined) return known.chain;
    if (queue !== undefined) return queue;
    const chain = { base: queueOffset, indexed: queueOffset, lastRow: 0 };
    this.#orphans.set(name, { topic, queueId, chain });
    return chain;
  }

  #addMissing(chain: EntryChain): void {
    const before = this.#open.lastPosition(chain);
    const damage = this.#damage.find((position) => position >= before);
    if (damage === undefined) this.#open.add(chain, before, HOLE, 0, 0);
    else this.#open.add(chain, damage, DAMAGED, 0, 0);
  }
}
