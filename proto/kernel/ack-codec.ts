import type { Acks__Output } from "../gen/logwheel/v1/Acks.js";
import type { ConsumeRequest, ConsumeRequest__Output } from "../gen/logwheel/v1/ConsumeRequest.js";
import type { QueueAck__Output } from "../gen/logwheel/v1/QueueAck.js";
import type { Range__Output } from "../gen/logwheel/v1/Range.js";
import type { Codec } from "./channel.js";
import {
  numberFieldSize,
  textFieldSize,
  writeBlockHead,
  writeNumberField,
  writeTextField,
} from "./field-writer.js";
import { REQUEST_BYTES_MAX } from "./limits.js";
import { enter, passOver } from "./message-fields.js";
import { asked } from "./method.js";
import { TextCache } from "./text-cache.js";
import { checkUint64, malformed, varintSize, WireReader, WireWriter } from "./wire.js";

/** Field tags of `acks` in `logwheel.v1.ConsumeRequest`, and of `acked` in `ConsumeReply`. */
const REQUEST_ACKS = 0x1a;
const REPLY_ACKED = 0x22;

/** Field tags of `logwheel.v1.Acks`, `QueueAck`, `Range` and `Acked`. */
const ACKS = { SERIAL: 0x08, QUEUE: 0x12, AWAITED: 0x18 } as const;
const QUEUE = { TOPIC: 0x0a, QUEUE_ID: 0x10, GENERATION: 0x18, RANGE: 0x22 } as const;
const RANGE = { START: 0x08, END: 0x10 } as const;
const ACKED = { SERIAL: 0x08 } as const;

const QUEUE_ID_MAX = 2 ** 32 - 1;

/** The parts of acknowledgements, of which each may be missing; a number that is none is refused. */
type RangeIn = Partial<Range__Output>;
type QueueIn = Partial<Omit<QueueAck__Output, "ranges">> & { readonly ranges?: readonly RangeIn[] };
type AcksIn = Partial<Omit<Acks__Output, "queues">> & { readonly queues?: readonly QueueIn[] };

const library = asked<ConsumeRequest, ConsumeRequest__Output>("ConsumeRequest");
const reader = new WireReader();
const out = new WireWriter(1 << 10);
const texts = new TextCache();

/** What members say: acknowledgements, which come all the time, by hand, everything else by the library. */
export const consumeRequest: Codec<ConsumeRequest, ConsumeRequest__Output> = {
  encode: (request) => (request.acks ? encodeAcks(request.acks as AcksIn) : library.encode(request)),
  decode(bytes) {
    if (bytes[0] !== REQUEST_ACKS || bytes.length > REQUEST_BYTES_MAX) return library.decode(bytes);
    const end = reader.reset(bytes, 1, bytes.length).block();
    if (end !== bytes.length) return library.decode(bytes);
    return { request: "acks", acks: readAcks() };
  },
};

/** An encoded `ConsumeReply` that tells that everything was taken. */
export function encodeAcked(serial: number): Buffer {
  checkUint64("the serial", serial);
  out.at = 0;
  writeBlockHead(out, REPLY_ACKED, numberFieldSize(serial));
  writeNumberField(out, ACKED.SERIAL, serial);
  return out.take();
}

/** The serial of a reply that `encodeAcked` wrote; undefined for others, which the library reads. */
export function readAcked(bytes: Buffer): number | undefined {
  if (bytes[0] !== REPLY_ACKED || bytes[2] !== ACKED.SERIAL) return undefined;
  if (reader.reset(bytes, 1, bytes.length).block() !== bytes.length) return undefined;
  reader.at++;
  const serial = reader.uint64();
  return reader.at === bytes.length ? serial : undefined;
}

function encodeAcks({ serial = 0, queues = [], awaited = false }: AcksIn): Buffer {
  checkUint64("the serial", serial);
  let size = numberFieldSize(serial) + numberFieldSize(Number(awaited));
  for (const queue of queues) size += blockSize(queueSize(queue));
  out.at = 0;
  writeBlockHead(out, REQUEST_ACKS, size);
  writeNumberField(out, ACKS.SERIAL, serial);
  for (const queue of queues) writeQueue(queue);
  writeNumberField(out, ACKS.AWAITED, Number(awaited));
  return out.take();
}

function blockSize(size: number): number {
  return 1 + varintSize(size) + size;
}

function queueSize({ topic = "", queueId = 0, generation = 0, ranges = [] }: QueueIn): number {
  checkUint64("the queue", queueId);
  if (queueId > QUEUE_ID_MAX) throw malformed(`no queue has the number ${queueId}`);
  checkUint64("the generation", generation);
  let size = textFieldSize(topic) + numberFieldSize(queueId) + numberFieldSize(generation);
  for (const range of ranges) size += blockSize(rangeSize(range));
  return size;
}

function rangeSize({ start = 0, end = 0 }: RangeIn): number {
  checkUint64("the start of a range", start);
  checkUint64("the end of a range", end);
  return numberFieldSize(start) + numberFieldSize(end);
}

function writeQueue(queue: QueueIn): void {
  const { topic = "", queueId = 0, generation = 0, ranges = [] } = queue;
  writeBlockHead(out, ACKS.QUEUE, queueSize(queue));
  writeTextField(out, QUEUE.TOPIC, topic);
  writeNumberField(out, QUEUE.QUEUE_ID, queueId);
  writeNumberField(out, QUEUE.GENERATION, generation);
  for (const range of ranges) {
    writeBlockHead(out, QUEUE.RANGE, rangeSize(range));
    writeNumberField(out, RANGE.START, range.start ?? 0);
    writeNumberField(out, RANGE.END, range.end ?? 0);
  }
}

function readAcks(): Acks__Output {
  const acks = { serial: 0, queues: [] as QueueAck__Output[], awaited: false };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === ACKS.QUEUE) acks.queues.push(readQueue());
    else if (tag === ACKS.SERIAL) acks.serial = reader.uint64();
    else if (tag === ACKS.AWAITED) acks.awaited = reader.uint32() !== 0;
    else passOver(reader, tag, 3, "acknowledgements");
  }
  return acks;
}

function readQueue(): QueueAck__Output {
  const end = enter(reader);
  const queue = { topic: "", queueId: 0, generation: 0, ranges: [] as Range__Output[] };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === QUEUE.RANGE) queue.ranges.push(readRange());
    else if (tag === QUEUE.TOPIC) queue.topic = reader.text(texts);
    else if (tag === QUEUE.QUEUE_ID) queue.queueId = reader.uint32();
    else if (tag === QUEUE.GENERATION) queue.generation = reader.uint64();
    else passOver(reader, tag, 4, "a queue's acknowledgements");
  }
  reader.end = end;
  return queue;
}

function readRange(): Range__Output {
  const outer = enter(reader);
  const range = { start: 0, end: 0 };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === RANGE.START) range.start = reader.uint64();
    else if (tag === RANGE.END) range.end = reader.uint64();
    else passOver(reader, tag, 2, "a range");
  }
  reader.end = outer;
  return range;
}
