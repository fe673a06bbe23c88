import { RETRY_DELAY_MS_MAX } from "../../proto/kernel/limits.js";
import { type OffsetRange, RangeSet } from "../../proto/kernel/range-set.js";
import type { CursorState } from "../store/cursor-state.js";
import { KeyOrder, type KeyPlace } from "./key-order.js";
import { type Lease, Leases } from "./leases.js";
import { Retries } from "./retries.js";
import type { Instant, Order, Run } from "./run.js";
import type { Counts, Oldest, Standing } from "./standing.js";

/** How far above its floor a cursor goes. */
export const WINDOW_MESSAGES_MAX = 65_536;

/** Acknowledged ranges and failed messages with which a cursor goes no further up. */
export const HELD_MAX = 16_384;

/**
 * How far one group has come in one queue: what is acknowledged, what is out and what waits for another attempt. No I/O
 * and no clock of its own.
 *
 * Invariant: an offset below `next` is acknowledged, waiting, or out; one from `next` on is acknowledged, waiting, or
 * was not delivered since the last `rewind`.
 *
 * A crash loses what is out: it is delivered again. Acknowledgements and attempts survive as far as `toState` was stored.
 */
export class Cursor implements KeyPlace {
  #floor: number;
  #next: number;
  readonly #acked: RangeSet;
  readonly #retries = new Retries();
  readonly #leases = new Leases();
  /** While it is moved in order by key. */
  #keys: KeyOrder | null = null;
  #version = 0;
  /** Generation of the last reset; 0 without one. */
  fence: number;

