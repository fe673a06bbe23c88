import { LogwheelError } from "../../proto/kernel/errors.js";
import { keysOf } from "../../proto/kernel/message-codec.js";
import { recordStoredAtMs } from "../../proto/kernel/record.js";
import type { KeyIndexes } from "./key-indexes.js";
import type { Queue, TopicState } from "./queue.js";
import type { QueueReader } from "./queue-reader.js";
import { HEADER_BYTES, type Header, holdsMessage, KIND, RECORD_AT } from "./record.js";
import type { FoundRecord, RecordReader } from "./record-reader.js";

/** Finds single messages: by place in the log, by key, by time. For people and duplicates; not for the hot path. */
export class Lookup {
  readonly #records: RecordReader;
  readonly #reader: QueueReader;
  readonly #keys: KeyIndexes;
  readonly #endOffset: (queue: Queue) => number;
  readonly #placeOf: (origin: number) => number;

  /** `placeOf` says where the record of something that is or was due lies now. */
  constructor(deps: {
    records: RecordReader;
    reader: QueueReader;
    keys: KeyIndexes;
    endOffset: (queue: Queue) => number;
    placeOf: (origin: number) => number;
  }) {
    this.#records = deps.records;
    this.#reader = deps.reader;
    this.#keys = deps.keys;
    this.#endOffset = deps.endOffset;
    this.#placeOf = deps.placeOf;
  }

  /**
   * The stored `Record` with a message that came in at a log offset, of one log epoch, also a delayed or half one, wherever it is
   * now; undefined if retention or a cut took it.
   */
  async recordAt(epoch: number, logOffset: number): Promise<Buffer | undefined> {
    const found = await this.#cameInAt(logOffset);
    if (found === undefined || found.header.epoch !== epoch || !holdsMessage(found.header.kind))
      return undefined;
    const { bytes, at } = found.held;
    return bytes.subarray(at + RECORD_AT, at + found.header.length);
  }

  /** The stored `Record` message of what is due, by the log offset that it is known by; undefined where none is. */
  async dueAt(origin: number): Promise<Buffer | undefined> {
    const found = await this.#cameInAt(origin);
    if (found === undefined || (found.header.kind !== KIND.delayed && found.header.kind !== KIND.half))
      return undefined;
    const { bytes, at } = found.held;
    return bytes.subarray(at + RECORD_AT, at + found.header.length);
  }

  /** The record at a log offset, for many of them in the order of the log; see `RecordReader.near`. */
  near(logOffset: number): FoundRecord | undefined | Promise<FoundRecord | undefined> {
    return this.#records.near(logOffset);
  }

  /** The record at a log offset, if it is among the newest in memory and not large; valid until the next call. */
  recent(logOffset: number): FoundRecord | undefined {
    return this.#records.recent(logOffset);
  }

