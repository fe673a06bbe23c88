import { DueHeap } from "./due-heap.js";
import { KeyHashes } from "./key-hashes.js";
import type { Retries } from "./retries.js";

/** What a cursor says of itself. */
export interface KeyPlace {
  /** The lowest offset that is not acknowledged. */
  readonly floor: number;
  isAcknowledged(offset: number): boolean;
}

/** A key whose message at `head` failed. */
interface BlockedKey {
  head: number;
  /** What waits for that, lowest first: acknowledged ones may be among it. */
  readonly behind: number[];
}

/** What happens between a plan and the sending of what it has read. */
interface Meanwhile {
  /** Keys that a member failed on: it drops what there is of them. */
  readonly blocked: Set<number>;
  /** Keys of which something was held back or is free again: that comes first. */
  readonly behind: Set<number>;
}

/** How much is kept, for tests and people. */
export interface KeyFigures {
  /** Keys with a failed message. */
  readonly blocked: number;
  /** Messages that are held back, or free again and not delivered yet. */
  readonly heldBack: number;
  /** Offsets whose key is known. */
  readonly hashes: number;
}

/**
 * Order by key within one queue. A failed message blocks its key: what was delivered behind it counts as given back, what
 * comes later is held back, until it is acknowledged. The other keys go on. Keys are told apart by their 32-bit hash: two
 * with one hash wait for each other, which is less parallel and no less in order. Messages without a key have hash 0.
 *
 * In memory only: a queue that gets an owner is delivered from its floor on, in order, and whoever comes to a failed
 * message on that way holds back its key again. Pure.
 *
 * Bound: ten bytes for each of twice the window's offsets, and eight for each that is held back.
 */
export class KeyOrder {
  readonly #place: KeyPlace;
  readonly #retries: Retries;
  readonly #hashes = new KeyHashes();
  readonly #blocked = new Map<number, BlockedKey>();
  /** Hash by offset, of the failed messages that block. */
  readonly #heads = new Map<number, number>();
  /** Heads by the time of their next attempt; entries that no longer count are dropped when they come up. */
  readonly #due = new DueHeap();
  /** Held back once and free now: delivered before anything from further up. */
  readonly #freed = new Set<number>();
  readonly #freedOrder = new DueHeap();
  /** While records are being read that are sent later. */
  #meanwhile: Meanwhile | null = null;

  constructor(place: KeyPlace, retries: Retries) {
    this.#place = place;
    this.#retries = retries;
  }

  /** A record was read on the way up. */
  note(offset: number, hash: number): void {
    this.#hashes.note(offset, hash, this.#place.floor);
  }

  /** A record was read; whether it has to be held back. A failed message whose turn it is has not. */
  holds(offset: number, hash: number): boolean {
    this.note(offset, hash);
    const head = this.#blocked.size === 0 ? undefined : this.#blocked.get(hash)?.head;
    if (head === undefined) return this.#meanwhile?.behind.has(hash) === true;
    this.#meanwhile?.behind.add(hash);
    return head !== offset;
  }

