import type { MessageInput } from "../../proto/kernel/message-codec.js";
import type { PublishEntry, TransactionPlace } from "../../proto/kernel/publish-codec.js";
import { type Due, sentDue } from "./due.js";
import type { OrderedLane } from "./ordered-lane.js";
import type { SendReceipt } from "./types.js";

/** What a message costs beside its body: head, tag, keys and the objects that wait for the answer. */
const OVERHEAD_BYTES = 128;

/** Sends between two calls of `flush()`. */
export interface Generation {
  unsettled: number;
}

/** Gives a producer's caller the outcome: one receipt, or those of a batch. */
export type Resolve = (outcome: SendReceipt | readonly SendReceipt[]) => void;

/**
 * A message from the call of `send` until its promise settles. It is its own frame entry and its own message, so that a
 * send costs one object. The first message of a batch carries the others and stands for all of them.
 */
export class PendingSend implements PublishEntry, MessageInput {
  readonly topic: string;
  readonly body: Uint8Array;
  readonly tag: string | undefined;
  readonly keys: readonly string[] | undefined;
  readonly orderingKey: string | undefined;
  readonly properties: Readonly<Record<string, string>> | undefined;
  readonly bornAtMs: number;
  readonly bornHost: string;
  readonly encoding: number;
  readonly ttlMs: number | undefined;
  readonly delayMs: number;
  readonly deliverAtMs: number;
  readonly delayLevel: number;

  /** What the caller asked for. */
  readonly wantedQueue: number | undefined;
  readonly wantedBroker: string | undefined;

  topicIndex = 0;
  queueId: number | undefined = undefined;
  sequence = 0;
  after = 0;
  more = false;
  half = false;
  /** Of a half: whose members are asked how its transaction ended. */
  producerGroup: string | undefined = undefined;
  transaction: TransactionPlace | null = null;
  decision = 0;

  /** Other messages of a batch. */
  rest: readonly PendingSend[] | null = null;
  /** Order in its queue, of a message with an ordering key. */
  lane: OrderedLane | null = null;
  laneOrder = 0;
  /** Its lane counts it among those that went out. */
  underWay = false;
  /** Tries that reached a broker. */
  attempts = 0;
  /** The broker may have it under `sequence`: only a repeat with the same sequence there is safe. */
  uncertain = false;
  /** The caller has its answer; whatever comes from the broker is late. */
  settled = false;
  /** Nothing waits for the broker any more; the place that it took is free. */
  released = false;
  /** Broker that refused it last. */
  avoid: string | undefined = undefined;
  generation: Generation | null = null;
  resolve: Resolve = nothing;
  reject: (error: Error) => void = nothing;
  /** Ends the wait for the caller's signal and time limit. */
  free: (() => void) | null = null;

  /** Throws BAD_REQUEST for a time of delivery that is none. */
  constructor(
    topic: string,
    body: Uint8Array,
    message: Due & {
      readonly tag?: string | undefined;
      readonly keys?: readonly string[] | undefined;
      readonly orderingKey?: string | undefined;
      readonly properties?: Readonly<Record<string, string>> | undefined;
      readonly queueId?: number | undefined;
      readonly broker?: string | undefined;
      readonly ttlMs?: number | undefined;
    },
    bornAtMs: number,
    bornHost: string,
    encoding: number,
  ) {
    this.topic = topic;
    this.body = body;
    this.tag = message.tag;
    this.keys = message.keys;
    this.orderingKey = message.orderingKey;
    this.properties = message.properties;
    this.wantedQueue = message.queueId;
    this.wantedBroker = message.broker;
    this.bornAtMs = bornAtMs;
    this.bornHost = bornHost;
    this.encoding = encoding;
    this.ttlMs = message.ttlMs;
    const { delayMs, deliverAtMs, delayLevel } = sentDue(message);
    this.delayMs = delayMs;
    this.deliverAtMs = deliverAtMs;
    this.delayLevel = delayLevel;
  }

  get message(): MessageInput {
    return this;
  }

  /** Messages: 1, or those of the batch. */
  get size(): number {
    return this.rest === null ? 1 : 1 + this.rest.length;
  }

  /** Roughly what it takes in a frame. */
  get bytes(): number {
    let bytes = this.body.length + OVERHEAD_BYTES;
    if (this.rest !== null) for (const send of this.rest) bytes += send.body.length + OVERHEAD_BYTES;
    return bytes;
  }

  /** Whether no other queue will do. */
  get pinned(): boolean {
    return this.lane !== null || this.wantedQueue !== undefined || this.wantedBroker !== undefined;
  }

  /** Gives the caller its receipts, unless it has stopped waiting. */
  succeed(outcome: SendReceipt | readonly SendReceipt[]): void {
    if (this.settled) return;
    this.settled = true;
    this.free?.();
    this.resolve(outcome);
  }

  /** Gives the caller the error, unless it has stopped waiting. */
  fail(error: Error): void {
    if (this.settled) return;
    this.settled = true;
    this.free?.();
    this.reject(error);
  }
}

function nothing(): void {}
