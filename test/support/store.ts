import { systemClock } from "../../proto/kernel/clock.js";
import { Envelope, scanMessage } from "../../proto/kernel/envelope.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "../../proto/kernel/message-codec.js";
import { readRecord } from "../../proto/kernel/record.js";
import type { Files } from "../../server/disk/files.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import { MemoryViews } from "../../server/store/memory-views.js";
import type { Queue, TopicState } from "../../server/store/queue.js";
import { emptyHeader, HEADER_BYTES, type Header } from "../../server/store/record.js";
import { Store } from "../../server/store/store.js";
import type { StoreOptions } from "../../server/store/store-options.js";

/** Segments in tests: small enough to roll often. */
export const SEGMENT_BYTES = 64 << 10;

/** A store with small segments on the given disk. Views beside a disk in memory are in memory, too, and made anew. */
export function openStore(files: Files, options: Partial<StoreOptions> = {}): Promise<Store> {
  return Store.open({
    files,
    clock: systemClock,
    logger: silentLogger,
    flush: "sync",
    segmentBytes: SEGMENT_BYTES,
    slabsKept: 2,
    cacheBytes: 1 << 20,
    ...(files instanceof MemoryFiles ? { views: new MemoryViews() } : {}),
    ...options,
  });
}

/** Makes a topic of `queues` queues, of type mixed; not settled. */
export function addTopic(store: Store, name: string, queues = 1): TopicState {
  store.appendTopic({
    op: "put",
    number: store.state.nextTopicNumber,
    name,
    queues,
    type: 5,
    permission: 0,
    retentionMs: 0,
    attributes: {},
    createdAtMs: 1,
  });
  return store.state.topics.get(name)!;
}

/** What a test wants to say of a message besides its content. */
export interface Extras {
  readonly producerId?: number;
  readonly sequence?: number;
}

/** A message as a producer encodes it. */
export function encodedMessage(message: MessageInput): Buffer {
  const bytes = Buffer.alloc(encodedMessageSize(message));
  writeMessage(message, bytes, 0);
  return bytes;
}

/** What a broker fills in of the header of an encoded message. */
export function headerOf(bytes: Buffer): Header {
  const envelope = new Envelope();
  scanMessage(bytes, 0, bytes.length, envelope);
  const { hasKeys: keyed, tagHash, keyHash, ttlMs } = envelope;
  return { ...emptyHeader(), keyed, hasTtl: ttlMs > 0, tagHash, keyHash };
}

/** Appends messages as one group; returns their log offsets. Not settled. */
export function append(
  store: Store,
  queue: Queue,
  messages: readonly MessageInput[],
  extras: Extras = {},
): number[] {
  const encoded = messages.map(encodedMessage);
  store.stamp();
  store.reserve(encoded.reduce((sum, bytes) => sum + HEADER_BYTES + bytes.length, 0));
  return encoded.map((bytes, index) => {
    const header = headerOf(bytes);
    header.more = index < encoded.length - 1;
    header.producerId = extras.producerId ?? 0;
    header.sequence = extras.sequence === undefined ? 0 : extras.sequence + index;
    return store.append(queue, header, bytes, 0, bytes.length);
  });
}

/** A message whose body is a text. */
export function text(body: string, rest: Omit<MessageInput, "body"> = {}): MessageInput {
  return { ...rest, body: Buffer.from(body) };
}

/** Bodies, as texts, of a queue's visible messages from an offset on. */
export async function bodies(store: Store, queue: Queue, from = 0): Promise<string[]> {
  const found: string[] = [];
  let next = Math.max(from, queue.firstOffset);
  while (next < store.endOffset(queue))
    next = await store.read(
      queue,
      next,
      { maxMessages: 100, maxBytes: 1 << 20 },
      {
        take(bytes, start, end) {
          found.push(readRecord(bytes, start, end).message().body.toString());
          return true;
        },
      },
    );
  return found;
}
