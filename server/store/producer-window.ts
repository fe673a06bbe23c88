const FIRST_PLACES = 16;

/** Most sequences that are remembered of one producer; more than any producer has in flight. */
export const WINDOW_MAX = 16_384;

const QUEUES = 2 ** 16;

function queueNumber(topic: number, queueId: number): number {
  return topic * QUEUES + queueId;
}

/** Room for the windows of all producers together: two messages with distant sequences could make each of them large. */
export class WindowRoom {
  #placesLeft: number;

  constructor(places = 8 << 20) {
    this.#placesLeft = places;
  }

  /** Takes room for so many places more; false if there is not as much. */
  take(places: number): boolean {
    if (places > this.#placesLeft) return false;
    this.#placesLeft -= places;
    return true;
  }

  give(places: number): void {
    this.#placesLeft += places;
  }
}

/** A window in a snapshot; the two lists hold pairs: sequence and log offset, queue number and sequence. */
export type WindowJson = [
  id: number,
  storedAtMs: number,
  floor: number,
  highest: number,
  pairs: number[],
  ordered: number[],
];

/**
 * What the broker remembers of one producer: where each of its latest sequences was stored.
 *
 * Invariant: a sequence from the floor on is either in its place or was never stored. The window starts small and
 * doubles as the producer's sequences in flight spread; nothing is forgotten while it grows. Where there is no room to
 * grow the floor rises: an answer is unknown then, never wrong. What the producer settles
 * is not in the log: a replay remembers more than the live broker, never less.
 */
export class ProducerWindow {
  readonly id: number;
  /** Highest stored sequence; 0 before the first. */
  highest = 0;
  /** Store time of the latest message, for forgetting producers that went away. */
  storedAtMs = 0;
  /** Sequences below are forgotten: an answer about them would be a guess. */
  #floor = 1;
  #sequences = new Float64Array(FIRST_PLACES);
  #logOffsets = new Float64Array(FIRST_PLACES);
  /** Sequence of the latest message with an ordering key, by queue number (`queueNumber`). */
  readonly #ordered = new Map<number, number>();
  readonly #room: WindowRoom;

  constructor(id: number, room = new WindowRoom()) {
    this.id = id;
    this.#room = room;
  }

  /** Gives its room back: it is forgotten. */
  close(): void {
    this.#room.give(this.#sequences.length - FIRST_PLACES);
  }

  /** How much there is in it. */
  get size(): { pairs: number; ordered: number } {
    let pairs = 0;
    for (const sequence of this.#sequences) if (sequence !== 0) pairs++;
    return { pairs, ordered: this.#ordered.size };
  }

  /** Forgets all but the latest sequences. */
  keepLatest(count: number): void {
    const known = this.#sequences.filter((sequence) => sequence !== 0).sort();
    if (known.length > count) this.settle(count === 0 ? this.highest + 1 : known[known.length - count]!);
  }

  /** Log offset of the message stored with `sequence`; 0 if it is new; undefined where that is not known any more. */
  find(sequence: number): number | undefined {
    if (sequence < this.#floor) return undefined;
    if (sequence > this.highest) return 0;
    const place = sequence % this.#sequences.length;
    return this.#sequences[place] === sequence ? this.#logOffsets[place]! : 0;
  }

  /** Remembers where a sequence was stored. Doing so again changes nothing. */
  add(sequence: number, logOffset: number, storedAtMs: number): void {
    if (sequence < this.#floor) return;
    let place = sequence % this.#sequences.length;
    const there = this.#sequences[place]!;
    if (there !== 0 && there !== sequence) {
      if (this.#grow()) return this.add(sequence, logOffset, storedAtMs);
      this.#floor = Math.max(this.#floor, Math.min(there, sequence) + 1);
      if (sequence < there) return;
      place = sequence % this.#sequences.length;
    }
    this.#sequences[place] = sequence;
    this.#logOffsets[place] = logOffset;
    this.storedAtMs = storedAtMs;
    if (sequence > this.highest) this.highest = sequence;
  }

  /** The producer will not repeat sequences below: their places are free, and an old one is not new again. */
  settle(below: number): void {
    if (below <= this.#floor) return;
    const places = this.#sequences.length;
    const from = Math.max(this.#floor, below - places);
    for (let sequence = from; sequence < below; sequence++) {
      const place = sequence % places;
      if (this.#sequences[place]! < below) this.#sequences[place] = 0;
    }
    this.#floor = below;
  }

  /** Sequence of the producer's latest message with an ordering key in a queue; 0 if there is none. */
  orderedBefore(topic: number, queueId: number): number {
    return this.#ordered.get(queueNumber(topic, queueId)) ?? 0;
  }

  /** Remembers the latest message with an ordering key in a queue. */
  addOrdered(topic: number, queueId: number, sequence: number): void {
    this.#ordered.set(queueNumber(topic, queueId), sequence);
  }

  /** Forgets the queues of a deleted topic. */
  dropTopic(topic: number): void {
    for (const key of this.#ordered.keys()) if (Math.floor(key / QUEUES) === topic) this.#ordered.delete(key);
  }

  /** For the snapshot. */
  toJSON(): WindowJson {
    const pairs: number[] = [];
    const sequences = this.#sequences;
    for (let place = 0; place < sequences.length; place++)
      if (sequences[place] !== 0) pairs.push(sequences[place]!, this.#logOffsets[place]!);
    return [this.id, this.storedAtMs, this.#floor, this.highest, pairs, [...this.#ordered].flat()];
  }

  static fromJSON(
    [id, storedAtMs, floor, highest, pairs, ordered]: WindowJson,
    room?: WindowRoom,
  ): ProducerWindow {
    const window = new ProducerWindow(id, room);
    window.#floor = floor;
    for (let at = 0; at < pairs.length; at += 2) window.add(pairs[at]!, pairs[at + 1]!, storedAtMs);
    for (let at = 0; at < ordered.length; at += 2) window.#ordered.set(ordered[at]!, ordered[at + 1]!);
    window.highest = highest;
    window.storedAtMs = storedAtMs;
    return window;
  }

  #grow(): boolean {
    const { length } = this.#sequences;
    if (length >= WINDOW_MAX || !this.#room.take(length)) return false;
    const sequences = this.#sequences;
    const logOffsets = this.#logOffsets;
    this.#sequences = new Float64Array(sequences.length * 2);
    this.#logOffsets = new Float64Array(sequences.length * 2);
    for (const [place, sequence] of sequences.entries()) {
      if (sequence === 0) continue;
      const moved = sequence % this.#sequences.length;
      this.#sequences[moved] = sequence;
      this.#logOffsets[moved] = logOffsets[place]!;
    }
    return true;
  }
}
