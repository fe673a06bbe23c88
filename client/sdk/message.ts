import { inspect } from "node:util";
import type { MessageContent } from "../../proto/kernel/message-codec.js";
import { StoredRecord } from "../../proto/kernel/record.js";
import { plainBody } from "./body-bytes.js";
import { deadLetterOf } from "./dead-letter.js";
import type { Topic } from "./topic.js";
import type { DeadLetter, LastError, Message } from "./types.js";

/** A body smaller than this share of its frame is copied out of it: whoever keeps it must not keep the frame. */
const COPY_BELOW = 1 / 4;

/** Stands for a body that was not decoded yet. */
const UNREAD = Symbol("unread");

/** A delivered message: a view of the frame in which it came, decoded field by field when somebody asks. */
export class ReceivedMessage<T> implements Message<T> {
  readonly broker: string;
  /** Of the frame in which it came. */
  readonly frameBytes: number;
  readonly #topic: Topic<T>;
  readonly #record: StoredRecord;
  #content: MessageContent | null = null;
  #raw: Buffer | null = null;
  #body: T | typeof UNREAD = UNREAD;

  constructor(broker: string, topic: Topic<T>, record: StoredRecord, frameBytes: number) {
    this.broker = broker;
    this.#topic = topic;
    this.#record = record;
    this.frameBytes = frameBytes;
  }

  /** The same record as its next delivery. */
  nextAttempt(): StoredRecord {
    const { bytes, start, end, attempt } = this.#record;
    return new StoredRecord(bytes, start, end, attempt + 1);
  }

  /** Of the ordering key; 0 without one. */
  get keyHash(): number {
    return this.#record.keyHash;
  }

  /** Of its encoded record. */
  get bytes(): number {
    return this.#record.end - this.#record.start;
  }

  get id(): string {
    return this.#record.messageId(this.broker);
  }

  get topic(): string {
    return this.#topic.name;
  }

  /** Throws what the codec throws, unless `decode` was awaited before. */
  get body(): T {
    if (this.#body === UNREAD) this.#body = this.#topic.codec.decode(this.raw) as T;
    return this.#body;
  }

  get raw(): Uint8Array {
    if (this.#raw === null) {
      const { body, encoding } = this.#read();
      const plain = plainBody(body, encoding);
      this.#raw = plain === body && body.length < this.frameBytes * COPY_BELOW ? Buffer.from(body) : plain;
    }
    return this.#raw;
  }

  get storedBody(): Uint8Array {
    return Buffer.from(this.#read().body);
  }

  get keys(): readonly string[] {
    return this.#read().keys;
  }

  get tag(): string | undefined {
    return this.#read().tag || undefined;
  }

  get orderingKey(): string | undefined {
    return this.#read().orderingKey || undefined;
  }

  get properties(): Readonly<Record<string, string>> {
    return this.#read().properties;
  }

  get queueId(): number {
    return this.#record.queueId;
  }

  get queueOffset(): number {
    return this.#record.queueOffset;
  }

  get attempt(): number {
    return this.#record.attempt;
  }

  get lastError(): LastError | undefined {
    return this.#record.lastError;
  }

  get dead(): DeadLetter | undefined {
    const { deadLetter } = this.#read();
    return deadLetter === null ? undefined : deadLetterOf(deadLetter);
  }

  get ttlMs(): number | undefined {
    return this.#read().ttlMs || undefined;
  }

  get bornAt(): Date {
    return new Date(this.#read().bornAtMs);
  }

  get storedAt(): Date {
    return new Date(this.#record.storedAtMs);
  }

  get bornHost(): string {
    return this.#read().bornHost;
  }

  /** Decodes the body ahead of `body`; a promise if the codec takes its time. Throws or rejects with what it throws. */
  decode(): void | Promise<void> {
    if (this.#body !== UNREAD) return;
    const decoded = this.#topic.codec.decode(this.raw);
    if (decoded instanceof Promise)
      return decoded.then((body) => {
        this.#body = body;
      });
    this.#body = decoded;
  }

  /** Everything but the body, for logs. */
  toJSON(): object {
    const { id, topic, broker, queueId, queueOffset, attempt, tag, keys, orderingKey, properties } = this;
    const { bornAt, storedAt, bornHost, ttlMs, lastError, dead } = this;
    return {
      id,
      topic,
      broker,
      queueId,
      queueOffset,
      attempt,
      tag,
      keys,
      orderingKey,
      properties,
      bornAt,
      storedAt,
      bornHost,
      ttlMs,
      lastError,
      dead,
    };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  #read(): MessageContent {
    this.#content ??= this.#record.message();
    return this.#content;
  }
}
