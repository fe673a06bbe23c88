import type { Clock } from "../../proto/kernel/clock.js";
import { Envelope, scanMessage } from "../../proto/kernel/envelope.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { MESSAGE_LIMITS } from "../../proto/kernel/limits.js";
import { DECISION, EntryReader } from "../../proto/kernel/publish-codec.js";
import { encodePublishReply } from "../../proto/kernel/publish-reply.js";
import type { ReceiptInput } from "../../proto/kernel/receipt-codec.js";
import type { SentMessages } from "../../proto/kernel/send-codec.js";
import type { Queue, TopicState } from "../store/queue.js";
import { emptyHeader, HEADER_BYTES } from "../store/record.js";
import type { Store } from "../store/store.js";
import { isCommit } from "./decision.js";
import type { Deferral, Deferrals } from "./deferral.js";
import type { Meter } from "./meter.js";
import { PublishOutcome } from "./publish-outcome.js";
import { QueueChoice } from "./queue-choice.js";
import { Repeats, unknownSequence } from "./repeats.js";
import type { Sent } from "./sent.js";
import type { Topics } from "./topics.js";
import type { Transactions } from "./transactions.js";
import { checkWritable } from "./writable.js";

/** What publishing needs. */
export interface PublishDeps {
  readonly store: Store;
  readonly topics: Topics;
  /** Name of this broker, part of message ids. */
  readonly broker: string;
  /** Whether receipts may say flushed. */
  readonly flushSync: boolean;
  /** The largest body that is taken; MESSAGE_LIMITS has the most there can be, and the default. */
  readonly bodyBytesMax?: number | undefined;
  /** Why nothing is accepted now (stopping, disk full), if so. */
  refusal(): LogwheelError | undefined;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly deferrals: Deferrals;
  readonly transactions: Transactions;
}

/**
 * Takes messages: checks each, recognises those that were sent before, appends them, and answers when they are as
 * durable as the flush mode promises. Everything up to the append happens in the turn of the call.
 */
export class Publisher {
  readonly #deps: PublishDeps;
  readonly #reader = new EntryReader();
  readonly #envelope = new Envelope();
  readonly #header = emptyHeader();
  readonly #repeats: Repeats;
  readonly #queues: QueueChoice;

  constructor(deps: PublishDeps) {
    this.#deps = deps;
    this.#repeats = new Repeats(deps.store, deps.clock);
    this.#queues = new QueueChoice(deps.store.state);
  }

  /**
   * Appends the messages of an encoded `PublishRequest` and calls `answer` with the encoded `PublishReply` later, or
   * `fail` if the log failed. Throws BAD_REQUEST for a frame that makes no sense.
   */
  publish(frame: Buffer, answer: (reply: Buffer) => void, fail: (error: LogwheelError) => void): void {
    const { store } = this.#deps;
    const refusal = this.#deps.refusal();
    if (refusal !== undefined) return this.refuse(frame, refusal, answer, fail);
    const reader = this.#reader;
    reader.reset(frame);
    const outcome = new PublishOutcome();
    const reply = this.#reply(outcome);
    store.stamp();
    this.#takeEntries(outcome);
    const { producerId, settledBelow } = reader;
    if (settledBelow > 0) store.state.producers.get(producerId)?.settle(settledBelow);
    this.#finish(outcome, () => answer(reply()), fail);
  }

  /**
   * Answers a frame with the same refusal for each of its messages, but for those that are stored already: a repeat whose
   * first answer was lost must not be told that nothing was stored. Throws BAD_REQUEST like `publish`.
   */
  refuse(
    frame: Buffer,
    error: LogwheelError,
    answer: (reply: Buffer) => void,
    fail: (error: LogwheelError) => void,
  ): void {
    const reader = this.#reader;
    reader.reset(frame);
    const outcome = new PublishOutcome();
    const reply = this.#reply(outcome);
    while (outcome.logOffsets.length < reader.count) {
      try {
        const known = reader.next() ? this.#repeats.find(reader) : 0;
        if (known > 0) outcome.duplicate(known);
        else outcome.refused(error);
      } catch (thrown) {
        outcome.refused(LogwheelError.from(thrown));
      }
    }
    if (outcome.duplicates.length > 0) return this.#finish(outcome, () => answer(reply()), fail);
    this.#deps.meter.refused(reader.count, error.code);
    answer(reply());
  }

