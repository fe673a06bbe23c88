import type { Clock } from "../../proto/kernel/clock.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { CursorState } from "../store/cursor-state.js";
import type { Queue } from "../store/queue.js";
import type { GroupState } from "../store/state.js";
import type { Store } from "../store/store.js";
import type { ConsumeCounters } from "./counters.js";
import { Cursor } from "./cursor.js";
import type { DeadlineClock } from "./deadline-clock.js";
import { isReserved } from "./reserved.js";

/** Time between two cursor records while cursors move all the time. */
const WRITE_EVERY_MS = 5;

/** Time until a move is written for which nobody waits, for example past what a filter leaves out. */
const WRITE_LATER_MS = 1_000;

/** Ranges and failed messages of one record; beyond, another one follows. */
const RECORD_WEIGHT_MAX = 16_384;

/** Ranges and failed messages that may be written per millisecond, so that torn cursors do not fill the log. */
const WEIGHT_PER_MS = 64;

type Settled = (error: LogwheelError | null) => void;

/** A cursor in use. */
export interface OpenCursor {
  readonly group: GroupState;
  readonly queue: Queue;
  readonly cursor: Cursor;
  /** How many lanes go by it: it stays open meanwhile. */
  pins: number;
}

/**
 * The cursors in use, and the way back into the log for what they learn: one record carries whatever moved since the
 * one before. A lone move is written at the end of its turn, many at most every few milliseconds, or as
 * fast as the disk takes them while somebody waits for each.
 *
 * A crash loses what was not written, and a power cut what was not synced: those messages are delivered again.
 */
export class Cursors {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineClock;
  readonly #logger: Logger;
  readonly #counters: ConsumeCounters;
  readonly #open = new Map<GroupState, Map<Queue, OpenCursor>>();
  readonly #moved = new Set<OpenCursor>();
  #waiting: Settled[] = [];
  #cancel: (() => void) | undefined;
  #writeAtMs = Number.POSITIVE_INFINITY;
  /** When a record was written last, and how long after it none is because of its weight. */
  #writtenMs = Number.NEGATIVE_INFINITY;
  #restMs = 0;
  /** A record is being written, or waits for the disk: what moves meanwhile goes into the next one. */
  #writing = false;
  /** It is time for that. */
  #due = false;

  constructor(deps: {
    store: Store;
    clock: Clock;
    deadlines: DeadlineClock;
    logger: Logger;
    counters: ConsumeCounters;
  }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#deadlines = deps.deadlines;
    this.#logger = deps.logger;
    this.#counters = deps.counters;
  }

  /** The group's cursor on a queue, in use from now on; undefined if it has none there. */
  open(group: GroupState, queue: Queue): OpenCursor | undefined {
    const known = this.#open.get(group)?.get(queue);
    if (known !== undefined) return known;
    const state = group.cursors.get(queue);
    return state && this.#add(group, queue, new Cursor(state, this.#deadlines.instant()));
  }

  /** Whether the group has a cursor on the queue. */
  has(group: GroupState, queue: Queue): boolean {
    return group.cursors.has(queue) || this.#open.get(group)?.has(queue) === true;
  }

  /** A cursor for a group that has none on the queue, written soon. */
  create(group: GroupState, queue: Queue, offset: number): OpenCursor {
    const made = this.#add(group, queue, Cursor.at(offset));
    this.moved(made);
    return made;
  }

