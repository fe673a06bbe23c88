import type { Connect } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Due, DueAnswer, DueTime } from "./due.js";
import type { Topic } from "./topic.js";

/** What ends a call early. */
export interface CallOptions {
  /** Aborting rejects the call with ABORTED. */
  readonly signal?: AbortSignal;
  /** Milliseconds until TIMEOUT. */
  readonly timeoutMs?: number;
}

/** How to close. */
export interface CloseOptions extends CallOptions {
  /** Finish what is under way, up to `timeoutMs` (30,000 by default); true by default. */
  readonly drain?: boolean;
}

/** Something that holds connections until it is closed. */
export interface Closable extends AsyncDisposable {
  /** Drains by a deadline and frees everything. Every call gets the same promise. */
  close(options?: CloseOptions): Promise<void>;
  /** Resolves once it is closed, by whomever. */
  readonly closed: Promise<void>;
}

/** How a failed call is repeated: full jitter, and no more than a tenth of the traffic. */
export interface RetryPolicy {
  /** Tries in all; 3 by default. Infinity: until an answer comes. */
  readonly attempts: number;
  /** Longest first wait; 10 ms by default. */
  readonly initialMs: number;
  /** Longest wait; 1,000 ms by default. */
  readonly maxMs: number;
  /** Growth of the waits; 2 by default. */
  readonly factor?: number;
  /** Share of a wait that is left to chance, 0 to 1; 1 by default. */
  readonly jitter?: number;
}

