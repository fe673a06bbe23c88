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

/** How a new topic is to be. */
export interface TopicSettings {
  /** In all, divided over the brokers, at least one each; 8 by default. */
  readonly queues?: number;
  /** `normal` by default. */
  readonly type?: TopicType;
  readonly permission?: TopicPermission;
  /** 0: each broker's own. */
  readonly retentionMs?: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What is to be changed of a topic. */
export interface TopicChanges extends ChangeOptions {
  /** In all; may grow, never shrink. */
  readonly queues?: number;
  readonly permission?: TopicPermission;
  readonly retentionMs?: number;
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

/** How a group divides queues among its members. */
export type AssignStrategy = "sticky" | "circular" | "fixed" | "hash";

/** How a group is to be; what is absent stays, or is a broker's default. */
export interface GroupSettings {
  readonly ordered?: boolean;
  readonly maxAttempts?: number;
  readonly assign?: AssignStrategy;
}

/** A group. */
export interface GroupInfo {
  readonly name: string;
  readonly ordered: boolean;
  readonly maxAttempts: number;
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
    get(which: string | MessagePlace, options?: CallOptions): Promise<Message<Uint8Array>>;
    /** By key, newest first on each broker. */
    query(
      query: MessageQuery,
    ): Promise<{ readonly messages: readonly Message<Uint8Array>[]; readonly more: boolean }>;
  };
  readonly cluster: {
    describe(options?: CallOptions): Promise<ClusterDescription>;
    health(options?: CallOptions): Promise<ClusterHealth>;
  };
}
