import type {
  GroupDescription,
  GroupInfo,
  GroupSettings,
  GroupSummary,
  QueueReset,
  ResetOptions,
  SkipOptions,
  SkippedMessage,
} from "./admin-group-types.js";
import type { RocketmqClientsOf } from "./admin-rocketmq-types.js";
import type { DeadLettersOf } from "./dead-letter-types.js";
import type { DueAnswer } from "./due.js";
import type { CallOptions, Message } from "./types.js";

/** Things of a cluster, fetched when the loop begins. */
export interface Listing<T> extends AsyncIterable<T> {
  toArray(): Promise<T[]>;
}

/** A call that changes or destroys something. */
export interface ChangeOptions extends CallOptions {
  /** Only tells what would happen. */
  readonly dryRun?: boolean;
}

/** What a topic accepts. */
export type TopicType = "normal" | "ordered" | "delay" | "transaction" | "mixed";

/** What may be done with a topic. */
export type TopicPermission = "read-write" | "read" | "write" | "none";

/** What becomes of expired messages: to the dead letters of the group that would have had them, or nothing. */
export type ExpiredFate = "dead-letter" | "drop";

/** How a new topic is to be. */
export interface TopicSettings {
  /** In all, divided over the brokers, at least one each; 8 by default. */
  readonly queues?: number;
  /** `normal` by default. */
  readonly type?: TopicType;
  readonly permission?: TopicPermission;
  /** 0: each broker's own. */
  readonly retentionMs?: number;
  /** So long after they were stored its messages expire: no group gets them any more. 0, the default: never. */
  readonly ttlMs?: number;
  /** What becomes of an expired message that a group would have had; `dead-letter` by default. */
  readonly expired?: ExpiredFate;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What is to be changed of a topic. */
export interface TopicChanges extends ChangeOptions {
  /** In all; may grow, never shrink. */
  readonly queues?: number;
  readonly permission?: TopicPermission;
  readonly retentionMs?: number;
  readonly ttlMs?: number;
  readonly expired?: ExpiredFate;
  readonly setAttributes?: Readonly<Record<string, string>>;
  readonly removeAttributes?: readonly string[];
  /** One broker's share only, for example to retire the broker; all by default. Queues are changed on all together. */
  readonly broker?: string;
}

/** A topic as the routes show it. */
export interface TopicInfo {
  readonly name: string;
  readonly type: TopicType;
  readonly permission: TopicPermission;
  readonly retentionMs: number;
  readonly ttlMs: number;
  readonly expired: ExpiredFate;
  readonly attributes: Readonly<Record<string, string>>;
  /** In all. */
  readonly queues: number;
  readonly brokers: readonly { readonly broker: string; readonly queues: number }[];
}

/** One queue of a topic. */
export interface QueueInfo {
  readonly broker: string;
  readonly queueId: number;
  /** Lowest offset that retention has left. */
  readonly firstOffset: number;
  /** One past the last offset. */
  readonly endOffset: number;
  /** Absent while the queue is empty. */
  readonly firstStoredAt?: Date;
  readonly lastStoredAt?: Date;
}

/** A topic with its queues, from the brokers that have it. */
export interface TopicDescription extends TopicInfo {
  readonly createdAt: Date;
  /** Groups that have a position on it. */
  readonly groups: readonly string[];
  readonly queueList: readonly QueueInfo[];
}

/** What was, or would be, deleted with a topic. */
export interface TopicDeletion {
  readonly messages: number;
  readonly groups: readonly string[];
}

/** Names one message by its place. */
export interface MessagePlace {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  /** Needed where several brokers have the topic. */
  readonly broker?: string;
}

/** What to look for. */
export interface MessageQuery extends CallOptions {
  readonly topic: string;
  readonly key: string;
  /** 64 by default. */
  readonly max?: number;
}

/** A broker, as it describes itself. */
export interface BrokerDescription {
  readonly name: string;
  readonly address: string;
  readonly version: string;
  /** Log epoch. */
  readonly epoch: number;
  readonly flush: "sync" | "async";
  readonly autoCreate: boolean;
  readonly startedAt: Date;
  /** serving, draining or failed. */
  readonly state: string;
  /** Log offsets: its begin, its end, and the end of what is surely on disk. */
  readonly logStart: number;
  readonly logEnd: number;
  readonly logDurable: number;
  readonly segments: number;
  readonly diskBytes: number;
  readonly diskFreeBytes: number;
  readonly memoryBytes: number;
  readonly topics: number;
  readonly groups: number;
  readonly connections: number;
  readonly nodeVersion: string;
  readonly nameServers: readonly { readonly address: string; readonly connected: boolean }[];
}

/** A broker that the name server knows and that does not answer. */
export interface BrokerSilence {
  readonly name: string;
  readonly address: string;
  readonly code: string;
  readonly message: string;
}

/** All brokers of a cluster. */
export interface ClusterDescription {
  readonly nameServers: readonly { readonly address: string; readonly reachable: boolean }[];
  readonly brokers: readonly BrokerDescription[];
  readonly unreachable: readonly BrokerSilence[];
}

/** Whether a cluster can do its work, and if not, why. */
export interface ClusterHealth {
  readonly healthy: boolean;
  readonly problems: readonly string[];
}

/** A message that was looked up. */
export interface FoundMessage extends Message<Uint8Array> {
  /** What became of a message that was stored for later: `queueOffset` is -1 then. */
  readonly state?: "delayed" | "half" | "delivered" | "cancelled" | "rolled back";
  /** Of a delayed one: when it is delivered. */
  readonly deliverAt?: Date;
}

/** Which delayed messages to list. */
export interface DelayedQuery extends CallOptions {
  readonly topic?: string;
  /** Only with a topic. */
  readonly key?: string;
  /** Due from this time on, and before that one. */
  readonly from?: Date;
  readonly to?: Date;
}

/** A delayed message. */
export interface DelayedInfo {
  readonly handle: string;
  readonly topic: string;
  readonly broker: string;
  /** The queue that it is going to be put into. */
  readonly queueId: number;
  readonly deliverAt: Date;
  readonly message: Message<Uint8Array>;
}

/** Which delayed messages to cancel. */
export interface DelayedCancel extends CallOptions {
  readonly topic: string;
  readonly key: string;
}

/** How to count delayed messages. */
export interface DelayedHistogram extends CallOptions {
  readonly topic?: string;
  readonly by: "minute" | "hour" | "day";
  /** Where the first bucket begins, rounded down to the whole minute, hour or day; now by default. */
  readonly from?: Date;
  /** Buckets; 60 minutes, 24 hours or 30 days by default, 1,000 at most. */
  readonly count?: number;
}

/** How many delayed messages are due when. */
export interface DelayedCounts {
  /** In all, whatever their topic and time. */
  readonly pending: number;
  readonly counts: readonly { readonly from: Date; readonly messages: number }[];
}

/** Looks after topics, groups and brokers of a cluster. */
export interface Admin {
  readonly topics: {
    /** Makes a topic on all brokers; resolves when it can be used. TOPIC_EXISTS if there is one. */
    create(name: string, settings?: TopicSettings, options?: CallOptions): Promise<TopicInfo>;
    list(options?: CallOptions): Listing<TopicInfo>;
    describe(name: string, options?: CallOptions): Promise<TopicDescription>;
    /** Resolves with the topic as it is now, or would be. */
    update(name: string, changes: TopicChanges): Promise<TopicInfo>;
    /** Deletes a topic with its messages. */
    delete(name: string, options?: ChangeOptions): Promise<TopicDeletion>;
  };
  readonly groups: {
    create(name: string, settings?: GroupSettings, options?: CallOptions): Promise<GroupInfo>;
    list(options?: CallOptions): Listing<GroupSummary>;
    describe(name: string, options?: CallOptions): Promise<GroupDescription>;
    update(name: string, changes: GroupSettings & ChangeOptions): Promise<GroupInfo>;
    /** Deletes a group with its positions; resolves with the topics it had some on. */
    delete(name: string, options?: ChangeOptions): Promise<{ readonly topics: readonly string[] }>;
    resetOffset(name: string, options: ResetOptions): Promise<readonly QueueReset[]>;
    /** Passes over one message that the group has not acknowledged, so that what waits for it goes on. */
    skip(name: string, options: SkipOptions): Promise<SkippedMessage>;
    /** Nothing is delivered to the group until `resume`. */
    pause(name: string, options?: CallOptions): Promise<GroupInfo>;
    resume(name: string, options?: CallOptions): Promise<GroupInfo>;
  };
  readonly messages: {
    /** By message id or place. MESSAGE_NOT_FOUND if there is none. */
    get(which: string | MessagePlace, options?: CallOptions): Promise<FoundMessage>;
    /** By key, newest first on each broker. */
    query(
      query: MessageQuery,
    ): Promise<{ readonly messages: readonly Message<Uint8Array>[]; readonly more: boolean }>;
  };
  readonly deadLetters: DeadLettersOf;
  readonly delayed: {
    /** What was not delivered yet, in due order. */
    list(query?: DelayedQuery): Listing<DelayedInfo>;
    /** All that carry a key are not delivered: one answer for each. */
    cancel(which: DelayedCancel): Promise<readonly (DelayedInfo & { readonly answer: DueAnswer })[]>;
    /** How many are due when. */
    histogram(options: DelayedHistogram): Promise<DelayedCounts>;
  };
  readonly rocketmq: RocketmqClientsOf;
  readonly cluster: {
    describe(options?: CallOptions): Promise<ClusterDescription>;
    health(options?: CallOptions): Promise<ClusterHealth>;
  };
  readonly transactions: {
    /** Undecided ones, oldest first. */
    list(query?: TransactionQuery): Listing<OpenTransaction>;
    /** TRANSACTION_NOT_FOUND if it is not undecided. */
    get(id: string, options?: CallOptions): Promise<OpenTransaction>;
    /** Has one of its producers asked now, also about a parked one; `asked` is undefined if none is connected. */
    check(id: string, options?: CallOptions): Promise<{ readonly asked: string | undefined }>;
    /** Decides it by hand; `by` goes into the broker's log. Returns it as it was. */
    commit(id: string, options?: SettleOptions): Promise<OpenTransaction>;
    rollback(id: string, options?: SettleOptions): Promise<OpenTransaction>;
  };
}

/** Which undecided transactions to list. */
export interface TransactionQuery extends CallOptions {
  /** Of the first message. */
  readonly topic?: string;
  /** Only those that nobody is asked about any more. */
  readonly parked?: boolean;
  readonly max?: number;
}

/** How to decide a transaction by hand. */
export interface SettleOptions extends CallOptions {
  readonly dryRun?: boolean;
  readonly by?: string;
}

/** A transaction that nobody has decided. */
export interface OpenTransaction {
  readonly id: string;
  readonly broker: string;
  /** Of the first message. */
  readonly topic: string;
  readonly producerGroup: string;
  readonly messages: number;
  readonly beganAt: Date;
  readonly timesAsked: number;
  /** Undefined: never, or not since the broker started. */
  readonly lastAskedAt: Date | undefined;
  /** The producer that was asked. */
  readonly lastAsked: string | undefined;
  /** Undefined: it is parked, until somebody decides it by hand. */
  readonly nextCheckAt: Date | undefined;
  readonly parked: boolean;
  readonly first: Message<Uint8Array> | undefined;
}
