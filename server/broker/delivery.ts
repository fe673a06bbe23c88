import type { Credit__Output } from "../../proto/gen/logwheel/v1/Credit.js";
import { BatchBuilder } from "../../proto/kernel/consume-codec.js";
import { DEAD_REASON } from "../../proto/kernel/dead-letter.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Store } from "../store/store.js";
import { BatchSink, type Expiry } from "./batch-sink.js";
import type { ConsumeCounters } from "./counters.js";
import type { Cursors } from "./cursors.js";
import type { DeadLetters } from "./dead-letters.js";
import type { DeadlineClock } from "./deadline-clock.js";
import type { Group } from "./group.js";
import type { Lane } from "./lane.js";
import type { Member } from "./member.js";
import type { Meter } from "./meter.js";
import { readable } from "./readable.js";
import type { Run } from "./run.js";

/** Bytes of records in a batch, but for a single larger record. */
export const BATCH_BYTES_MAX = 256 << 10;

/** Messages in a batch. */
export const BATCH_MESSAGES_MAX = 4_096;

/** The same in shared mode, where a batch is what one member gets before it is another's turn. */
export const SHARED_BATCH_MESSAGES_MAX = 64;

/** Messages and bytes that a member may grant without having been sent any. */
export const CREDIT_MESSAGES_MAX = 1 << 20;
export const CREDIT_BYTES_MAX = 1 << 30;

/** Reads for one batch: a filter that fits nothing does not hold the process. One of a single message counts for less. */
const READS_PER_BATCH = 8;
const SINGLE_READ = 1 / 64;

/** Ranges and failed messages with which a cursor goes no further up while the log has no room for more of them. */
const HELD_WHILE_CROWDED = 64;

/** Bytes on their way to the disk with which expired messages wait until there are fewer. */
const EXPIRED_UNSETTLED_MAX = 8 << 20;

/** Time for which a queue is held up before that is said. */
const PAUSE_SAID_MS = 5_000;

/** Longest wait for a message to expire; whoever waits longer looks again. */
const STANDS_MS_MAX = 3_600_000;

/** Wait after a failed read of a queue. */
const READ_AGAIN_MS = 5_000;

/** What deliveries stand on. */
export interface DeliveryDeps {
  readonly store: Store;
  readonly cursors: Cursors;
  readonly deadLetters: DeadLetters;
  readonly deadlines: DeadlineClock;
  readonly logger: Logger;
  readonly counters: ConsumeCounters;
  readonly meter: Meter;
}

/**
 * Sends one member what its cursors allow and its credit pays for: a batch of one queue at a time, in turn, each record
 * copied once from the store's memory into the frame.
 *
 * Credit counts records and the bytes of their encoded `Record`. The last record of a batch may take more bytes than are
 * left, or a large one would never go: the bytes are below zero then.
 */
