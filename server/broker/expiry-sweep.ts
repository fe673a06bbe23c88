import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Queue } from "../store/queue.js";
import type { GroupState } from "../store/state.js";
import type { OpenCursor } from "./cursors.js";
import { ExpiryMarks, type Span } from "./expiry-marks.js";
import { ExpirySink } from "./expiry-sink.js";
import type { MessageFilter } from "./filter.js";
import type { Group, GroupDeps } from "./group.js";
import { filterOf } from "./stored-subscriptions.js";

/** Time between two looks at everything. */
const LOOK_MS = 10_000;

/** Time between two reads: there is no hurry, and others go first. */
const PAUSE_MS = 10;

/** Bytes on their way to the disk with which it waits until there are fewer. */
const UNSETTLED_MAX = 8 << 20;

/** Ranges and failed messages with which a cursor is torn no further while the log has no room for more, or at all. */
const HELD_MAX = 8_192;
const HELD_WHILE_CROWDED = 64;

/** What is known of one queue, as long as neither its group's hands nor what it goes by have changed. */
interface Known {
  readonly under: string;
  readonly marks: ExpiryMarks;
}

/**
 * Looks every now and then after groups without members: what expires there becomes dead letters, or is dropped, as if a
 * member had been there when its time was over. One queue at a time, a small read at a time.
 *
 * What a group wants its last members have said; a group of which that is not known waits for a member.
 */
export class ExpirySweep {
  readonly #deps: GroupDeps;
  readonly #live: (state: GroupState) => Group;
  readonly #known = new WeakMap<GroupState, Map<Queue, Known>>();
  readonly #stopped = new AbortController();
  #cancel: (() => void) | undefined;
  #looking = false;

  constructor(deps: GroupDeps, live: (state: GroupState) => Group) {
    this.#deps = deps;
    this.#live = live;
  }

  /** The first look is after a while: members have time to come back. */
  start(): void {
    this.#cancel = this.#deps.clock.after(LOOK_MS, () => {
      this.start();
      void this.#lookAll();
    });
  }

  /** What is being read is left as it is. */
  stop(): void {
    this.#stopped.abort();
    this.#cancel?.();
  }

  get #over(): boolean {
    return this.#stopped.signal.aborted || this.#deps.store.failure !== undefined;
  }

  async #lookAll(): Promise<void> {
    const { store, logger } = this.#deps;
    if (this.#looking) return;
    this.#looking = true;
    for (const state of store.state.groups.values())
      try {
        if (!this.#over) await this.#lookAfter(state);
      } catch (thrown) {
        if (!this.#over)
          logger.warn(
            { group: state.name, error: String(thrown) },
            "what expires for a group without members cannot be looked after now; it is tried again",
          );
      }
    this.#looking = false;
  }

  async #lookAfter(state: GroupState): Promise<void> {
    const { store, cursors } = this.#deps;
    for (const wanted of state.subscriptions ?? []) {
      const topic = store.state.topics.get(wanted.topic);
      if (topic === undefined || (topic.ttlMs === 0 && !topic.ownTtl)) continue;
      for (const queue of topic.queues) {
        const open = this.#hasWork(state, queue) ? cursors.open(state, queue) : undefined;
        if (open !== undefined) await this.#lookInto(open, filterOf(wanted));
      }
    }
  }

  #hasWork(state: GroupState, queue: Queue): boolean {
    const { store, clock } = this.#deps;
    if (this.#live(state).mode !== undefined) return false;
    return this.#knownOf(state, queue).marks.next(clock.nowMs(), store.endOffset(queue)) !== null;
  }

  async #lookInto(open: OpenCursor, filter: MessageFilter): Promise<void> {
    open.pins++;
    try {
      while (await this.#lookOn(open, filter));
    } finally {
      this.#deps.cursors.unpin(open);
    }
  }

  /** One read; whether there is more to look at now. */
  async #lookOn(open: OpenCursor, filter: MessageFilter): Promise<boolean> {
    const { store, clock, deadLetters } = this.#deps;
    const { queue, cursor } = open;
    const nowMs = clock.nowMs();
    const known = this.#knownOf(open.group, queue);
    const span = known.marks.next(nowMs, store.endOffset(queue));
    if (span === null || !this.#mayGoOn(open, known)) return false;
    const from = cursor.pendingFrom(Math.max(span.from, queue.firstOffset));
    if (from >= span.to) {
      known.marks.looked(span, span.to, Number.POSITIVE_INFINITY);
      return true;
    }
    const sink = new ExpirySink({ topic: queue.topic, cursor, filter, to: span.to, nowMs });
    const next = await this.#read(queue, from, sink);
    if (!this.#mayGoOn(open, known)) return false;
    this.#commit(open, sink);
    mark(known.marks, span, { next, sink });
    await clock.sleep(PAUSE_MS, this.#stopped.signal);
    return !deadLetters.busy(open);
  }

  /** What is damaged is passed over: whoever comes to it when it is delivered tells. */
  async #read(queue: Queue, from: number, sink: ExpirySink): Promise<number> {
    const { store } = this.#deps;
    await store.whenSettled(UNSETTLED_MAX);
    await store.turn(queue, from);
    if (this.#over) return from;
    try {
      return await store.read(queue, from, sink.limits, sink);
    } catch (thrown) {
      if (LogwheelError.is(thrown, "LOG_CORRUPT")) return from + 1;
      throw thrown;
    }
  }

  #commit(open: OpenCursor, { expired, dying, gone }: ExpirySink): void {
    const { meter, deadLetters, cursors } = this.#deps;
    if (expired > 0) meter.expired(open.queue.topic.name, expired);
    for (const offset of gone) open.cursor.ack(offset, offset + 1);
    if (gone.length > 0) cursors.movedUnasked(open);
    deadLetters.expire(open, dying);
  }

  /** A member may have come meanwhile, and more. */
  #mayGoOn(open: OpenCursor, known: Known): boolean {
    const { store, cursors } = this.#deps;
    if (this.#over || !cursors.exists(open) || this.#live(open.group).mode !== undefined) return false;
    const heldMax = store.crowded ? HELD_WHILE_CROWDED : HELD_MAX;
    return open.cursor.held <= heldMax && this.#knownOf(open.group, open.queue) === known;
  }

  #knownOf(group: GroupState, queue: Queue): Known {
    const { ttlMs, ownTtl } = queue.topic;
    const under = `${this.#live(group).generation(queue)} ${ttlMs} ${ownTtl}`;
    const ofGroup = this.#known.get(group) ?? new Map<Queue, Known>();
    this.#known.set(group, ofGroup);
    const before = ofGroup.get(queue);
    if (before?.under === under) return before;
    const known = { under, marks: new ExpiryMarks() };
    ofGroup.set(queue, known);
    return known;
  }
}

function mark(marks: ExpiryMarks, span: Span, { next, sink }: { next: number; sink: ExpirySink }): void {
  const to = Math.min(next, span.to);
  if (!sink.stopped) return marks.looked(span, to, sink.nextMs);
  marks.looked(span, to, Number.POSITIVE_INFINITY);
  marks.waits(sink.nextMs);
}