  constructor(state: CursorState, now: Instant) {
    this.fence = state.fence;
    this.#acked = RangeSet.of(state.acked);
    this.#floor = this.#acked.takeFloor(state.floor);
    this.#next = this.#floor;
    for (const [offset, attempt, dueMs] of state.retries) {
      if (offset < this.#floor || this.#acked.has(offset)) continue;
      const delayMs = Math.min(Math.max(0, dueMs - now.wallMs), RETRY_DELAY_MS_MAX);
      this.#retries.wait(offset, { attempt, dueMs, readyAtMs: now.deadlineMs + delayMs });
    }
    this.#retries.rewind(this.#floor, now.deadlineMs);
  }

  /** A cursor that begins at `offset`. */
  static at(offset: number): Cursor {
    return new Cursor({ floor: offset, acked: [], retries: [], fence: 0 }, { wallMs: 0, deadlineMs: 0 });
  }

  /** The lowest offset that is not acknowledged. */
  get floor(): number {
    return this.#floor;
  }

  isAcknowledged(offset: number): boolean {
    return offset < this.#floor || this.#acked.has(offset);
  }

  /** The lowest offset from `offset` on that is not acknowledged. */
  pendingFrom(offset: number): number {
    return this.#acked.nextMissing(Math.max(offset, this.#floor));
  }

  /** What is known of keys; null unless the cursor is moved in order by key. */
  get keys(): KeyOrder | null {
    return this.#keys;
  }

  /** How many messages are acknowledged, by offsets: only differences mean something. */
  get acknowledged(): number {
    return this.#floor + this.#acked.count;
  }

  /** What is acknowledged, lowest first. */
  get acknowledgedRanges(): OffsetRange[] {
    return this.#floor === 0 ? this.#acked.toArray() : [[0, this.#floor], ...this.#acked.toArray()];
  }

  /** The lowest offset that was not delivered to the present owner. */
  get next(): number {
    return this.#next;
  }

  /** Whether everything below `offset` was delivered and nothing waits for another attempt: a plan would find nothing. */
  isThrough(offset: number): boolean {
    return this.#next >= offset && this.#retries.size === 0 && this.#keys?.idle !== false;
  }

  /** Changes whenever what was planned before may no longer be delivered. */
  get version(): number {
    return this.#version;
  }

  /** What may be delivered now of a queue that ends at `end`; null if nothing. Changes nothing. */
  plan(end: number, nowMs: number, order: Order): Run | null {
    if (order === "key") return this.#planByKey(end, nowMs);
    this.#keys = null;
    const ready = this.#retries.ready(nowMs);
    if (ready >= 0) return this.#again(ready);
    let from = this.#acked.nextMissing(this.#next);
    while (this.#retries.has(from)) from = this.#acked.nextMissing(from + 1);
    return this.#run(from, Math.min(end, this.#floor + WINDOW_MESSAGES_MAX));
  }

  /** When a failed message is ready; Infinity if none waits. */
  nextReadyMs(): number {
    return this.#keys === null ? this.#retries.nextReadyMs() : this.#keys.nextReadyMs();
  }

  /** What the cursor keeps above its floor: ranges and failed messages. */
  get held(): number {
    return this.#acked.ranges + this.#retries.size;
  }

  /** Whether messages below `end` wait only because too many above the floor have no answer. */
  pausedBy(end: number): boolean {
    return this.#next < end && (this.#next >= this.#floor + WINDOW_MESSAGES_MAX || this.#full);
  }

  /**
   * `run` was read up to `to` and delivered, but for the offsets in `gaps` (start, end, start, end, …), which the filter
   * left out: they count as acknowledged. In order by key also but for those in `held`, whose keys are blocked.
   */
  deliver(run: Run, to: number, gaps: readonly number[], held: readonly number[] = []): void {
    const again = (run.attempt > 1 || this.#retries.has(run.from)) && run.passes === undefined;
    if (again) this.#retries.sent(run.from);
    if (this.#keys !== null && run.from < this.#next) this.#keys.sent(run.from);
    if (!again || run.from <= this.#acked.nextMissing(this.#next)) this.#next = Math.max(this.#next, to);
    for (let at = 0; at + 1 < gaps.length; at += 2) this.ack(gaps[at]!, gaps[at + 1]!);
    for (const offset of held) this.#keys!.hold(offset);
    this.#keys?.watched(run.from, to);
  }

  /** Gives a member what was just delivered until `untilMs`; not what was acknowledged while it was being read. */
  lease(offset: number, lease: Lease): void {
    if (offset < this.#floor || this.#acked.has(offset)) return;
    this.#leases.take(offset, lease);
  }

  /** Acknowledges `[start, end)`; returns how many offsets were not acknowledged before. */
  ack(start: number, end: number): number {
    const from = Math.max(start, this.#floor);
    const added = this.#acked.add(from, end);
    if (added === 0) return 0;
    this.#retries.forget(from, end);
    this.#leases.forget(from, end);
    this.#floor = this.#acked.takeFloor(this.#floor);
    this.#next = Math.max(this.#next, this.#floor);
    this.#keys?.acknowledged(from, end);
    return added;
  }

  /**
   * The same by the holder of leases. Leaves out, and returns, what another member has after the holder's lease ran out.
   * Without a lease it counts: the broker may have been restarted since.
   */
  ackLeased(start: number, end: number, holder: string): { added: number; refused: number[] } {
    const refused = this.#foreign(Math.max(start, this.#floor), end, holder);
    let added = 0;
    let from = start;
    for (const offset of refused) {
      added += this.ack(from, offset);
      from = offset + 1;
    }
    return { added: added + this.ack(from, end), refused };
  }

  /** In order by key: a member failed on a message, and has given back what it had of the same key, of that hash, behind it. */
  giveBack(offset: number, keyHash: number): void {
    this.#keys?.giveBack(offset, keyHash, this.#next);
  }

  /**
   * The delivery number `attempt` failed: the next, by one higher unless told otherwise, is due at `dueMs`, ready at
   * `readyAtMs`. False, and nothing changes, if that delivery is not out (any more), or another member has the lease.
   */
  nack(
    failed: { offset: number; attempt: number; holder?: string },
    next: { attempt?: number; dueMs: number; readyAtMs: number },
  ): boolean {
    const taken = this.#fail(failed, next);
    if (taken) this.#keys?.waits(failed.offset);
    else this.#keys?.letGo(failed.offset);
    return taken;
  }

  #fail(
    failed: { offset: number; attempt: number; holder?: string },
    next: { attempt?: number; dueMs: number; readyAtMs: number },
  ): boolean {
    const { offset, attempt } = failed;
    if (offset < this.#floor || this.#acked.has(offset)) return false;
    const retry = this.#retries.get(offset);
    if (retry === undefined ? attempt !== 1 : retry.attempt !== attempt) return false;
    if (retry !== undefined && !retry.out && !retry.rewound) return false;
    const lease = this.#leases.get(offset);
    if (lease !== undefined && lease.holder !== failed.holder) return false;
    this.#leases.delete(offset);
    this.#retries.wait(offset, { attempt: attempt + 1, ...next });
    if (offset >= this.#next) this.#retries.lookAhead(this.#next);
    return true;
  }

  /** Messages that are not to be delivered, and are on their way to the dead letters, are kept like failed ones. */
  park(messages: readonly { offset: number; attempt: number }[], dueMs: number): void {
    for (const { offset, attempt } of messages)
      if (!this.isAcknowledged(offset))
        this.#retries.wait(offset, { attempt, dueMs, readyAtMs: Number.POSITIVE_INFINITY });
    this.#retries.lookAhead(this.#next);
  }

  /** Keeps a failed message from being delivered again until it is acknowledged: it is on its way to the dead letters. */
  hold(offset: number): void {
    const retry = this.#retries.get(offset);
    if (retry !== undefined) this.#retries.wait(offset, { ...retry, readyAtMs: Number.POSITIVE_INFINITY });
  }

  /** Whether a message is kept so. */
  holds(offset: number): boolean {
    const retry = this.#retries.get(offset);
    return retry !== undefined && !retry.out && retry.readyAtMs === Number.POSITIVE_INFINITY;
  }

  /** Sets a new end to a lease; false if this member has none on this attempt. */
  extend(offset: number, holder: string, attempt: number, untilMs: number): boolean {
    return this.#leases.extend(offset, holder, attempt, untilMs);
  }

  /** No lease ends before this; Infinity without leases. */
  get nextLeaseEndMs(): number {
    return this.#leases.nextEndMs;
  }

  /** Frees what members had for too long, for another attempt at once; returns it. */
  expireLeases(now: Instant): [offset: number, lease: Lease][] {
    return this.#free(this.#leases.expire(now.deadlineMs), now);
  }

  /** Frees what a member had and has no more, for another attempt at once; returns it. */
  dropLeases(holder: string, held: RangeSet, now: Instant): [offset: number, lease: Lease][] {
    return this.#free(this.#leases.drop(holder, held), now);
  }

  /** Delivers what is not acknowledged from `offset` on anew: what was out there is ready now, with the attempt it had. */
  rewind(offset: number, nowMs: number): void {
    this.#next = Math.max(this.#floor, Math.min(this.#next, offset));
    this.#retries.rewind(this.#next, nowMs);
    if (this.#keys !== null) this.#keys = new KeyOrder(this, this.#retries);
    this.#version++;
  }

  /** Begins at `floor`, forwards or back, with generation `fence`; everything else is forgotten. */
  reset(floor: number, fence: number): void {
    this.fence = fence;
    this.#leases.clear();
    this.#retries.clear();
    this.#keys = null;
    this.#acked.clear();
    this.#floor = floor;
    this.#next = floor;
    this.#version++;
  }

  /** Moves up to the first offset that retention has left; returns how many messages were lost without an acknowledgement. */
  skipTo(first: number): number {
    return first > this.#floor ? this.ack(this.#floor, first) : 0;
  }

  /** Nothing above the end of a log that was cut counts (guarantee G5); returns whether anything did. */
  cutTo(end: number): boolean {
    if (this.#floor <= end && this.#acked.end <= end && !this.#retries.anyFrom(end)) return false;
    const ranges = this.#acked.toArray();
    this.#acked.clear();
    for (const [from, to] of ranges) this.#acked.add(from, Math.min(to, end));
    this.#floor = this.#acked.takeFloor(Math.min(this.#floor, end));
    this.#retries.forget(end, Number.POSITIVE_INFINITY);
    this.rewind(this.#floor, 0);
    return true;
  }

  /** What is where in a queue that ends at `end`. */
  counts(end: number): Counts {
    const lag = Math.max(0, end - this.#floor) - this.#acked.count;
    const { waitingBelow, waitingAhead, outAhead } = this.#retries.countAround(this.#next);
    const unanswered = this.#next - this.#floor - this.#acked.countWithin(this.#floor, this.#next);
    const heldBack = this.#keys?.heldBack.length ?? 0;
    const inFlight = unanswered - waitingBelow + outAhead - heldBack;
    const retrying = waitingBelow + waitingAhead + heldBack;
    return { lag, ready: lag - inFlight - retrying, inFlight, retrying };
  }

  /** The same of the oldest message in each state. */
  oldest(end: number): Oldest {
    const { waiting, outAhead } = this.#retries.lowest(this.#next);
    const heldBack = new Set(this.#keys?.heldBack);
    const waits = (at: number): boolean => this.#retries.get(at)?.out === false || heldBack.has(at);
    let out = this.#acked.nextMissing(this.#floor);
    while (out < this.#next && waits(out)) out = this.#acked.nextMissing(out + 1);
    let ready = this.#acked.nextMissing(this.#next);
    while (ready < end && this.#retries.has(ready)) ready = this.#acked.nextMissing(ready + 1);
    return {
      ready: ready < end ? ready : Number.POSITIVE_INFINITY,
      inFlight: out < this.#next ? out : outAhead,
      retrying: Array.from(heldBack).reduce((lowest, at) => Math.min(lowest, at), waiting),
    };
  }

  /** How one message that is not acknowledged stands. */
  about(offset: number): Standing {
    const retry = this.#retries.get(offset);
    const read = offset < this.#next && this.#keys?.isHeldBack(offset) !== true;
    return {
      attempt: retry?.attempt ?? 1,
      inFlight: read && (retry === undefined || retry.out),
      waiting: this.#keys?.waitingFor(offset) ?? 0,
      holder: this.#leases.get(offset)?.holder,
    };
  }

  /** What a restart has to know. */
  toState(): CursorState {
    const retries = this.#retries
      .entries()
      .map(([offset, { attempt, dueMs }]) => [offset, attempt, dueMs] as const);
    const acked = this.#acked.toArray() as OffsetRange[];
    return { floor: this.#floor, acked, retries, fence: this.fence };
  }

  get #full(): boolean {
    return this.held >= HELD_MAX;
  }

  /** What is behind the way up comes first, so that nothing of a key overtakes; a failed message on the way is looked at. */
  #planByKey(end: number, nowMs: number): Run | null {
    this.#keys ??= new KeyOrder(this, this.#retries);
    const ready = this.#keys.ready(nowMs);
    if (ready >= 0) return this.#again(ready);
    const freed = this.#keys.nextFreed();
    if (freed >= 0) return { from: freed, to: freed + 1, attempt: 1 };
    const from = this.#acked.nextMissing(this.#next);
    const limit = Math.min(end, this.#floor + WINDOW_MESSAGES_MAX);
    if (!this.#retries.has(from)) return this.#run(from, limit);
    return from < limit ? { ...this.#again(from), passes: true } : null;
  }

  #again(offset: number): Run {
    return { from: offset, to: offset + 1, attempt: this.#retries.get(offset)!.attempt };
  }

  /** First deliveries from `from` on, up to what was acknowledged or failed before. */
  #run(from: number, limit: number): Run | null {
    const top = this.#full ? Math.min(limit, this.#acked.end) : limit;
    const to = Math.min(top, this.#acked.nextPresent(from), this.#retries.nextAhead(from));
    return from < to ? { from, to, attempt: 1 } : null;
  }

  #foreign(start: number, end: number, holder: string): number[] {
    const foreign: number[] = [];
    for (const offset of this.#leases.size <= end - start ? this.#leases.offsets() : within(start, end)) {
      const lease = this.#leases.get(offset);
      if (lease === undefined || offset < start || offset >= end) continue;
      if (lease.holder !== holder && lease.attempt > 1) foreign.push(offset);
    }
    return foreign.sort((a, b) => a - b);
  }

  #free(leases: [offset: number, lease: Lease][], now: Instant): [offset: number, lease: Lease][] {
    for (const [offset, { attempt }] of leases)
      this.#retries.wait(offset, {
        attempt: attempt + 1,
        dueMs: now.wallMs,
        readyAtMs: now.deadlineMs,
      });
    return leases;
  }
}

function* within(start: number, end: number): Generator<number> {
  for (let offset = start; offset < end; offset++) yield offset;
}
