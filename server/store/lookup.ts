import { keysOf } from "../../proto/kernel/message-codec.js";
import { recordStoredAtMs } from "../../proto/kernel/record.js";
import type { KeyIndexes } from "./key-indexes.js";
import type { Queue, TopicState } from "./queue.js";
import type { QueueReader } from "./queue-reader.js";
import { HEADER_BYTES, type Header, KIND, RECORD_AT } from "./record.js";
import type { RecordReader } from "./record-reader.js";

/** Finds single messages: by place in the log, by key, by time. For people and duplicates; not for the hot path. */
export class Lookup {
  readonly #records: RecordReader;
  readonly #reader: QueueReader;
  readonly #keys: KeyIndexes;
  readonly #endOffset: (queue: Queue) => number;

  constructor(deps: {
    records: RecordReader;
    reader: QueueReader;
    keys: KeyIndexes;
    endOffset: (queue: Queue) => number;
  }) {
    this.#records = deps.records;
    this.#reader = deps.reader;
    this.#keys = deps.keys;
    this.#endOffset = deps.endOffset;
  }

  /** The stored `Record` message at a log offset, of one log epoch; undefined if retention or a cut took it. */
  async recordAt(epoch: number, logOffset: number): Promise<Buffer | undefined> {
    const found = await this.#records.find(logOffset);
    if (found === undefined || found.header.epoch !== epoch || found.header.kind !== KIND.message)
      return undefined;
    const { bytes, at } = found.held;
    return bytes.subarray(at + RECORD_AT, at + found.header.length);
  }

  /** Where the message at a log offset stands, and of which log epoch it is; undefined if retention took it. */
  async headerAt(logOffset: number): Promise<Readonly<Header> | undefined> {
    return (await this.#records.find(logOffset))?.header;
  }

  /**
   * Stored `Record` messages of a topic that carry a key, newest first: up to `max` of them, or up to the one with which
   * they exceed `bytesMax`.
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
      const found = await this.#records.find(logOffset);
      if (found === undefined || found.header.topic !== topic.number) continue;
      const { bytes, at } = found.held;
      const end = at + found.header.length;
      if (!keysOf(bytes, at + HEADER_BYTES, end).includes(key)) continue;
      records.push(bytes.subarray(at + RECORD_AT, end));
      left -= end - at;
      if (records.length === max || left < 0) break;
    }
    return records;
  }

  /** The first offset of a queue whose message was stored at a time or later; its end offset if there is none. */
  async offsetAt(queue: Queue, storedAtMs: number): Promise<number> {
    let low = queue.firstOffset;
    let high = this.#endOffset(queue);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((await this.storedAt(queue, middle)) < storedAtMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Store time of one message, milliseconds. */
  async storedAt(queue: Queue, offset: number): Promise<number> {
    let storedAtMs = 0;
    await this.#reader.read(queue, offset, ONE, {
      take(bytes, start) {
        storedAtMs = recordStoredAtMs(bytes, start);
        return true;
      },
    });
    return storedAtMs;
  }
}

const ONE = { maxMessages: 1, maxBytes: 1 } as const;