  /** Encodes the reply to the frame that is being read, once the outcome is whole. */
  #reply(outcome: PublishOutcome): () => Buffer {
    const { store, flushSync: flushed } = this.#deps;
    const head = { frame: this.#reader.frame, epoch: store.epoch, flushed };
    return () => encodePublishReply({ ...head, ...outcome });
  }

  /** Appends the messages of a unary send, all or none; resolves with their receipts. */
  async send(sent: SentMessages): Promise<ReceiptInput[]> {
    const outcome = this.#takeUnary(sent);
    await new Promise<void>((resolve, reject) => this.#finish(outcome, resolve, reject));
    const { store, broker, flushSync } = this.#deps;
    return outcome.receipts({ broker, epoch: store.epoch, flushed: flushSync });
  }

  #takeUnary(sent: SentMessages): PublishOutcome {
    const refusal = this.#deps.refusal();
    if (refusal !== undefined && this.#repeats.find(sent) === 0) throw refusal;
    const [topic = this.#newTopicOf(sent)] = this.#deps.topics.find([sent.topic]);
    checkWritable(topic);
    this.#deps.store.stamp();
    const outcome = new PublishOutcome();
    if (sent.places.length === 1) this.#take(sent.bytes, this.#fillUnary(topic, sent, 0), outcome);
    else {
      const group = sent.places.map((_, index) => ({ ...this.#fillUnary(topic, sent, index) }));
      this.#takeGroup(sent.bytes, group, outcome);
    }
    if (outcome.refusals.length > 0) throw outcome.refusals[0]!.error;
    return outcome;
  }

  #fillUnary(topic: TopicState, from: SentMessages, index: number): Sent {
    const sent = this.#sent;
    const { logOffset, epoch } =
      from.transactionId === "" ? NO_PLACE : this.#deps.transactions.place(from.transactionId);
    sent.topic = topic;
    sent.queue = from.queueId === undefined ? 0 : from.queueId + 1;
    sent.producerId = from.producerId;
    sent.sequence = from.sequence === 0 ? 0 : from.sequence + index;
    sent.after = 0;
    sent.ordered = false;
    sent.half = from.half;
    sent.transaction = logOffset;
    sent.transactionEpoch = epoch;
    [sent.start, sent.end] = from.places[index]!;
    return sent;
  }

  /** Made, if that is allowed, once the messages are all fit to be stored. */
  #newTopicOf({ topic, bytes, places }: SentMessages): TopicState {
    for (const [start, end] of places) scanMessage(bytes, start, end, this.#envelope);
    return this.#deps.topics.ensure(topic);
  }

  #takeEntries(outcome: PublishOutcome): void {
    const reader = this.#reader;
    const topics = this.#deps.topics.find(reader.topics);
    let group: Sent[] | undefined;
    for (;;) {
      try {
        if (!reader.next()) break;
        if (reader.decision !== DECISION.none) {
          this.#decide(group !== undefined, outcome);
          continue;
        }
        topics[reader.topic] ??= this.#newTopic();
        const topic = topics[reader.topic]!;
        checkWritable(topic);
        if (reader.more || group !== undefined) {
          group ??= [];
          group.push(this.#sentNow(topic));
          if (reader.more) continue;
          this.#takeGroup(reader.bytes, group, outcome);
          group = undefined;
        } else this.#take(reader.bytes, this.#fill(topic), outcome);
      } catch (thrown) {
        const error = LogwheelError.from(thrown);
        outcome.refusedTo(reader.index, error);
        group = this.#skipGroup(error, outcome);
      }
    }
    if (group !== undefined)
      outcome.refusedTo(
        reader.index,
        new LogwheelError(
          "BAD_REQUEST",
          "the frame ends within a group: its last entry says that more follow",
        ),
      );
  }

  /** A decision about a transaction; the answer waits for it where its halves have to be read first. */
  #decide(inGroup: boolean, outcome: PublishOutcome): void {
    const { topics, topic, transaction, transactionEpoch, decision, more } = this.#reader;
    if (inGroup || more)
      throw new LogwheelError("BAD_REQUEST", "a decision cannot be one of a group of entries");
    const place = { logOffset: transaction, epoch: transactionEpoch };
    const done = this.#deps.transactions.decide(place, topics[topic]!, isCommit(decision));
    outcome.decided(done);
  }

  /** Made, if that is allowed, once its first message is fit to be stored. */
  #newTopic(): TopicState {
    const { topics, topic, bytes, messageStart, messageEnd } = this.#reader;
    scanMessage(bytes, messageStart, messageEnd, this.#envelope);
    return this.#deps.topics.ensure(topics[topic]!);
  }

  /** The rest of a group of which one entry was refused is refused too. */
  #skipGroup(error: LogwheelError, outcome: PublishOutcome): undefined {
    while (this.#reader.more) {
      try {
        if (!this.#reader.next()) return;
      } catch {}
      outcome.refusedTo(this.#reader.index, error);
    }
  }

  readonly #sent: Sent = {
    topic: undefined as unknown as TopicState,
    queue: 0,
    producerId: 0,
    sequence: 0,
    after: 0,
    ordered: true,
    half: false,
    transaction: 0,
    transactionEpoch: 0,
    start: 0,
    end: 0,
  };

  #fill(topic: TopicState): Sent {
    const sent = this.#sent;
    const reader = this.#reader;
    sent.topic = topic;
    sent.queue = reader.queue;
    sent.producerId = reader.producerId;
    sent.sequence = reader.sequence;
    sent.after = reader.after;
    sent.ordered = true;
    sent.half = reader.half;
    sent.transaction = reader.transaction;
    sent.transactionEpoch = reader.transactionEpoch;
    sent.start = reader.messageStart;
    sent.end = reader.messageEnd;
    return sent;
  }

  #sentNow(topic: TopicState): Sent {
    return { ...this.#fill(topic) };
  }

  /** Takes one message that is a group of its own. */
  #take(bytes: Buffer, sent: Sent, outcome: PublishOutcome): void {
    const known = this.#repeats.find(sent);
    if (known > 0) return outcome.duplicate(known);
    const envelope = this.#envelope;
    scanMessage(bytes, sent.start, sent.end, envelope);
    this.#checkBody();
    const queue = this.#queues.choose(sent, envelope);
    const deferral = this.#deps.deferrals.of(sent, envelope, bytes);
    const size = HEADER_BYTES + sent.end - sent.start;
    this.#checkSize(size, deferral !== undefined);
    this.#deps.store.reserve(size);
    this.#append(bytes, sent, queue, false, outcome, deferral);
  }

  /** Takes messages that are stored together or not at all, in one queue. */
  #takeGroup(bytes: Buffer, group: readonly Sent[], outcome: PublishOutcome): void {
    const known = group.map((sent) => this.#repeats.find(sent));
    if (known.some((logOffset) => logOffset > 0)) {
      if (known.includes(0)) throw unknownSequence(group[0]!);
      for (const logOffset of known) outcome.duplicate(logOffset);
      return;
    }
    let size = 0;
    let queue: Queue | undefined;
    for (const sent of group) {
      scanMessage(bytes, sent.start, sent.end, this.#envelope);
      this.#checkBody();
      if (queue !== undefined && sent.queue === 0) sent.queue = queue.id + 1;
      if (group.length > 1 && sent.half)
        throw new LogwheelError(
          "BAD_REQUEST",
          "a batch cannot have half messages: the messages of a transaction are sent one by one",
        );
      const own = this.#queues.choose(sent, this.#envelope, group[0] === sent);
      if (queue !== undefined && own !== queue)
        throw new LogwheelError(
          "BAD_REQUEST",
          "the messages of a batch go to one queue: they name different topics or queues",
        );
      queue = own;
      size += HEADER_BYTES + sent.end - sent.start;
    }
    const deferrals = group.map((sent) => {
      if (group.length > 1) scanMessage(bytes, sent.start, sent.end, this.#envelope);
      return this.#deps.deferrals.of(sent, this.#envelope, bytes);
    });
    this.#checkSize(size, deferrals.some(Boolean));
    this.#deps.store.reserve(size);
    for (const [index, sent] of group.entries()) {
      if (group.length > 1) scanMessage(bytes, sent.start, sent.end, this.#envelope);
      this.#append(bytes, sent, queue!, index < group.length - 1, outcome, deferrals[index]);
    }
  }

  #checkBody(): void {
    const { bodyBytes, deadLetterBytes } = this.#envelope;
    if (deadLetterBytes > 0)
      throw new LogwheelError(
        "BAD_REQUEST",
        "a message must not carry dead_letter: only brokers write it; send the message without it",
      );
    const bodyBytesMax = this.#deps.bodyBytesMax ?? MESSAGE_LIMITS.bodyBytesMax;
    if (bodyBytes > bodyBytesMax)
      throw new LogwheelError(
        "MESSAGE_TOO_LARGE",
        `the body has ${bodyBytes} bytes; this broker takes ${bodyBytesMax}`,
      );
  }

  /** What is deferred is delivered together with the record that settles it. */
  #checkSize(bytes: number, deferred: boolean): void {
    const { store } = this.#deps;
    if (!store.fits(deferred ? bytes + store.due.settleBytes(1) : bytes))
      throw new LogwheelError(
        "MESSAGE_TOO_LARGE",
        `${bytes} bytes do not fit the broker's log at once: send fewer or smaller messages`,
      );
  }

  #append(
    bytes: Buffer,
    sent: Sent,
    queue: Queue,
    more: boolean,
    outcome: PublishOutcome,
    deferral: Deferral | undefined,
  ): void {
    const header = this.#header;
    const envelope = this.#envelope;
    header.more = more;
    header.keyed = envelope.hasKeys;
    header.stands = false;
    header.hasTtl = envelope.ttlMs > 0;
    header.tagHash = envelope.tagHash;
    header.keyHash = envelope.keyHash;
    header.producerId = sent.sequence === 0 ? 0 : sent.producerId;
    header.sequence = sent.sequence;
    if (deferral === undefined) {
      const logOffset = this.#deps.store.append(queue, header, bytes, sent.start, sent.end);
      outcome.stored(logOffset, queue, header.queueOffset, sent.end - sent.start);
    } else {
      const logOffset = this.#deps.deferrals.append(deferral, queue, header, bytes, sent);
      outcome.kept(logOffset, queue, sent.end - sent.start);
    }
  }

  #finish(outcome: PublishOutcome, done: () => void, fail: (error: LogwheelError) => void): void {
    if (outcome.undecided.length === 0) return this.#answer(outcome, done, fail);
    Promise.all(outcome.undecided).then(() => this.#answer(outcome, done, fail));
  }

  #answer(outcome: PublishOutcome, done: () => void, fail: (error: LogwheelError) => void): void {
    const { meter, clock } = this.#deps;
    const stored = outcome.messages;
    meter.taken(stored, outcome.bytes);
    for (const { error } of outcome.refusals) meter.refused(1, error.code);
    const sinceMs = clock.monotonicMs();
    this.#deps.store.settled((error) => {
      meter.answered(clock.monotonicMs() - sinceMs);
      if (error !== null) fail(error);
      else if (outcome.duplicates.length === 0) done();
      else this.#repeats.recall(outcome).then(done, (thrown) => fail(LogwheelError.from(thrown)));
    });
  }
}

/** Of a message that joins no transaction. */
const NO_PLACE = { logOffset: 0, epoch: 0 };
