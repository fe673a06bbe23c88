import type { Topic__Output } from "../../proto/gen/logwheel/v1/Topic.js";
import type { EntryChain, OpenEntries } from "./open-entries.js";

/** What the log says of a topic but for its queues. */
export interface TopicConfig {
  /** Names the topic in records; never given twice. */
  readonly number: number;
  readonly name: string;
  type: Topic__Output["type"];
  permission: Topic__Output["permission"];
  /** Milliseconds; 0 for the broker's own retention. */
  retentionMs: number;
  /** Messages expire so long after they were stored; absent or 0: never, unless they say so. */
  ttlMs?: number;
  /** What becomes of expired ones; absent for 0, the dead letters of the group that would have had them. */
  expired?: Topic__Output["expired"];
  attributes: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

/** What the log says of a topic. Changed only by reducing records. What a send needs stands together. */
export class TopicState implements TopicConfig {
  readonly queues: Queue[] = [];
  permission: TopicConfig["permission"];
  type: TopicConfig["type"];
  readonly number: number;
  readonly name: string;
  retentionMs: number;
  ttlMs: number;
  expired: NonNullable<TopicConfig["expired"]>;
  attributes: TopicConfig["attributes"];
  readonly createdAtMs: number;
  /** Whether a message with a time to live of its own was ever put into one of its queues. */
  ownTtl = false;

  constructor(config: TopicConfig) {
    this.permission = config.permission;
    this.type = config.type;
    this.number = config.number;
    this.name = config.name;
    this.retentionMs = config.retentionMs;
    this.ttlMs = config.ttlMs ?? 0;
    this.expired = config.expired ?? 0;
    this.attributes = config.attributes;
    this.createdAtMs = config.createdAtMs;
  }
}

/** A message queue of a topic. What an append needs stands together. */
export class Queue implements EntryChain {
  readonly topic: TopicState;
  readonly id: number;
  /** Queue offset of the next message. */
  nextOffset: number;
  indexed: number;
  lastRow = 0;
  /** Has the entries from `base` on; those before are in index files. Undefined until there is one. */
  open: OpenEntries | undefined;
  base: number;
  /** No offset below can be read any more. Follows from the segments that are left, not from records. */
  firstOffset = 0;

  constructor(topic: TopicState, id: number, nextOffset = 0) {
    this.topic = topic;
    this.id = id;
    this.nextOffset = nextOffset;
    this.indexed = nextOffset;
    this.open = undefined;
    this.base = nextOffset;
  }

  /** The open segment's entries begin at the next offset: what came before is in earlier segments, or lost. */
  rebase(nextOffset = this.nextOffset): void {
    this.nextOffset = nextOffset;
    this.indexed = nextOffset;
    this.base = nextOffset;
  }

  /** Goes on in the next segment. */
  enter(open: OpenEntries): void {
    this.open = open;
    this.base = this.indexed;
    this.lastRow = 0;
  }
}
