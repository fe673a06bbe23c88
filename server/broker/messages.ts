import type { FindMessagesReply } from "../../proto/gen/logwheel/v1/FindMessagesReply.js";
import type { FindMessagesRequest__Output } from "../../proto/gen/logwheel/v1/FindMessagesRequest.js";
import type { GetMessageReply } from "../../proto/gen/logwheel/v1/GetMessageReply.js";
import type { GetMessageRequest__Output } from "../../proto/gen/logwheel/v1/GetMessageRequest.js";
import type { Record, Record__Output } from "../../proto/gen/logwheel/v1/Record.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { protoCodec } from "../../proto/kernel/proto-codec.js";
import {
  parseMessageId,
  recordKind,
  recordLogOffset,
  recordMessageId,
  recordTopic,
} from "../../proto/kernel/record.js";
import { KIND } from "../store/record.js";
import type { Store } from "../store/store.js";
import type { Topics } from "./topics.js";

const FOUND_DEFAULT = 64;
const FOUND_MAX = 1_024;

/** Bytes of the messages in one answer, which clients have to be able to read; a larger one comes alone. */
const FOUND_BYTES_MAX = 8 << 20;

const storedRecord = protoCodec<Record, Record__Output>("logwheel.v1.Record");

/** Looks messages up: by id, by queue and offset, by key. */
export class Messages {
  readonly #store: Store;
  readonly #topics: Topics;
  readonly #broker: string;

  constructor(deps: { store: Store; topics: Topics; broker: string }) {
    this.#store = deps.store;
    this.#topics = deps.topics;
    this.#broker = deps.broker;
  }

  /** The message of an id, or at a place in a queue. MESSAGE_NOT_FOUND if it is not, or no longer, here. */
  async get(request: GetMessageRequest__Output): Promise<GetMessageReply> {
    const record = request.id === "" ? await this.#atOffset(request) : await this.#ofId(request.id);
    const topic = record === undefined ? undefined : this.#store.state.topicByNumber(recordTopic(record, 0));
    if (record === undefined || topic === undefined) throw notFound(request);
    const id = recordMessageId(this.#broker, record, 0);
    return { topic: topic.name, id, record: storedRecord.decode(record), ...this.#later(record) };
  }

  /** What became of a record that is in no queue. */
  #later(record: Buffer): { state?: string; dueAtMs?: number } {
    const kind = recordKind(record, 0);
    if (kind === KIND.message) return {};
    const { due } = this.#store;
    const origin = recordLogOffset(record, 0);
    const pending = due.find(origin);
    if (pending === undefined) {
      const dropped = kind === KIND.half ? "rolled back" : "cancelled";
      return { state: due.wasDropped(origin) ? dropped : "delivered" };
    }
    return kind === KIND.half ? { state: "half" } : { state: "delayed", dueAtMs: pending.dueAtMs };
  }

  /** Messages of a topic that carry a key, newest first. */
  async find(request: FindMessagesRequest__Output): Promise<FindMessagesReply> {
    const topic = this.#topics.get(request.topic);
    if (request.key === "") throw new LogwheelError("BAD_REQUEST", "the key to look for is empty");
    const max = Math.min(request.max || FOUND_DEFAULT, FOUND_MAX);
    const found = await this.#store.lookup.findByKey(topic, request.key, max + 1, FOUND_BYTES_MAX);
    const records = found.slice(0, fitting(found, max));
    return {
      records: records.map((record) => storedRecord.decode(record)),
      more: found.length > records.length,
    };
  }

  async #ofId(id: string): Promise<Buffer | undefined> {
    const place = parseMessageId(id);
    if (place === undefined)
      throw new LogwheelError(
        "BAD_REQUEST",
        `${JSON.stringify(id.slice(0, 200))} is no message id: one looks like ${this.#broker}-1-4096`,
      );
    const { broker, epoch, logOffset } = place;
    if (broker !== this.#broker)
      throw new LogwheelError(
        "MESSAGE_NOT_FOUND",
        `message ${id} is of broker ${broker}; this is ${this.#broker}`,
        { broker },
      );
    return this.#store.lookup.recordAt(epoch, logOffset);
  }

  async #atOffset({ topic, queueId, offset }: GetMessageRequest__Output): Promise<Buffer | undefined> {
    const queue = this.#topics.get(topic).queues[queueId];
    return queue && this.#store.lookup.messageAt(queue, offset);
  }
}

/** How many of the records one answer takes. */
function fitting(records: readonly Buffer[], max: number): number {
  let bytes = 0;
  const end = records.findIndex((record) => {
    bytes += record.length;
    return bytes > FOUND_BYTES_MAX;
  });
  return Math.max(1, Math.min(max, end < 0 ? records.length : end));
}

function notFound({ id, topic, queueId, offset }: GetMessageRequest__Output): LogwheelError {
  const what = id === "" ? `offset ${offset} of queue ${queueId} of topic ${topic}` : `message ${id}`;
  return new LogwheelError(
    "MESSAGE_NOT_FOUND",
    `${what} is not here: it was never stored, or retention has dropped it`,
  );
}