  /** It was held back, or is a failed one that was come to on the way up. */
  hold(offset: number): void {
    const hash = this.#hashes.get(offset);
    const key = this.#blocked.get(hash);
    this.#retries.takeBack(offset);
    if (key?.head === offset) this.waits(offset);
    else if (key !== undefined && key.head < offset) insert(key.behind, offset);
    else if (this.#retries.has(offset)) this.#block(hash, offset);
    else this.#free(offset);
  }

  /**
   * A member says that it failed on a message whose key has this hash: whatever has become of the message, the member drops
   * what it has of the same key behind it, up to `next`. Blocks the key until `waits`, `letGo` or the acknowledgement.
   */
  giveBack(offset: number, hash: number, next: number): void {
    this.#meanwhile?.blocked.add(hash);
    if (offset >= next) return;
    this.#freed.delete(offset);
    const known = this.#blocked.get(hash);
    if (known !== undefined && known.head <= offset) return;
    if (known !== undefined) this.#heads.delete(known.head);
    const behind = this.#hashes
      .find(hash, Math.max(offset + 1, this.#place.floor))
      .filter((at) => at < next && !this.#place.isAcknowledged(at));
    for (const at of behind) {
      this.#freed.delete(at);
      this.#retries.takeBack(at);
    }
    this.#blocked.set(hash, { head: offset, behind });
    this.#heads.set(offset, hash);
    if (this.#place.isAcknowledged(offset)) this.#release(hash);
  }

  /** The failed message has its time now. */
  waits(offset: number): void {
    const retry = this.#heads.has(offset) ? this.#retries.get(offset) : undefined;
    if (retry !== undefined) this.#due.push(retry.readyAtMs, offset);
  }

  /**
   * The failure did not count: the message and what is behind it are delivered again, one that failed before in its time. The
   * member has dropped what it had of the key, also the message itself where it came once more.
   */
  letGo(offset: number): void {
    const hash = this.#heads.get(offset);
    if (hash === undefined) return;
    if (this.#retries.has(offset)) {
      this.#retries.takeBack(offset);
      return this.waits(offset);
    }
    this.#blocked.get(hash)!.behind.unshift(offset);
    this.#release(hash);
  }

  /** `[start, end)` is acknowledged: keys that were blocked by one of these go on. */
  acknowledged(start: number, end: number): void {
    if (this.#heads.size === 0) return;
    if (end - start <= this.#heads.size) {
      for (let at = start; at < end; at++) this.#releaseHead(at);
      return;
    }
    for (const at of [...this.#heads.keys()]) if (at >= start && at < end) this.#releaseHead(at);
  }

  /** The first failed message whose time has come, of those that block; -1 if there is none. */
  ready(nowMs: number): number {
    return this.nextReadyMs() <= nowMs ? this.#due.nextOffset : -1;
  }

  /** When the next failed message is ready; Infinity if none waits. */
  nextReadyMs(): number {
    while (this.#due.size > 0 && !this.#counts(this.#due.nextOffset, this.#due.nextMs)) this.#due.pop();
    return this.#due.nextMs;
  }

  /** The lowest message that is free again; -1 if there is none. */
  nextFreed(): number {
    for (; this.#freedOrder.size > 0; this.#freedOrder.pop()) {
      const offset = this.#freedOrder.nextOffset;
      if (!this.#freed.has(offset)) continue;
      if (!this.#place.isAcknowledged(offset)) return offset;
      this.#freed.delete(offset);
    }
    return -1;
  }

  /** Whether nothing is free again and waits. */
  get idle(): boolean {
    return this.#freed.size === 0;
  }

  /** A message that was free again was delivered. */
  sent(offset: number): void {
    this.#freed.delete(offset);
  }

  /** Records are being read that are sent later; of what was read already these are held back. */
  watch(held: readonly number[]): void {
    const behind = new Set(held.map((offset) => this.#hashes.get(offset)));
    this.#meanwhile = { blocked: new Set(), behind };
  }

  /** `[from, to)` of them was sent: what there is in it of keys that the member failed on meanwhile is dropped there. */
  watched(from: number, to: number): void {
    const meanwhile = this.#meanwhile;
    this.#meanwhile = null;
    if (meanwhile === null) return;
    const { blocked } = meanwhile;
    for (let at = from; blocked.size > 0 && at < to; at++)
      if (blocked.has(this.#hashes.get(at)) && !this.#place.isAcknowledged(at)) this.hold(at);
  }

  /** What is neither delivered nor failed though it lies below what was read. */
  get heldBack(): number[] {
    const held: number[] = [];
    const add = (at: number): void => {
      if (!this.#place.isAcknowledged(at) && !this.#retries.has(at)) held.push(at);
    };
    for (const at of this.#freed) add(at);
    for (const { behind } of this.#blocked.values()) behind.forEach(add);
    return held;
  }

  get figures(): KeyFigures {
    return { blocked: this.#blocked.size, heldBack: this.heldBack.length, hashes: this.#hashes.size };
  }

  isHeldBack(offset: number): boolean {
    return (
      this.#freed.has(offset) || this.#blocked.get(this.#hashes.get(offset))?.behind.includes(offset) === true
    );
  }

  /** How many messages wait for this one, if it blocks its key. */
  waitingFor(offset: number): number {
    const key = this.#blocked.get(this.#heads.get(offset) ?? -1);
    return key?.behind.filter((at) => !this.#place.isAcknowledged(at)).length ?? 0;
  }

  #block(hash: number, head: number): void {
    const known = this.#blocked.get(hash);
    if (known !== undefined) this.#heads.delete(known.head);
    this.#blocked.set(hash, { head, behind: known === undefined ? [] : [known.head, ...known.behind] });
    this.#heads.set(head, hash);
    this.waits(head);
  }

  #releaseHead(offset: number): void {
    const hash = this.#heads.get(offset);
    if (hash !== undefined) this.#release(hash);
  }

  /** What is behind the head goes on, up to the next failed message. */
  #release(hash: number): void {
    const key = this.#blocked.get(hash)!;
    this.#heads.delete(key.head);
    for (const [index, at] of key.behind.entries()) {
      if (this.#place.isAcknowledged(at)) continue;
      if (!this.#retries.has(at)) {
        this.#free(at);
        continue;
      }
      key.head = at;
      key.behind.splice(0, index + 1);
      this.#heads.set(at, hash);
      return this.waits(at);
    }
    this.#blocked.delete(hash);
  }

  #free(offset: number): void {
    if (this.#freed.has(offset)) return;
    if (this.#freed.size === 0) this.#freedOrder.clear();
    this.#freed.add(offset);
    this.#meanwhile?.behind.add(this.#hashes.get(offset));
    this.#freedOrder.push(offset, offset);
  }

  #counts(offset: number, readyAtMs: number): boolean {
    const retry = this.#heads.has(offset) ? this.#retries.get(offset) : undefined;
    return retry !== undefined && !retry.out && retry.readyAtMs === readyAtMs;
  }
}

/** Puts an offset where it belongs, once; mostly that is the end. */
function insert(sorted: number[], offset: number): void {
  let at = sorted.length;
  while (at > 0 && sorted[at - 1]! > offset) at--;
  if (sorted[at - 1] !== offset) sorted.splice(at, 0, offset);
}
