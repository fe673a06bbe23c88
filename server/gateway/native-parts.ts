import { DEAD_LETTER_TAG } from "../../proto/kernel/dead-letter.js";
import { enter, ROCKETMQ, skipUnknown, TAG } from "../../proto/kernel/message-fields.js";
import { WireReader } from "../../proto/kernel/wire.js";

/** Field tags of `logwheel.v1.DeadLetter` of which clients of RocketMQ are told. */
const LETTER = { TOPIC: 0x3a, MESSAGE_ID: 0x52 } as const;

/** A part of the bytes of a message; from 0 to 0 where it has none. */
export class Place {
  start = 0;
  end = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** What the reader stands before; it stands behind it then. */
  take(reader: WireReader): void {
    this.end = reader.block();
    this.start = reader.at;
    reader.at = this.end;
  }

  clear(): void {
    this.start = this.end = 0;
  }
}

/** Starts and ends, in turn, of what a message may have several of. */
export type Places = number[];

/** Where the parts of a stored message lie in its bytes, and its numbers. Used again for every message. */
export class NativeParts {
  readonly body = new Place();
  readonly tag = new Place();
  readonly orderingKey = new Place();
  readonly bornHost = new Place();
  readonly keys: Places = [];
  /** Entries of the map. */
  readonly properties: Places = [];
  bornAtMs = 0;
  encoding = 0;
  deliverAtMs = 0;
  delayMs = 0;
  delayLevel = 0;
  /** Of a transaction. */
  half = false;
  /** That its producer gave it. */
  readonly messageId = new Place();
  readonly traceContext = new Place();
  readonly furtherKeys: Places = [];
  priority: number | undefined;
  /** It is a dead letter: topic and id that it had. */
  dead = false;
  readonly deadTopic = new Place();
  readonly deadId = new Place();
  readonly #reader = new WireReader();

  /** Reads the message in `bytes[start..end)`. BAD_REQUEST for bytes that are none. */
  read(bytes: Buffer, start: number, end: number): void {
    for (const place of [this.body, this.tag, this.orderingKey, this.bornHost]) place.clear();
    this.keys.length = this.properties.length = 0;
    this.bornAtMs = this.encoding = this.deliverAtMs = this.delayMs = this.delayLevel = 0;
    this.half = this.dead = false;
    this.#clearRocketMq();
    const reader = this.#reader.reset(bytes, start, end);
    while (reader.at < reader.end) this.#readField(reader, reader.tag());
  }

  #clearRocketMq(): void {
    this.messageId.clear();
    this.traceContext.clear();
    this.furtherKeys.length = 0;
    this.priority = undefined;
  }

  #readField(reader: WireReader, tag: number): void {
    switch (tag) {
      case TAG.BODY:
        return this.body.take(reader);
      case TAG.TAG:
        return this.tag.take(reader);
      case TAG.KEY:
        return addPlace(reader, this.keys);
      case TAG.ORDERING_KEY:
        return this.orderingKey.take(reader);
      case TAG.PROPERTY:
        return addPlace(reader, this.properties);
      case TAG.BORN_AT_MS:
        this.bornAtMs = reader.int64();
        return;
      case TAG.BORN_HOST:
        return this.bornHost.take(reader);
      case TAG.ENCODING:
        this.encoding = reader.uint32() | 0;
        return;
      default:
        this.#readRareField(reader, tag);
    }
  }

  #readRareField(reader: WireReader, tag: number): void {
    switch (tag) {
      case TAG.ROCKETMQ:
        return this.#readRocketMq(reader);
      case TAG.PRODUCER_GROUP: {
        const end = reader.block();
        this.half = end > reader.at;
        reader.at = end;
        return;
      }
      case TAG.DELAY_MS:
        this.delayMs = reader.int64();
        return;
      case TAG.DELIVER_AT_MS:
        this.deliverAtMs = reader.int64();
        return;
      case TAG.DELAY_LEVEL:
        this.delayLevel = reader.uint32();
        return;
      case TAG.TTL_MS:
        reader.int64();
        return;
      case DEAD_LETTER_TAG:
        return this.#readDeadLetter(reader);
      default:
        skipUnknown(reader, tag);
    }
  }

  #readRocketMq(reader: WireReader): void {
    this.#clearRocketMq();
    const end = enter(reader);
    while (reader.at < reader.end) {
      const tag = reader.tag();
      if (tag === ROCKETMQ.MESSAGE_ID) this.messageId.take(reader);
      else if (tag === ROCKETMQ.TRACE_CONTEXT) this.traceContext.take(reader);
      else if (tag === ROCKETMQ.FURTHER_KEY) addPlace(reader, this.furtherKeys);
      else if (tag === ROCKETMQ.PRIORITY) this.priority = reader.uint32() | 0;
      else reader.skip(tag);
    }
    reader.end = end;
  }

  #readDeadLetter(reader: WireReader): void {
    this.dead = true;
    this.deadTopic.clear();
    this.deadId.clear();
    const end = enter(reader);
    while (reader.at < reader.end) {
      const tag = reader.tag();
      if (tag === LETTER.TOPIC) this.deadTopic.take(reader);
      else if (tag === LETTER.MESSAGE_ID) this.deadId.take(reader);
      else reader.skip(tag);
    }
    reader.end = end;
  }
}

function addPlace(reader: WireReader, places: Places): void {
  const end = reader.block();
  places.push(reader.at, end);
  reader.at = end;
}
