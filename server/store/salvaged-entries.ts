import { DAMAGED, HOLE, OpenEntries } from "./open-entries.js";
import { HEADER_BYTES, type Header, KIND } from "./record.js";
import type { LogRange, SalvageVisitor } from "./salvage.js";
import type { QueueEntries } from "./segment-index.js";
import { State } from "./state.js";

/**
 * The consume index of a sealed segment, gathered again from its records.
 *
 * Queue offsets that are missing behind a damaged place become entries that say so and name the place; missing without
 * one, they were given up before and are holes.
 */
export class SalvagedEntries implements SalvageVisitor {
  readonly #state = new State();
  /** Queues whose topic is in a damaged part of the snapshot, by topic and queue. */
  readonly #orphans = new Map<string, { topic: number; queueId: number; open: OpenEntries }>();
  /** Positions at which damage begins. */
  readonly #damage: number[] = [];
  readonly #segmentStart: number;
  /** The snapshot is whole: it says where each queue begins. */
  #opened = false;

  constructor(segmentStart: number) {
    this.#segmentStart = segmentStart;
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
    this.#damage.push(from - this.#segmentStart);
  }

  /** Every queue that is known of, with or without entries, ascending by topic and queue. */
  queues(): QueueEntries[] {
    const all = [...this.#orphans.values()];
    for (const { number: topic, queues } of this.#state.topics.values())
      for (const { id: queueId, open } of queues)
        if (!this.#orphans.has(`${topic}/${queueId}`)) all.push({ topic, queueId, open });
    return all
      .sort((a, b) => a.topic - b.topic || a.queueId - b.queueId)
      .map(({ topic, queueId, open }) => ({ topic, queueId, baseOffset: open.base, entries: open.numbers }));
  }

  #message(header: Header): void {
    const open = this.#entriesOf(header);
    if (open.count === 0 && !this.#opened) open.base = header.queueOffset;
    while (open.base + open.count < header.queueOffset) this.#addMissing(open);
    open.add(header.logOffset - this.#segmentStart, header.length, header.tagHash, header.keyHash);
  }

  #entriesOf({ topic, queueId, queueOffset }: Header): OpenEntries {
    const queue = this.#state.topicByNumber(topic)?.queues[queueId];
    if (queue !== undefined && this.#orphans.size === 0) return queue.open;
    const name = `${topic}/${queueId}`;
    const known = this.#orphans.get(name);
    if (known !== undefined) return known.open;
    if (queue !== undefined) return queue.open;
    const open = new OpenEntries(queueOffset);
    this.#orphans.set(name, { topic, queueId, open });
    return open;
  }

  #addMissing(open: OpenEntries): void {
    const before = open.count === 0 ? 0 : open.position(open.count - 1);
    const damage = this.#damage.find((position) => position >= before);
    if (damage === undefined) open.add(before, HOLE, 0, 0);
    else open.add(damage, DAMAGED, 0, 0);
  }
}
