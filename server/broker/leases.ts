import type { RangeSet } from "../../proto/kernel/range-set.js";
import { forgetRange } from "./retries.js";

/** A message that one member has for a time, and nobody else gets meanwhile. */
export interface Lease {
  /** Id of the member. */
  readonly holder: string;
  readonly attempt: number;
  /** By the clock that deadlines go by. */
  untilMs: number;
}

/** The leases of one cursor in shared mode. In memory only: after a restart whatever is not acknowledged is free. */
export class Leases {
  readonly #byOffset = new Map<number, Lease>();
  /** Invariant: no lease ends before this. */
  #earliestMs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#byOffset.size;
  }

  /** No lease ends before this; Infinity without leases. */
  get nextEndMs(): number {
    return this.#byOffset.size === 0 ? Number.POSITIVE_INFINITY : this.#earliestMs;
  }

  get(offset: number): Lease | undefined {
    return this.#byOffset.get(offset);
  }

  take(offset: number, lease: Lease): void {
    this.#byOffset.set(offset, lease);
    this.#earliestMs = Math.min(this.#earliestMs, lease.untilMs);
  }

  /** Sets a new end; false if this member has no lease on this attempt. */
  extend(offset: number, holder: string, attempt: number, untilMs: number): boolean {
    const lease = this.#byOffset.get(offset);
    if (lease === undefined || lease.holder !== holder || lease.attempt !== attempt) return false;
    lease.untilMs = untilMs;
    this.#earliestMs = Math.min(this.#earliestMs, untilMs);
    return true;
  }

  /** Takes out and returns the leases that have run out. */
  expire(nowMs: number): [offset: number, lease: Lease][] {
    if (nowMs < this.nextEndMs) return [];
    const ended = this.#takeOut((lease) => lease.untilMs <= nowMs);
    this.#earliestMs = Number.POSITIVE_INFINITY;
    for (const lease of this.#byOffset.values()) this.#earliestMs = Math.min(this.#earliestMs, lease.untilMs);
    return ended;
  }

  /** Takes out and returns the leases of a member, but for what it still has. */
  drop(holder: string, held: RangeSet): [offset: number, lease: Lease][] {
    return this.#takeOut((lease, offset) => lease.holder === holder && !held.has(offset));
  }

  delete(offset: number): void {
    this.#byOffset.delete(offset);
  }

  /** Forgets the leases of `[start, end)`. */
  forget(start: number, end: number): void {
    forgetRange(this.#byOffset, start, end);
  }

  /** The offsets, in no order. */
  offsets(): Iterable<number> {
    return this.#byOffset.keys();
  }

  clear(): void {
    this.#byOffset.clear();
    this.#earliestMs = Number.POSITIVE_INFINITY;
  }

  #takeOut(which: (lease: Lease, offset: number) => boolean): [offset: number, lease: Lease][] {
    const out = [...this.#byOffset].filter(([offset, lease]) => which(lease, offset));
    for (const [offset] of out) this.#byOffset.delete(offset);
    return out.sort(([a], [b]) => a - b);
  }
}
