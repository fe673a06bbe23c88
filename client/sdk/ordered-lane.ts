import type { PendingSend } from "./pending-send.js";

/** Tries to find the sequence that the broker takes for the latest; there are at most three to choose from. */
const GAPS_MAX = 4;

/**
 * The ordered messages of one producer for one queue: each names the one before it, and the broker refuses a message
 * whose predecessor is not its latest. So when one is refused, those behind it come back too, and all are sent again in
 * their order once none is under way any more.
 *
 * Pure: says what to do, sends nothing.
 */
export class OrderedLane {
  #nextOrder = 1;
  /** Sequence that the next message names. */
  #tail = 0;
  /** Sequence of the latest message that the broker is known to have. */
  #stored = 0;
  /** Sequence of a later message that it may have; 0 for none. */
  #doubtful = 0;
  /** Gaps in a row that no refusal of a predecessor explains. */
  #gaps = 0;
  #underWay = 0;
  #held: PendingSend[] = [];
  #blocked = false;
  #paused = false;

  /** Takes a place in the order. */
  enter(send: PendingSend): void {
    send.lane = this;
    send.laneOrder = this.#nextOrder++;
  }

  /** Whether the message has to wait behind a refused one; the lane keeps it then. */
  hold(send: PendingSend): boolean {
    if (!this.#blocked) return false;
    this.#insert(send);
    return true;
  }

  /** A message, or a batch up to sequence `last`, goes out; returns the sequence that it names. */
  sent(send: PendingSend, last: number): number {
    const after = this.#tail;
    this.#tail = last;
    if (!send.underWay) this.#underWay++;
    send.underWay = true;
    return after;
  }

  /** The broker has what went out up to `last`. Returns what can go out again. */
  acked(send: PendingSend, last: number): PendingSend[] {
    this.#leave(send);
    this.#gaps = this.#doubtful = 0;
    this.#stored = Math.max(this.#stored, last);
    return this.#release();
  }

  /** A message that went out without the lane, because nobody knew its queue, is the queue's latest. */
  adopt(sequence: number): void {
    this.#stored = Math.max(this.#stored, sequence);
    this.#tail = Math.max(this.#tail, sequence);
  }

  /**
   * The broker refused the message, `gap` for its predecessor. It waits, and so do all that follow, until the last answer
   * and, if this returns "pause", until `resume`. "follows": another refusal explains it, see `released`. "lost": the
   * broker takes no predecessor, so that only giving up is left.
   */
  refused(send: PendingSend, gap: boolean): "pause" | "follows" | "lost" {
    const follows = gap && this.#blocked;
    if (gap && !follows && ++this.#gaps > GAPS_MAX) return "lost";
    this.#leave(send);
    this.#insert(send);
    this.#blocked = true;
    if (follows) return "follows";
    this.#paused = true;
    return "pause";
  }

  /**
   * A message is given up. If it went out, those behind it come back and name another; with `maybe` the broker may have
   * it. Returns what can go out again.
   */
  dropped(send: PendingSend, maybe: boolean): PendingSend[] {
    if (!send.underWay) return [];
    this.#leave(send);
    this.#blocked = true;
    if (maybe) this.#doubtful = (send.rest?.at(-1) ?? send).sequence;
    return this.#release();
  }

  /** The pause after a refusal is over. Returns what can go out again. */
  resume(): PendingSend[] {
    this.#paused = false;
    return this.#release();
  }

  /** What can go out again, now that another answer has come. */
  released(): PendingSend[] {
    return this.#release();
  }

  /** Lets go of those held, if nothing is under way and no pause is left. */
  #release(): PendingSend[] {
    if (!this.#blocked || this.#paused || this.#underWay > 0) return [];
    this.#blocked = false;
    this.#tail = this.#predecessor();
    return this.takeHeld();
  }

  /** Gives up everything that waits. */
  takeHeld(): PendingSend[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /**
   * The latest known message; after gaps in turn the doubtful one and none, for a broker that has forgotten a producer
   * which was silent for long. The broker refuses a wrong guess.
   */
  #predecessor(): number {
    const guesses = this.#doubtful === 0 ? [this.#stored, 0] : [this.#stored, this.#doubtful, 0];
    return guesses[this.#gaps % guesses.length]!;
  }

  #leave(send: PendingSend): void {
    if (send.underWay) this.#underWay--;
    send.underWay = false;
  }

  #insert(send: PendingSend): void {
    let at = this.#held.length;
    while (at > 0 && this.#held[at - 1]!.laneOrder > send.laneOrder) at--;
    this.#held.splice(at, 0, send);
  }
}
