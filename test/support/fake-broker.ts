import type { Served, Stream } from "../../proto/kernel/channel.js";
import { BROKER, SERVICE_NAME } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { fnv1aOf } from "../../proto/kernel/hash.js";
import { type MessageContent, readMessage } from "../../proto/kernel/message-codec.js";
import { EntryReader } from "../../proto/kernel/publish-codec.js";
import { encodePublishReply, type Refused } from "../../proto/kernel/publish-reply.js";
import { fakeService } from "./fake-service.js";

/** One message of a frame. */
export interface SentEntry {
  readonly topic: string;
  /** Queue id + 1; 0: the broker chooses. */
  readonly queue: number;
  readonly producerId: number;
  readonly sequence: number;
  readonly after: number;
  readonly more: boolean;
  readonly message: MessageContent;
}

/** A frame as it arrived. */
export interface SentFrame {
  readonly frame: number;
  readonly settledBelow: number;
  readonly entries: readonly SentEntry[];
}

/** A message that a fake broker has. */
export interface StoredEntry extends SentEntry {
  readonly queueId: number;
  readonly queueOffset: number;
  readonly logOffset: number;
}

/**
 * A broker that takes frames as a real one does (order by predecessor, each sequence once) unless the test replaces what
 * it does with one.
 */
export class FakeBroker {
  readonly name: string;
  readonly stored: StoredEntry[] = [];
  readonly frames: SentFrame[] = [];
  epoch = 1;
  flushed = true;
  queues = 4;
  /** Streams that are open. */
  readonly streams = new Set<Stream<Buffer, Buffer>>();
  /** What happens to a frame; by default `accept`. */
  onFrame: (frame: SentFrame, stream: Stream<Buffer, Buffer>) => void = (frame, stream) => {
    stream.write(this.accept(frame));
  };
  /** Whether a message that is refused with `sent: maybe` is stored nevertheless. */
  storesDoubtful: () => boolean = () => false;
  /** Sequences below are forgotten, by producer. */
  readonly #settledBelow = new Map<number, number>();
  /** Why an entry is not taken. */
  refuse: (entry: SentEntry) => LogwheelError | undefined = () => undefined;

  constructor(name: string) {
    this.name = name;
  }

  get bodies(): string[] {
    return this.stored.map(({ message }) => message.body.toString());
  }

  served(): Served[] {
    return [fakeService(SERVICE_NAME.BROKER, BROKER, { publish: (stream) => this.#publish(stream) })];
  }

  /** Stores the frame's messages, groups all or none; returns the encoded reply. */
  accept(frame: SentFrame): Buffer {
    const outcomes: (StoredEntry | LogwheelError)[] = [];
    for (let at = 0; at < frame.entries.length; ) {
      let end = at;
      while (frame.entries[end]!.more) end++;
      const group = frame.entries.slice(at, end + 1);
      at = end + 1;
      const error = group.map((entry, i) => this.#refusal(entry, i === 0)).find((each) => each !== undefined);
      if (error?.sent === "maybe" && this.storesDoubtful()) for (const entry of group) this.#store(entry);
      for (const entry of group) outcomes.push(error ?? this.#store(entry));
    }
    for (const { producerId } of frame.entries.slice(0, 1))
      this.#settledBelow.set(
        producerId,
        Math.max(frame.settledBelow, this.#settledBelow.get(producerId) ?? 0),
      );
    return this.#reply(frame, outcomes);
  }

  #reply(frame: SentFrame, outcomes: readonly (StoredEntry | LogwheelError)[]): Buffer {
    const refusals: Refused[] = [];
    for (const [index, outcome] of outcomes.entries())
      if (outcome instanceof LogwheelError) refusals.push({ index, error: outcome });
    const numbers = (pick: (entry: StoredEntry) => number): number[] =>
      outcomes.map((outcome) => (outcome instanceof LogwheelError ? 0 : pick(outcome)));
    return encodePublishReply({
      frame: frame.frame,
      epoch: this.epoch,
      flushed: this.flushed,
      logOffsets: numbers(({ logOffset }) => logOffset),
      queueOffsets: numbers(({ queueOffset }) => queueOffset),
      queueIds: numbers(({ queueId }) => queueId),
      refusals,
      oldEpochs: [],
      deferred: [],
    });
  }

  #refusal(entry: SentEntry, first: boolean): LogwheelError | undefined {
    if (entry.sequence < (this.#settledBelow.get(entry.producerId) ?? 0))
      return new LogwheelError("SEQUENCE_UNKNOWN", `sequence ${entry.sequence} was settled`);
    if (this.#find(entry) !== undefined) return undefined;
    if (first && entry.message.orderingKey !== "") {
      const before = this.#before(entry)?.sequence ?? 0;
      if (before !== entry.after)
        return new LogwheelError("SEQUENCE_GAP", `after ${entry.after}, but the queue has ${before}`);
    }
    return this.refuse(entry);
  }

  /** The producer's latest message with an ordering key in the entry's queue. */
  #before(entry: SentEntry): StoredEntry | undefined {
    const queueId = this.#queueOf(entry);
    return this.stored.findLast(
      ({ topic, queueId: queue, producerId, message }) =>
        topic === entry.topic &&
        queue === queueId &&
        producerId === entry.producerId &&
        message.orderingKey !== "",
    );
  }

  #find({ producerId, sequence }: SentEntry): StoredEntry | undefined {
    return this.stored.find((other) => other.producerId === producerId && other.sequence === sequence);
  }

  #queueOf({ queue, message }: SentEntry): number {
    return queue > 0 ? queue - 1 : fnv1aOf(message.orderingKey) % this.queues;
  }

  #store(entry: SentEntry): StoredEntry {
    const known = this.#find(entry);
    if (known !== undefined) return known;
    const queueId = this.#queueOf(entry);
    const queueOffset = this.stored.filter(
      (other) => other.topic === entry.topic && other.queueId === queueId,
    ).length;
    const stored = { ...entry, queueId, queueOffset, logOffset: 1000 + this.stored.length };
    this.stored.push(stored);
    return stored;
  }

  #publish(stream: Stream<Buffer, Buffer>): void {
    this.streams.add(stream);
    stream.listen({
      message: (bytes) => {
        const frame = readFrame(bytes);
        this.frames.push(frame);
        this.onFrame(frame, stream);
      },
      end: () => stream.end(),
      close: () => this.streams.delete(stream),
    });
  }
}

function readFrame(bytes: Buffer): SentFrame {
  const reader = new EntryReader();
  reader.reset(bytes);
  const { frame, settledBelow, producerId } = reader;
  const entries: SentEntry[] = [];
  while (reader.next()) {
    const { queue, sequence, after, more } = reader;
    const message = readMessage(reader.bytes, reader.messageStart, reader.messageEnd);
    entries.push({ topic: reader.topics[reader.topic]!, queue, producerId, sequence, after, more, message });
  }
  return { frame, settledBelow, entries };
}