  /** The stored `Record` message at a place in a queue; undefined if retention took it, or it is not there yet. */
  async messageAt(queue: Queue, offset: number): Promise<Buffer | undefined> {
    let record: Buffer | undefined;
    if (offset < this.#endOffset(queue))
      await this.#reader.read(queue, offset, ONE, {
        take(bytes, start, end, queueOffset) {
          if (queueOffset === offset) record = Buffer.from(bytes.subarray(start, end));
          return true;
        },
      });
    return record;
  }

  /** Begins to read what `near` will be asked for. */
  prefetch(logOffset: number): void {
    this.#records.prefetch(logOffset);
  }

  /** Where the message that came in at a log offset stands, and of which log epoch it is; undefined if retention took it. */
  async headerAt(logOffset: number): Promise<Readonly<Header> | undefined> {
    return (await this.#cameInAt(logOffset))?.header;
  }

  /** The record with the message that came in at a log offset, wherever it is now; undefined if retention took it. */
  async messageOf(logOffset: number): Promise<FoundRecord | undefined> {
    const found = await this.#cameInAt(logOffset);
    if (found === undefined) return undefined;
    const { bytes, at, size } = found.held;
    return { header: found.header, bytes, start: at + HEADER_BYTES, end: at + size };
  }

  /**
   * The same. A copy is known by the log offset of what it holds only. A record may be copied, and the place where it was dropped,
   * while it is read there.
   */
  async #cameInAt(logOffset: number): ReturnType<RecordReader["find"]> {
    const place = this.#placeOf(logOffset);
    try {
      const found = await this.#records.find(place);
      if (found?.header.logOffset === logOffset) return found;
    } catch (thrown) {
      if (this.#placeOf(logOffset) === place) throw thrown;
    }
    return this.#placeOf(logOffset) === place ? undefined : this.#cameInAt(logOffset);
  }

  /**
   * Stored `Record` messages in a topic's queues that carry a key, newest first: up to `max` of them, or up to the one with
   * which they exceed `bytesMax`.
   */
  async findByKey(
    topic: TopicState,
    key: string,
    max: number,
    bytesMax = Number.POSITIVE_INFINITY,
  ): Promise<Buffer[]> {
    const records: Buffer[] = [];
    let left = bytesMax;
    for await (const logOffset of this.#keys.find(topic.number, key)) {
      const found = await this.#withKey(topic, key, logOffset);
      if (found?.header.kind !== KIND.message) continue;
      const { bytes, at } = found.held;
      const end = at + found.header.length;
      records.push(bytes.subarray(at + RECORD_AT, end));
      left -= end - at;
      if (records.length === max || left < 0) break;
    }
    return records;
  }

  /**
   * Log offsets at which delayed messages of a topic came in that carry a key. `wanted` is asked of each place where one may
   * be, or have been.
   */
  async delayedByKey(
    topic: TopicState,
    key: string,
    wanted: (logOffset: number) => boolean,
  ): Promise<Set<number>> {
    const origins = new Set<number>();
    for await (const logOffset of this.#keys.find(topic.number, key)) {
      const found = wanted(logOffset) ? await this.#withKey(topic, key, logOffset) : undefined;
      if (found?.header.kind === KIND.delayed) origins.add(found.header.logOffset);
    }
    return origins;
  }

  /** The record that the key index has at a log offset, if it really is of this topic and has this key. */
  async #withKey(topic: TopicState, key: string, logOffset: number): ReturnType<RecordReader["find"]> {
    const found = await this.#records.find(logOffset);
    if (found === undefined || found.header.topic !== topic.number) return undefined;
    const { bytes, at } = found.held;
    return keysOf(bytes, at + HEADER_BYTES, at + found.header.length).includes(key) ? found : undefined;
  }

  /**
   * The first offset of a queue whose message was stored at a time or later; its end offset if there is none. Among
   * damaged messages it may be an earlier one.
   */
  async offsetAt(queue: Queue, storedAtMs: number): Promise<number> {
    let low = queue.firstOffset;
    let high = this.#endOffset(queue);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await this.#readable(queue, middle, high);
      if (found !== undefined && found.storedAtMs < storedAtMs) low = found.offset + 1;
      else high = middle;
    }
    return low;
  }

  /** Store time of one message, milliseconds; where it cannot be read, of one behind it, and 0 if there is none. */
  async storedAt(queue: Queue, offset: number): Promise<number> {
    return (await this.#readable(queue, offset, this.#endOffset(queue)))?.storedAtMs ?? 0;
  }

  /** A message between two offsets that can be read: the first one, or one behind a long range of damage. */
  async #readable(
    queue: Queue,
    from: number,
    to: number,
  ): Promise<{ offset: number; storedAtMs: number } | undefined> {
    let found: { offset: number; storedAtMs: number } | undefined;
    for (let tried = 0, offset = from; offset < to && found === undefined; tried++) {
      try {
        await this.#reader.read(queue, offset, ONE, {
          take(bytes, start, _end, queueOffset) {
            found = { offset: queueOffset, storedAtMs: recordStoredAtMs(bytes, start) };
            return true;
          },
        });
      } catch (thrown) {
        if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw thrown;
      }
      offset += Math.max(1, 2 ** (tried - STEPS_OF_ONE));
    }
    return found;
  }
}

/** So many damaged messages are tried one by one; then the steps double. */
const STEPS_OF_ONE = 64;

const ONE = { maxMessages: 1, maxBytes: 1 } as const;
