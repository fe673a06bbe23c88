import type { ChangeOptions } from "./admin-types.js";

/** How a group divides queues among its members. */
export type AssignStrategy = "sticky" | "circular" | "fixed" | "hash";

/** How a group is to be; what is absent stays, or is a broker's default. */
export interface GroupSettings {
  readonly ordered?: boolean;
  /** Deliveries of one message; 17 by default. After the last one it goes to the group's dead letters. */
  readonly maxAttempts?: number;
  /** Waits before the second, third, … delivery, the last one again and again; 10 s to 2 h by default. */
  readonly retryDelaysMs?: readonly number[];
  readonly assign?: AssignStrategy;
}

/** A group. */
export interface GroupInfo {
  readonly name: string;
  readonly ordered: boolean;
  readonly maxAttempts: number;
  /** Empty: the default. */
  readonly retryDelaysMs: readonly number[];
  readonly assign: AssignStrategy;
  readonly paused: boolean;
}

/** A group in a list. */
export interface GroupSummary extends GroupInfo {
  readonly members: number;
  readonly topics: readonly string[];
  /** Messages that it has not acknowledged, on all brokers. */
  readonly lag: number;
}

/** A member of a group on one broker. */
export interface MemberInfo {
  readonly broker: string;
  readonly id: string;
  readonly host: string;
  readonly mode: "concurrent" | "ordered" | "shared" | "broadcast";
  /** For people: topic and tags. */
  readonly subscriptions: readonly string[];
  readonly connectedAt: Date;
  readonly lastHeardMsAgo: number;
}

/** When the oldest message in a state was stored. */
export type OldestAt = Date | "none" | "unknown";

/** Where a group is in one queue. */
export interface ProgressInfo {
  readonly broker: string;
  readonly topic: string;
  readonly queueId: number;
  /** Lowest offset that is not acknowledged. */
  readonly offset: number;
  readonly endOffset: number;
  /** Not acknowledged, whatever their state: ready, in flight or waiting for a retry. */
  readonly lag: number;
  readonly ready: number;
  readonly inFlight: number;
  readonly retrying: number;
  /** Stored, and on their way to the queue: not part of `lag`. */
  readonly delayed: number | "unknown";
  readonly oldestReady: OldestAt;
  readonly oldestInFlight: OldestAt;
  readonly oldestRetrying: OldestAt;
  /** Absent: nobody has the queue. */
  readonly member?: string;
  /** Of the message at `offset`; absent without one. */
  readonly oldestStoredAt?: Date;
}

/** A group with its members and positions. */
export interface GroupDescription extends GroupInfo {
  readonly members: readonly MemberInfo[];
  readonly queues: readonly ProgressInfo[];
}

/** Where a group is to go on. */
export interface ResetOptions extends ChangeOptions {
  readonly topic: string;
  /** One queue; all by default. */
  readonly queue?: number;
  /** One broker; all by default. */
  readonly broker?: string;
  readonly to: "earliest" | "latest" | { readonly offset: number } | { readonly timestamp: Date };
}

/** How far one queue was, or would be, moved. */
export interface QueueReset {
  readonly broker: string;
  readonly queueId: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** Which message a group is to pass over. */
export interface SkipOptions extends ChangeOptions {
  readonly topic: string;
  readonly queue: number;
  readonly offset: number;
  /** Needed where several brokers have the topic. */
  readonly broker?: string;
}

/** How a message stood that was, or would be, skipped. */
export interface SkippedMessage {
  readonly broker: string;
  /** Deliveries of it that failed. */
  readonly failures: number;
  /** A member had it: its handler's signal aborts. */
  readonly inFlight: boolean;
  /** Messages of its ordering key that waited for it, as far as the broker had read. */
  readonly waiting: number;
}