/** Another way to a cluster than gRPC by the machine's clock: what `logwheel/testing` gives. */
export interface Transport {
  readonly connect: Connect;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/** How to reach a cluster. */
export interface ConnectOptions {
  /** Name servers, each `host:port`; a text may list several with commas. */
  readonly endpoints: string | readonly string[];
  /** What operators see beside this process's connections; the host's name by default. */
  readonly clientId?: string;
  /** Takes the SDK's log lines, for example a pino logger. False: none. By default warnings go to the console. */
  readonly logger?: Logger | false;
  /** For all producers of this client. */
  readonly retry?: Partial<RetryPolicy>;
  /** How long one try of a request may take; 3,000 ms by default. */
  readonly requestTimeoutMs?: number;
  /** Aborting gives up connecting, and later closes the client. */
  readonly signal?: AbortSignal;
  /** How to get there; by gRPC unless told otherwise. */
  readonly transport?: Transport;
}

/** Something that happened to a client's connections, routes and consumers. */
export type Status =
  | {
      readonly type: "connected" | "reconnecting" | "disconnected";
      readonly endpoint: string;
      readonly error?: LogwheelError;
    }
  | { readonly type: "route-changed"; readonly topic: string }
  | {
      readonly type: "assignment";
      readonly group: string;
      readonly topic: string;
      readonly broker: string;
      readonly queues: readonly number[];
      /** What the broker adds for people, for example that there are fewer queues than members. */
      readonly note?: string;
    }
  | {
      readonly type: "paused" | "resumed";
      readonly group: string;
      /** The handlers are behind, `pause()` was called, or an operator paused the group. */
      readonly reason: "cache-full" | "user" | "group";
    }
  | { readonly type: "error"; readonly error: LogwheelError };

/** A message to send, and when it is to be delivered. */
export type OutMessage<T> = MessageParts<T> & Due;

/** What is sent, and where to. */
export interface MessageParts<T> {
  readonly topic: Topic<T>;
  /** Must not be changed before the send has settled. */
  readonly body: T;
  /** For look-up; at most 16. */
  readonly keys?: readonly string[] | undefined;
  /** For filters. */
  readonly tag?: string | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Messages of one key go to one queue and keep their order. */
  readonly orderingKey?: string | undefined;
  /** So long after it was stored the message expires: no group gets it any more. By default as its topic says. */
  readonly ttlMs?: number | undefined;
  /** The queue to use instead of one chosen by key or in turn. */
  readonly queueId?: number | undefined;
  /** The broker of that queue; needed where several brokers have the topic. */
  readonly broker?: string | undefined;
}

/** What became of a message that was sent. */
export interface SendReceipt {
  readonly messageId: string;
  readonly topic: string;
  readonly broker: string;
  readonly queueId: number;
  /** Absent while the message is delayed. */
  readonly queueOffset?: number | undefined;
  /** Of a message that is delayed: what `cancel`, `reschedule` and `deliverNow` take. */
  readonly handle?: string | undefined;
  /** What really happened before the acknowledgement. */
  readonly done: { readonly written: boolean; readonly flushed: boolean; readonly replicas: number };
}

/** How a producer works. */
export interface ProducerOptions {
  /**
   * Waits `ms` for more messages before a frame is sent, or until there are so many messages or bytes. By default a lone
   * send goes at once and only what comes while frames are under way is gathered.
   */
  readonly linger?:
    | { readonly ms: number; readonly maxMessages?: number; readonly maxBytes?: number }
    | false;
  /** Sends under way; 8,192 by default. More of them wait. */
  readonly maxInFlight?: number;
  /** Bytes under way; 64 MiB by default. More of them wait. */
  readonly maxBufferedBytes?: number;
  /** Compresses bodies of at least `minBytes` (4,096 by default) where that makes them smaller. Off by default. */
  readonly compress?: { readonly algorithm: "zlib"; readonly minBytes?: number } | false;
  readonly retry?: Partial<RetryPolicy>;
}

/** Sends messages. */
export interface Producer extends Closable {
  /** Resolves once the broker has acknowledged the message; see `done` of the receipt. */
  send<T>(message: OutMessage<T>, options?: CallOptions): Promise<SendReceipt>;
  /** At most 128 messages of one topic into one queue, in one append: all or nothing. */
  sendBatch<T>(messages: readonly OutMessage<T>[], options?: CallOptions): Promise<readonly SendReceipt[]>;
  /**
   * Sends without an answer; failures go to `status()` and the log. False: the buffer is full and the message was not
   * taken, await `ready()`. Throws only what is wrong with the message itself.
   */
  sendOneway<T>(message: OutMessage<T>): boolean;
  /** Resolves when the buffer has room. */
  ready(options?: CallOptions): Promise<void>;
  /** Resolves when everything sent before has been settled, one way or the other. */
  flush(options?: CallOptions): Promise<void>;
  /** The delayed message of this handle is not delivered: definite, also while it is being delivered. */
  cancel(handle: string, options?: CallOptions): Promise<DueAnswer>;
  /** It is delivered at another time. */
  reschedule(handle: string, due: DueTime, options?: CallOptions): Promise<DueAnswer>;
  /** It is delivered at once. */
  deliverNow(handle: string, options?: CallOptions): Promise<DueAnswer>;
}

/** Why a delivery failed, in the words of the handler's error. */
export interface LastError {
  readonly name: string;
  readonly message: string;
}

/** What became of a message before it was moved to the dead letters of a group. */
export interface DeadLetter {
  /** `retention`: the message was gone or damaged when it was to be moved; its body is empty. */
  readonly reason: "attempts" | "rejected" | "expired" | "retention" | "unknown";
  /** The last one that is known. */
  readonly error?: LastError;
  readonly stack?: string;
  /** Deliveries; 0: it expired before the first. */
  readonly attempts: number;
  readonly group: string;
  /** Where it was, on the same broker. */
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly messageId: string;
  readonly storedAt?: Date;
  readonly failedAt: Date;
}

/** A message that was received. Fields are decoded when they are read. */
export interface Message<T> {
  readonly id: string;
  readonly topic: string;
  readonly body: T;
  /** The body's bytes, decompressed. Reading them throws CODEC where that cannot be done. */
  readonly raw: Uint8Array;
  /** The body's bytes as they are stored. */
  readonly storedBody: Uint8Array;
  readonly keys: readonly string[];
  readonly tag?: string | undefined;
  readonly orderingKey?: string | undefined;
  readonly properties: Readonly<Record<string, string>>;
  readonly broker: string;
  readonly queueId: number;
  readonly queueOffset: number;
  /** Its own time to live, counted from `storedAt`. */
  readonly ttlMs?: number | undefined;
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** Why the delivery before failed; absent at the first one, and where the broker does not know any more. */
  readonly lastError?: LastError | undefined;
  /** Of a message in the dead letters of a group: why it is there, and where it was. */
  readonly dead?: DeadLetter | undefined;
  readonly bornAt: Date;
  readonly storedAt: Date;
  readonly bornHost: string;
}

/** What can be done with a leased message. Each resolves once the broker has done it. */
export interface Lease {
  ack(): Promise<void>;
  /** Deliver it again: after `delayMs`, or the group's own time. `error` comes with the next delivery. */
  nack(options?: { readonly delayMs?: number; readonly error?: Error }): Promise<void>;
  /** Never deliver it to the group again: it goes to the group's dead letters, with this reason. */
  deadLetter(reason?: string): Promise<void>;
  /** The lease ends `ms` from now; 12 hours at most. */
  extend(ms: number): Promise<void>;
}

/** What a handler may want to know besides its message. */
export interface HandlerContext {
  /** Aborts when the result no longer counts: lease lost, queue revoked, time over, or the deadline of `close()`. */
  readonly signal: AbortSignal;
  /** Shared mode: the lease ends `ms` from now. Elsewhere it only puts off `consumeTimeoutMs`. 12 hours at most. */
  extend(ms: number): Promise<void>;
}

/** Handles one message: returning acknowledges it, throwing has it delivered again. */
export type Handler<T> = (message: Message<T>, context: HandlerContext) => void | Promise<void>;

/** What a batch handler may return: the messages that are to be delivered again. */
export interface BatchResult<T> {
  readonly failed: readonly Message<T>[];
}

/** Handles several messages: all are acknowledged but `failed`; throwing has all of them delivered again. */
export type BatchHandler<T> = (
  messages: readonly Message<T>[],
  context: HandlerContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may be an ordinary function without a return
) => void | BatchResult<T> | Promise<void | BatchResult<T>>;

/** How a group's members take messages; see docs/guarantees.md. */
export type ConsumeMode = "concurrent" | "ordered" | "shared" | "broadcast";

/** Where a group without a cursor begins. */
export type From = "latest" | "earliest" | { readonly timestamp: Date };

/** Which messages of a topic are wanted: by tag, or by a condition on tag and properties. */
export type Filter =
  | {
      /** Any of these tags. */
      readonly tags: readonly string[];
      readonly sql?: never;
    }
  | {
      /** Those for which this is true, for example `price > 10 AND region IN ('eu', 'us')`; see docs/filters.md. */
      readonly sql: string;
      readonly tags?: never;
    };

/** How a group consumes. */
export interface ConsumeOptions {
  readonly group: string;
  readonly filter?: Filter;
  /** `latest` by default. */
  readonly from?: From;
  /** `concurrent` by default. */
  readonly mode?: ConsumeMode;
  /** Handlers that run at the same time; 20 by default. */
  readonly concurrency?: number;
  /** Messages and bytes taken ahead of the handlers; 1,024 (shared mode: 4 for each handler) and 64 MiB by default. */
  readonly prefetch?: { readonly messages?: number; readonly bytes?: number };
  /** How long a handler may take before its message is delivered again; 15 minutes by default. */
  readonly consumeTimeoutMs?: number;
  /** Shared mode: how long a message belongs to a member that went silent; 30,000 ms by default. */
  readonly leaseMs?: number;
  /**
   * Waits before the second, third, … delivery of a message whose handler threw, the last one again and again; the group's
   * own by default. Another ladder, or none, for errors by their name, class or code. How many deliveries: the group's
   * `maxAttempts`.
   */
  readonly retry?: {
    readonly delaysMs?: readonly number[];
    readonly byError?: Readonly<Record<string, { readonly delaysMs: readonly number[] } | "dead-letter">>;
  };
  /** What to do with a body that cannot be decoded: deliver it again (default), move it to the dead letters, or pass over it. */
  readonly onDecodeError?: "retry" | "dead-letter" | "skip";
}

/** What a consumer has done so far. */
export interface ConsumerStats {
  /** Messages in handlers. */
  readonly inFlight: number;
  /** Messages that wait for a handler. */
  readonly cached: number;
  readonly acked: number;
  readonly retried: number;
  /** Wall clock of the last word from any broker; 0 before. */
  readonly lastFetchAt: number;
}

/** A member of a group that hands messages to a handler. */
export interface PushConsumer extends Closable {
  /** Resolves once a broker has welcomed this member, or at once where no broker has the topic yet. */
  start(): Promise<void>;
  /** Starts no more handlers until `resume()`. */
  pause(): void;
  resume(): void;
  readonly stats: ConsumerStats;
}

/** How a simple consumer takes messages. */
export interface SimpleOptions {
  readonly group: string;
  readonly filter?: Filter;
  readonly from?: From;
  /** How long a received message belongs to this consumer; 30,000 ms by default. */
  readonly invisibleMs?: number;
  /** How long `receive` waits for the first message; 15,000 ms by default. */
  readonly waitMs?: number;
}

/** Hands out messages one call at a time, each to be settled by the caller. */
export interface SimpleConsumer<T> extends Closable {
  /** Up to `max` (32) messages; an empty list if none came within `waitMs`. */
  receive(
    options?: CallOptions & {
      readonly max?: number;
      readonly waitMs?: number;
      readonly invisibleMs?: number;
    },
  ): Promise<readonly (Message<T> & Lease)[]>;
  /** All messages as they come, with at most `maxInFlight` (32) of them not yet settled. */
  messages(
    options?: CallOptions & { readonly maxInFlight?: number },
  ): AsyncIterableIterator<Message<T> & Lease> & AsyncDisposable;
}

/** What a reader reads. */
export interface ReaderOptions {
  /** One queue; all of them by default. */
  readonly queue?: number;
  /** The broker of that queue; needed where several brokers have the topic. */
  readonly broker?: string;
  readonly filter?: Filter;
  readonly from: "earliest" | "latest" | { readonly offset: number } | { readonly timestamp: Date };
  /** Where to stop: what is the end when reading begins, an offset, or a time. By default it waits for more. */
  readonly until?: "end" | { readonly offset: number } | { readonly timestamp: Date };
  /** Aborting ends the iteration with ABORTED. */
  readonly signal?: AbortSignal;
}

/** Reads queues without being a member of a group. */
export interface Reader<T> extends Closable, AsyncIterable<Message<T>> {
  /** Goes on from `offset`; of a single queue only. */
  seek(offset: number): void;
  /** Offset of the message that comes next; of a single queue only. */
  readonly position: number;
  /** The next offset of every queue that is read. */
  readonly positions: readonly {
    readonly broker: string;
    readonly queueId: number;
    readonly offset: number;
  }[];
  /** Everything before the position is acknowledged for `group`. */
  commit(group: string, options?: CallOptions): Promise<void>;
}