  /** The group's cursor on a queue, to look at only; undefined if it has none there. */
  peek(group: GroupState, queue: Queue): Cursor | undefined {
    const known = this.#open.get(group)?.get(queue)?.cursor;
    const state = group.cursors.get(queue);
    return known ?? (state && new Cursor(state, this.#deadlines.instant()));
  }

  /** The cursor has moved: writes it soon. */
  moved(open: OpenCursor): void {
    this.#moved.add(open);
    this.#writeAt(this.#soonMs());
  }

  /** The cursor has moved, and nobody waits for that to be written. */
  movedUnasked(open: OpenCursor): void {
    this.#moved.add(open);
    this.#writeAt(this.#clock.monotonicMs() + WRITE_LATER_MS);
  }

  /** Moves a cursor up to what retention has left of its queue, and says what the group has missed. */
  skipDropped(open: OpenCursor): void {
    const { group, queue, cursor } = open;
    const first = queue.firstOffset;
    if (cursor.floor >= first) return;
    const messages = cursor.skipTo(first);
    this.movedUnasked(open);
    if (isReserved(group.name)) return;
    this.#counters.messagesUnread += messages;
    this.#logger.warn(
      { group: group.name, topic: queue.topic.name, queueId: queue.id, messages, offset: first },
      "retention dropped messages that the group had not acknowledged; it goes on behind them",
    );
  }

  /** The same for every cursor of every group, used or not: call it after retention was at work. */
  skipAllDropped(): void {
    for (const group of this.#store.state.groups.values())
      for (const [queue, { floor }] of group.cursors)
        if (floor < queue.firstOffset) this.skipDropped(this.open(group, queue)!);
  }

  /** Moves cursors back that lie behind the end of their queue since the log was cut (guarantee G5). Once, before serving. */
  cutAll(): void {
    for (const group of this.#store.state.groups.values())
      for (const queue of group.cursors.keys()) {
        const cursor = this.peek(group, queue)!;
        const before = cursor.floor;
        if (!cursor.cutTo(queue.nextOffset)) continue;
        this.moved(this.#add(group, queue, cursor));
        this.#logger.warn(
          { group: group.name, topic: queue.topic.name, queueId: queue.id, from: before, to: cursor.floor },
          "the log was cut below the group's place: it goes on at the end of what is left",
        );
      }
  }

  /**
   * Calls `run` once every move up to now is written, or the store has failed. A restart knows it then; a power cut takes half a
   * second of them at most. `awaited`: somebody does nothing before, so that the next record goes as soon as the one
   * before is written.
   */
  whenWritten(run: Settled, awaited = false): void {
    if (this.#moved.size === 0) return this.#store.whenWritten(run);
    this.#waiting.push(run);
    this.#writeAt(this.#soonMs(awaited ? 0 : WRITE_EVERY_MS));
  }

  /** The same as a promise. */
  written(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.whenWritten((error) => (error === null ? resolve() : reject(error))),
    );
  }

  /** Resolves once every move up to now is as durable as a message: for what somebody decided, rather than for progress. */
  async settled(): Promise<void> {
    await this.written();
    await this.#store.whenSettled();
  }

  /** Writes now whatever has moved. */
  write(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writeAtMs = Number.POSITIVE_INFINITY;
    this.#due = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const weight = this.#append();
      if (weight > 0) {
        this.#writtenMs = this.#clock.monotonicMs();
        this.#restMs = Math.floor(weight / WEIGHT_PER_MS);
      }
    } catch (thrown) {
      for (const run of waiting) run(thrown as LogwheelError);
      return;
    }
    this.#writing = true;
    this.#store.whenWritten((error) => {
      this.#writing = false;
      for (const run of waiting) run(error);
      if (this.#due) this.write();
    });
  }

  /** A lane no longer goes by the cursor. */
  unpin(open: OpenCursor): void {
    open.pins--;
    if (open.pins === 0 && !this.#moved.has(open)) this.#close(open);
  }

  /** Forgets a deleted group. */
  drop(group: GroupState): void {
    this.#open.delete(group);
  }

  /** Appends the moved cursors; returns how much that was. */
  #append(): number {
    let weight = 0;
    let inRecord = 0;
    let changes: { group: GroupState; queue: Queue; state: CursorState }[] = [];
    const append = (): void => {
      if (changes.length > 0) this.#store.appendCursors(changes);
      weight += inRecord;
      inRecord = 0;
      changes = [];
    };
    for (const open of this.#moved) {
      this.#moved.delete(open);
      if (this.exists(open)) {
        changes.push({ group: open.group, queue: open.queue, state: open.cursor.toState() });
        inRecord += 1 + open.cursor.held;
        if (inRecord >= RECORD_WEIGHT_MAX) append();
      }
      if (open.pins === 0) this.#close(open);
    }
    append();
    return weight;
  }

  /** Whether group and queue were not deleted meanwhile. */
  exists({ group, queue }: OpenCursor): boolean {
    const { groups } = this.#store.state;
    return (
      groups.get(group.name) === group && this.#store.state.topicByNumber(queue.topic.number) === queue.topic
    );
  }

  #add(group: GroupState, queue: Queue, cursor: Cursor): OpenCursor {
    const open = { group, queue, cursor, pins: 0 };
    let ofGroup = this.#open.get(group);
    if (ofGroup === undefined) {
      ofGroup = new Map();
      this.#open.set(group, ofGroup);
    }
    ofGroup.set(queue, open);
    return open;
  }

  #close({ group, queue }: OpenCursor): void {
    const ofGroup = this.#open.get(group);
    ofGroup?.delete(queue);
    if (ofGroup?.size === 0) this.#open.delete(group);
  }

  #soonMs(everyMs = WRITE_EVERY_MS): number {
    return Math.max(this.#clock.monotonicMs(), this.#writtenMs + Math.max(everyMs, this.#restMs));
  }

  /** At the end of this turn, or later by a timer. */
  #writeAt(monotonicMs: number): void {
    if (monotonicMs >= this.#writeAtMs) return;
    this.#writeAtMs = monotonicMs;
    this.#cancel?.();
    const delayMs = monotonicMs - this.#clock.monotonicMs();
    let valid = true;
    const write = (): void => {
      if (!valid) return;
      if (this.#writing) this.#due = true;
      else this.write();
    };
    if (delayMs <= 0) queueMicrotask(write);
    const cancelTimer = delayMs <= 0 ? () => {} : this.#clock.after(delayMs, write);
    this.#cancel = () => {
      valid = false;
      cancelTimer();
    };
  }
}