export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #group: Group;
  readonly #member: Member;
  readonly #write: (batch: Buffer) => boolean;
  readonly #batch = new BatchBuilder();
  readonly #sink: BatchSink;
  /** Failures that the member has told on this stream: what it is sent tells it which of them were known. */
  failures = 0;
  #messages = 0;
  #bytes = 0;
  /** The stream takes more. */
  #flowing = true;
  #reading = false;
  #stopped = false;
  #turn = 0;

  /** `write` returns false when the stream takes no more for now. */
  constructor(deps: DeliveryDeps, who: { group: Group; member: Member; write: (batch: Buffer) => boolean }) {
    this.#deps = deps;
    this.#group = who.group;
    this.#member = who.member;
    this.#write = who.write;
    this.#sink = new BatchSink(this.#batch, who.member.mode === "shared");
  }

  /** The member can take more. */
  grant({ messages, bytes, anew }: Credit__Output): void {
    if (anew) this.#messages = this.#bytes = 0;
    this.#messages = Math.min(this.#messages + messages, CREDIT_MESSAGES_MAX);
    this.#bytes = Math.min(this.#bytes + bytes, CREDIT_BYTES_MAX);
  }

  /** The stream takes more again. */
  drained(): void {
    this.#flowing = true;
  }

  /** Delivers nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Delivers up to so many batches; returns whether there may be more. Goes on by itself after a read from the disk. Without
   * credit only passes over what is not for the member, up to the first message that is.
   */
  pump(batchesMax: number): boolean {
    for (let sent = 0; sent < batchesMax; sent++) if (!this.#next()) return false;
    return this.#ready;
  }

  get #paid(): boolean {
    return this.#messages > 0 && this.#bytes > 0;
  }

  get #ready(): boolean {
    return (
      this.#flowing &&
      !this.#reading &&
      !this.#stopped &&
      // Under a generation that it was not told of, the member would throw everything away.
      this.#member.told &&
      !this.#group.state.paused
    );
  }

  /** One batch of the next queue that has something; false if none has, or the rest follows after a read. */
  #next(): boolean {
    if (!this.#ready) return false;
    const { lanes } = this.#member;
    const nowMs = this.#deps.deadlines.nowMs();
    const paid = this.#paid;
    for (let tried = 0; tried < lanes.length; tried++) {
      const lane = lanes[this.#turn++ % lanes.length]!;
      if (!paid && !this.#leavesOut(lane)) continue;
      if (lane.cursor.isThrough(lane.queue.nextOffset)) continue;
      if (lane.reading || !readable(lane.queue.topic) || this.#givesUpMany(lane)) continue;
      this.#skipDropped(lane);
      if (lane.readAgainMs > nowMs) this.#group.expect(lane.readAgainMs);
      else {
        const run = this.#plan(lane, nowMs);
        if (run === null) this.#wait(lane, nowMs);
        else if (!paid && this.#stands(lane, run, nowMs)) continue;
        else if (this.#hasTurn(lane, run) && this.#fill(lane, nowMs)) return true;
      }
      if (this.#reading) return false;
    }
    return false;
  }

  /** Whether what was given up of the queue is to be moved first: the group is woken then. */
  #givesUpMany({ open }: Lane): boolean {
    return open !== null && this.#deps.deadLetters.crowded(open);
  }

  /** Whether the queue may have messages that are not for the member. */
  #leavesOut({ queue: { topic } }: Lane): boolean {
    const filter = this.#member.subscriptions.get(topic.name)?.filter;
    return filter?.loose || filter?.hashes !== undefined || topic.ttlMs > 0 || topic.ownTtl;
  }

  /** Whether the next message of a queue is known to wait for credit: it is not read again before it expires. */
  #stands(lane: Lane, { from }: Run, nowMs: number): boolean {
    const leftMs = lane.standsUntilMs - this.#deps.deadlines.instant().wallMs;
    if (lane.standsAt !== from || leftMs <= 0) return false;
    this.#group.expect(nowMs + Math.min(leftMs, STANDS_MS_MAX));
    return true;
  }

  /** Whether a queue may be read now; if not, the others go on until its turn. */
  #hasTurn(lane: Lane, { from }: Run): boolean {
    const turn = lane.hasTurn ? undefined : this.#deps.store.turn(lane.queue, from);
    lane.hasTurn = false;
    if (turn === undefined) return true;
    lane.reading = true;
    void turn.then(() => {
      lane.reading = false;
      lane.hasTurn = true;
      this.#group.wake();
    });
    return false;
  }

  #plan({ queue, cursor }: Lane, nowMs: number): Run | null {
    const { store } = this.#deps;
    const end = store.endOffset(queue);
    const torn = store.crowded && cursor.held > HELD_WHILE_CROWDED;
    return cursor.plan(torn ? Math.min(end, cursor.next) : end, nowMs, this.#group.order);
  }

  /** Fills a batch from one queue and sends it; false if there was nothing, a read failed, or has to come from the disk. */
  #fill(lane: Lane, nowMs: number): boolean {
    const { queue, generation, cursor } = lane;
    const messagesMax = this.#member.mode === "shared" ? SHARED_BATCH_MESSAGES_MAX : BATCH_MESSAGES_MAX;
    this.#batch.begin(queue.topic.name, queue.id, generation, this.failures);
    this.#sink.begin(
      Math.min(this.#messages, messagesMax),
      Math.min(this.#bytes, BATCH_BYTES_MAX),
      this.#member.subscriptions.get(queue.topic.name)?.filter,
      queue.topic,
      this.#expiry(lane),
    );
    const planned = { version: cursor.version, generation };
    let moved = false;
    for (let reads = 0; reads < READS_PER_BATCH; ) {
      const run = this.#sink.over || this.#givesUpMany(lane) ? null : this.#plan(lane, nowMs);
      if (run === null) break;
      if (this.#giveUp(lane, run)) {
        moved = true;
        continue;
      }
      reads += run.to - run.from === 1 ? SINGLE_READ : 1;
      let next: number | Promise<number>;
      try {
        next = this.#read(lane, run);
      } catch (thrown) {
        this.#refuse(lane, run, thrown);
        return false;
      }
      if (next instanceof Promise) {
        this.#finishLater(lane, run, next, planned);
        return false;
      }
      if (!this.#commit(lane, run, next)) break;
      moved = true;
    }
    this.#send();
    return moved;
  }

  /** A message that had its last attempt goes to the dead letters: its member died, or the broker or the group's limit changed since. */
  #giveUp(lane: Lane, { from, attempt, passes }: Run): boolean {
    const { open, cursor, errors } = lane;
    if (attempt <= this.#group.state.maxAttempts || passes || open === null) return false;
    cursor.hold(from);
    const letter = { offset: from, reason: DEAD_REASON.attempts, attempts: attempt - 1 };
    this.#deps.deadLetters.move(open, { ...letter, failure: errors.get(from) });
    return true;
  }

  #read(lane: Lane, run: Run): number | Promise<number> {
    const limits = this.#sink.start(run, lane.cursor.keys, lane.errors);
    return this.#deps.store.read(lane.queue, run.from, limits, this.#sink);
  }

  /** Waits for a read from the disk; what was read counts only if the queue is still this member's and was not moved. */
  #finishLater(
    lane: Lane,
    run: Run,
    reading: Promise<number>,
    planned: { version: number; generation: number },
  ): void {
    this.#reading = lane.reading = true;
    lane.cursor.keys?.watch(this.#sink.held);
    const finish = (take: () => void): void => {
      this.#reading = lane.reading = false;
      const valid =
        !this.#stopped &&
        lane.cursor.version === planned.version &&
        lane.generation === planned.generation &&
        this.#member.lanes.includes(lane);
      if (valid) take();
      lane.cursor.keys?.watched(run.from, run.from);
    };
    reading
      .then(
        (next) =>
          finish(() => {
            this.#commit(lane, run, next);
            this.#send();
          }),
        (thrown: unknown) => finish(() => this.#refuse(lane, run, thrown)),
      )
      .then(() => this.#group.wake())
      .catch((thrown: unknown) =>
        this.#deps.logger.error(
          { group: this.#group.state.name, error: String(thrown) },
          "a delivery failed",
        ),
      );
  }

  /** Moves the cursor by what was read; false if that was nothing. */
  #commit(lane: Lane, run: Run, next: number): boolean {
    const to = Math.min(next, run.to);
    if (this.#sink.standsUntilMs > 0)
      Object.assign(lane, { standsAt: to, standsUntilMs: this.#sink.standsUntilMs });
    if (to <= run.from) return false;
    const { gaps, held, offsets } = this.#sink.finish(to);
    if (this.#sink.expired > 0) this.#expire(lane);
    lane.cursor.deliver(run, to, gaps, held);
    if (gaps.length > 0 && lane.open !== null) this.#deps.cursors.movedUnasked(lane.open);
    if (this.#member.mode === "broadcast") lane.cursor.ack(run.from, to);
    if (this.#member.mode === "shared") this.#lease(lane, run, offsets);
    return true;
  }

  #expiry({ open }: Lane): Expiry {
    const { store, deadlines } = this.#deps;
    const bytesMax = store.unsettledBytes > EXPIRED_UNSETTLED_MAX ? 0 : BATCH_BYTES_MAX;
    return { nowMs: deadlines.instant().wallMs, bytesMax, deadLetters: open !== null };
  }

  /** What has expired is not delivered: to the dead letters with it, where its topic wants that. */
  #expire({ queue, open, errors }: Lane): void {
    const { deadLetters, meter } = this.#deps;
    const { expired, dying } = this.#sink;
    meter.expired(queue.topic.name, expired);
    if (open !== null) deadLetters.expire(open, dying, errors);
  }

  #lease(lane: Lane, run: Run, offsets: readonly number[]): void {
    const untilMs = this.#deps.deadlines.nowMs() + this.#member.leaseMs;
    for (const offset of offsets)
      lane.cursor.lease(offset, { holder: this.#member.id, attempt: run.attempt, untilMs });
    if (offsets.length > 0) this.#group.expect(untilMs);
  }

  /** Sends what was gathered, if it is anything. */
  #send(): void {
    const { messages, bytes, redelivered } = this.#sink;
    if (messages === 0) return;
    this.#messages -= messages;
    this.#bytes -= bytes;
    this.#deps.meter.delivered(messages, bytes);
    this.#deps.counters.messagesRedelivered += redelivered;
    if (!this.#write(this.#batch.finish(this.#sink.nextOffset))) this.#flowing = false;
  }

  /**
   * The read of a run failed at once; what the batch has of before goes out. If retention took the messages meanwhile the
   * next read finds others; else the queue stands still for a while, and the others go on.
   */
  #refuse(lane: Lane, { from }: Run, thrown: unknown): void {
    this.#send();
    if (lane.queue.firstOffset > from) return this.#group.expect(0);
    const nowMs = this.#deps.deadlines.nowMs();
    lane.readAgainMs = nowMs + READ_AGAIN_MS;
    this.#group.expect(lane.readAgainMs);
    this.#deps.logger.error(
      {
        group: this.#group.state.name,
        topic: lane.queue.topic.name,
        queueId: lane.queue.id,
        offset: from,
        error: String(thrown),
      },
      "a queue cannot be read: the group stops there; reset it past the damage to go on",
    );
  }

  /** What retention took is behind the group now. */
  #skipDropped({ cursor, open, queue }: Lane): void {
    const first = queue.firstOffset;
    if (cursor.floor >= first) return;
    if (open === null) cursor.skipTo(first);
    else this.#deps.cursors.skipDropped(open);
  }

  /** The plan for `nowMs` had nothing: comes back when a failed message is ready, which is later. */
  #wait(lane: Lane, nowMs: number): void {
    this.#group.expect(lane.cursor.nextReadyMs());
    this.#watchPause(lane, nowMs);
  }

  /** Says it when one unanswered message holds up its queue for long, because the cursor looks only so far ahead. */
  #watchPause(lane: Lane, nowMs: number): void {
    const { cursor, queue } = lane;
    if (!cursor.pausedBy(this.#deps.store.endOffset(queue))) return;
    if (lane.pausedFloor !== cursor.floor) {
      lane.pausedFloor = cursor.floor;
      lane.pausedSinceMs = nowMs;
    }
    if (nowMs - lane.pausedSinceMs < PAUSE_SAID_MS) return;
    lane.pausedSinceMs = Number.POSITIVE_INFINITY;
    this.#deps.counters.queuesHeldUp++;
    this.#deps.logger.warn(
      {
        group: this.#group.state.name,
        topic: queue.topic.name,
        queueId: queue.id,
        offset: cursor.floor,
        next: cursor.next,
      },
      "a queue is held up: its lowest message has no acknowledgement, and too many above it were delivered",
    );
  }
}
