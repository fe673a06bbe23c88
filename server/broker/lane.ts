import type { Queue } from "../store/queue.js";
import type { Cursor } from "./cursor.js";
import type { OpenCursor } from "./cursors.js";
import { LastErrors } from "./last-errors.js";

/**
 * Who has a queue, where queues are assigned. `free → assigned → revoking → free`: a queue that is to move is first taken
 * back from its owner, who says when it has finished, or until a deadline.
 */
export type Holder =
  | { readonly state: "free" }
  | { readonly state: "assigned"; readonly member: string }
  | { readonly state: "revoking"; readonly member: string; readonly untilMs: number };

const FREE: Holder = { state: "free" };

/** Numbers of one log epoch in a generation: 2^26 assignments of a queue between two starts, 2^27 starts. */
const GENERATIONS_PER_EPOCH = 2 ** 26;

/** Generation that follows `last` on a broker in this log epoch; `last` is 0 for a queue that was never assigned. */
export function nextGeneration(last: number, epoch: number): number {
  return Math.max(last, epoch * GENERATIONS_PER_EPOCH) + 1;
}

/** One queue as a group consumes it. */
export class Lane {
  readonly queue: Queue;
  readonly cursor: Cursor;
  /** Where progress goes; null in broadcast mode, where the member keeps it. */
  readonly open: OpenCursor | null;
  /** Raised whenever the queue gets an owner or is reset; acknowledgements of an older one are refused. */
  generation: number;
  /** A read from the disk, or the turn for one, is on its way: nobody else reads meanwhile. */
  reading = false;
  /** It may read old messages once, now. */
  hasTurn = false;
  /** A member without credit has come to this message, which it wants, and which does not expire before then. */
  standsAt = -1;
  standsUntilMs = 0;
  /** After a failed read: not before this. */
  readAgainMs = 0;
  /** Since when the cursor stands at `pausedFloor` because too much above it has no answer; Infinity once that was said. */
  pausedSinceMs = 0;
  pausedFloor = -1;
  /** Why its messages failed. */
  readonly errors = new LastErrors();
  #holder: Holder = FREE;

  constructor(queue: Queue, cursor: Cursor, open: OpenCursor | null, generation: number) {
    this.queue = queue;
    this.cursor = cursor;
    this.open = open;
    this.generation = generation;
  }

  get holder(): Holder {
    return this.#holder;
  }

  /** Id of the member that has it, be it on its way back; undefined if nobody has. */
  get member(): string | undefined {
    return this.#holder.state === "free" ? undefined : this.#holder.member;
  }

  /** Id of the member that it is delivered to; undefined if there is none. */
  get owner(): string | undefined {
    return this.#holder.state === "assigned" ? this.#holder.member : undefined;
  }

  /** Whether what a member says of this generation counts. */
  countsFor(member: string, generation: number): boolean {
    return this.member === member && this.generation === generation;
  }

  /** Gives a free queue to a member. */
  assign(member: string, epoch: number): void {
    this.#holder = { state: "assigned", member };
    this.generation = nextGeneration(this.generation, epoch);
  }

  /** Takes the queue back from its owner, who has until `untilMs` to finish. */
  revoke(untilMs: number): void {
    if (this.#holder.state === "assigned")
      this.#holder = { state: "revoking", member: this.#holder.member, untilMs };
  }

  /** Nobody has it any more: what its last owner left is delivered again. */
  free(nowMs: number): void {
    this.#holder = FREE;
    this.cursor.rewind(this.cursor.floor, nowMs);
  }

  /** Begins at another offset, under a new generation for the owner; one on the way out loses the queue at once. */
  reset(offset: number, epoch: number): void {
    this.generation = nextGeneration(this.generation, epoch);
    this.cursor.reset(offset, this.generation);
    if (this.#holder.state === "revoking") this.#holder = FREE;
  }
}
