import type { Topic__Output } from "../../proto/gen/logwheel/v1/Topic.js";
import { HOLE, OpenEntries } from "./open-entries.js";
import type { Header } from "./record.js";

/** What the log says of a topic. Changed only by reducing records. */
export interface TopicState {
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
  readonly queues: Queue[];
}

/** A message queue of a topic. */
export class Queue {
  readonly topic: TopicState;
  readonly id: number;
  /** Queue offset of the next message. */
  nextOffset: number;
  /** Index entries of the open segment; those before are in index files. */
  readonly open: OpenEntries;
  /** No offset below can be read any more. Follows from the segments that are left, not from records. */
  firstOffset = 0;

  constructor(topic: TopicState, id: number, nextOffset = 0) {
    this.topic = topic;
    this.id = id;
    this.nextOffset = nextOffset;
    this.open = new OpenEntries(nextOffset);
  }

  /** Enters a message of the open segment, at a position in it, in the index. */
  add(header: Header, position: number): void {
    this.skipTo(header.queueOffset, position);
    this.open.add(position, header.length, header.tagHash, header.keyHash);
  }

  /** Offsets below `offset` that have no entry become holes: damage took their messages. */
  skipTo(offset: number, position: number): void {
    const open = this.open;
    while (open.base + open.count < offset) open.add(position, HOLE, 0, 0);
    if (offset > this.nextOffset) this.nextOffset = offset;
  }

  /** The open segment's entries begin at the next offset: what came before is in earlier segments, or lost. */
  rebase(nextOffset = this.nextOffset): void {
    this.nextOffset = nextOffset;
    this.open.base = nextOffset;
  }
}
