import { expect } from "chai";
import { Cursor } from "../../server/broker/cursor.js";
import type { Instant, Run } from "../../server/broker/run.js";

const at = (ms: number): Instant => ({ wallMs: 1_000_000 + ms, deadlineMs: ms });

/** A batch on its way to the member. */
interface Batch {
  readonly offsets: readonly number[];
  readonly attempt: number;
  readonly failures: number;
}

/** A read, from a disk that takes its time. */
interface Reading {
  readonly run: Run;
  readonly to: number;
  at: number;
  readonly held: number[];
  readonly gaps: number[];
  readonly offsets: number[];
  readonly dying: number[];
  readonly failures: number;
}

interface Failure {
  readonly offset: number;
  readonly attempt: number;
}

/**
 * One queue in order by key, its cursor and a member that does what the protocol asks for, with everything between them on its
 * way for as long as the test likes. Checks at each handler's begin that nothing before it of its key is unfinished.
 */
export class KeyedWorld {
  /** Key by offset. */
  readonly #keys: number[] = [];
  readonly #dropped: (offset: number) => boolean;
  /** Handled, or skipped by hand, or left out by the filter. */
  readonly #over = new Set<number>();
  readonly #expired = new Set<number>();
  /** On their way to the dead letters. */
  #dying: number[] = [];
  cursor = Cursor.at(0);
  #nowMs = 0;
  #reading: Reading | null = null;
  #batches: Batch[] = [];
  /** On their way to the broker, in order. */
  #answers: (Failure | { readonly acked: number })[] = [];
  /** Broker and member: failures of this stream. */
  #known = 0;
  #told = 0;
  /** The member's: what waits by key, what is in its handlers, and from which count of failures on a key goes on. */
  #waiting = new Map<number, Failure[]>();
  #running = new Map<number, Failure[]>();
  #staleBelow = new Map<number, number>();
  /** What it tells the broker in its next turn. */
  #acks: number[] = [];
  #nacks: Failure[] = [];
  /** By offset: failures that counted, and when the next attempt is due. */
  readonly #failures = new Map<number, number>();
  readonly #dueMs = new Map<number, number>();

  /** `dropped`: what the filter leaves out. */
  constructor(dropped: (offset: number) => boolean) {
    this.#dropped = dropped;
  }

  get end(): number {
    return this.#keys.length;
  }

  publish(key: number): void {
    this.#keys.push(key);
  }

  /** A message is delivered no more, wherever it is. */
  expire(offset: number): void {
    if (offset < this.end) this.#expired.add(offset);
  }

  /** What has expired, and would have been delivered, is a dead letter. */
  bury(): boolean {
    const dying = this.#dying.splice(0).filter((offset) => this.cursor.holds(offset));
    for (const offset of dying) this.skip(offset);
    return dying.length > 0;
  }

  wait(ms: number): void {
    this.#nowMs += ms;
  }

  /** The broker plans and reads up to `most`; `later`: from the disk. Returns whether there was anything. */
  deliver(most: number, later = false): boolean {
    if (this.#reading !== null) return false;
    const run = this.cursor.plan(this.end, this.#nowMs, "key");
    if (run === null) return false;
    const to = Math.min(run.to, run.from + Math.max(1, most));
    this.#reading = {
      run,
      to,
      at: run.from,
      held: [],
      gaps: [],
      offsets: [],
      dying: [],
      failures: this.#known,
    };
    if (!later) this.read();
    else {
      this.take(most % 3);
      this.cursor.keys!.watch(this.#reading.held);
    }
    return true;
  }

  /** So many more records have come from the disk. */
  take(count: number): void {
    const reading = this.#reading;
    if (reading === null) return;
    const { run, to, held, gaps, offsets, dying } = reading;
    for (const until = Math.min(to, reading.at + count); reading.at < until; reading.at++) {
      const offset = reading.at;
      const keys = this.cursor.keys!;
      const key = this.#keys[offset]!;
      if (!run.passes && this.#dropped(offset)) gaps.push(offset, offset + 1);
      else if (!run.passes && this.#expired.has(offset)) {
        keys.note(offset, key);
        dying.push(offset);
      } else (keys.holds(offset, key) || run.passes ? held : offsets).push(offset);
    }
  }

  /** The read comes to its end, and goes out. */
  read(): void {
    this.take(Number.POSITIVE_INFINITY);
    const reading = this.#reading;
    this.#reading = null;
    if (reading === null) return;
    const { run, to, held, gaps, offsets, dying, failures } = reading;
    this.cursor.park(
      dying.map((offset) => ({ offset, attempt: run.attempt })),
      0,
    );
    for (const offset of dying) {
      this.#over.add(offset);
      this.#dying.push(offset);
    }
    this.cursor.deliver(run, to, gaps, held);
    for (let i = 0; i < gaps.length; i += 2) this.#over.add(gaps[i]!);
    if (offsets.length > 0) this.#batches.push({ offsets, attempt: run.attempt, failures });
  }

  /** A batch arrives. */
  arrive(): boolean {
    const batch = this.#batches.shift();
    if (batch === undefined) return false;
    for (const offset of batch.offsets) {
      const key = this.#keys[offset]!;
      if ((this.#staleBelow.get(key) ?? 0) > batch.failures) continue;
      if (this.#running.get(key)?.some((running) => running.offset === offset)) continue;
      const waiting = this.#waiting.get(key) ?? [];
      waiting.push({ offset, attempt: batch.attempt });
      this.#waiting.set(key, waiting);
    }
    return true;
  }

  /** A handler begins with up to so many messages of one of the keys that wait, none of them before its time. */
  begin(pick: number, most: number): boolean {
    const keys = [...this.#waiting.keys()].filter((key) => !this.#running.has(key));
    const key = keys[pick % keys.length];
    if (key === undefined) return false;
    const waiting = this.#waiting.get(key)!;
    const messages = waiting.splice(0, Math.max(1, most));
    if (waiting.length === 0) this.#waiting.delete(key);
    this.#running.set(key, messages);
    const together = new Set(messages.map(({ offset }) => offset));
    for (const { offset, attempt } of messages) {
      expect(attempt, `attempt at ${offset}`).to.equal(1 + (this.#failures.get(offset) ?? 0));
      expect(this.#nowMs, `time of ${offset}`).to.be.at.least(this.#dueMs.get(offset) ?? 0);
      for (let before = 0; before < offset; before++)
        if (this.#keys[before] === key && !together.has(before))
          expect(this.#over.has(before), `${before} is over when ${offset} begins`).to.equal(true);
    }
    return true;
  }

  /** The first message of a handler is done, or it failed: what it has of the key behind that comes again with it. */
  finishOne(pick: number, fails: boolean): boolean {
    const keys = [...this.#running.keys()];
    const key = keys[pick % keys.length];
    if (key === undefined) return false;
    const running = this.#running.get(key)!;
    const message = running.shift()!;
    if (running.length === 0 || fails) this.#running.delete(key);
    if (!fails) {
      this.#over.add(message.offset);
      this.#acks.push(message.offset);
      return true;
    }
    // A second failure comes with the first as long as that is not told.
    if (this.#staleBelow.get(key) !== Number.POSITIVE_INFINITY) this.#nacks.push(message);
    this.#staleBelow.set(key, Number.POSITIVE_INFINITY);
    this.#waiting.delete(key);
    return true;
  }

  /** The member tells what its turn has brought: what is done first. */
  tell(): boolean {
    const told = this.#acks.length + this.#nacks.length > 0;
    for (const acked of this.#acks.splice(0)) this.#answers.push({ acked });
    for (const failure of this.#nacks.splice(0)) {
      const key = this.#keys[failure.offset]!;
      this.#answers.push(failure);
      this.#told++;
      if ((this.#staleBelow.get(key) ?? 0) > 0) this.#staleBelow.set(key, this.#told);
    }
    return told;
  }

  /** The broker hears of the next answer. A failure is refused, parks the message, or has it tried again. */
  hear(delayMs: number, parks: boolean): boolean {
    const answer = this.#answers.shift();
    if (answer === undefined) return false;
    if ("acked" in answer) {
      this.cursor.ack(answer.acked, answer.acked + 1);
      return true;
    }
    const { offset } = answer;
    this.#known++;
    this.cursor.giveBack(offset, this.#keys[offset]!);
    if (parks) this.skip(offset);
    else {
      const readyAtMs = this.#nowMs + delayMs;
      if (!this.cursor.nack(answer, { dueMs: at(readyAtMs).wallMs, readyAtMs })) return true;
      this.#failures.set(offset, answer.attempt);
      this.#dueMs.set(offset, readyAtMs);
    }
    return true;
  }

  /** Somebody skips a message. */
  skip(offset: number): void {
    if (offset >= this.end) return;
    this.cursor.ack(offset, offset + 1);
    this.#over.add(offset);
  }

  /**
   * The member's connection broke, and it is back: what runs goes on, what it has done and what failed since it says first;
   * failures that were on their way are lost.
   */
  resume(): void {
    const acks = this.#answers.flatMap((answer) => ("acked" in answer ? [answer.acked] : []));
    const [running, over, nacks] = [this.#running, new Set(this.#over), this.#nacks];
    acks.push(...this.#acks);
    this.move(false);
    this.#running = running;
    this.#acks = acks;
    this.#nacks = nacks;
    for (const acked of acks) if (over.has(acked)) this.#over.add(acked);
    this.tell();
    while (this.hear(0, false));
  }

  /** Another member gets the queue; `restart`: after a restart of the broker, which knows what was acknowledged. */
  move(restart: boolean): void {
    this.#reading = null;
    this.#batches = [];
    this.#answers = [];
    this.#known = this.#told = 0;
    this.#waiting.clear();
    this.#running = new Map();
    this.#staleBelow.clear();
    [this.#acks, this.#nacks] = [[], []];
    if (restart) this.cursor = new Cursor(this.cursor.toState(), at(this.#nowMs));
    else this.cursor.rewind(this.cursor.floor, this.#nowMs);
    // What was handled, and not acknowledged in time, comes again.
    for (const offset of [...this.#over]) if (!this.cursor.isAcknowledged(offset)) this.#over.delete(offset);
  }

  /** Whether the counts add up. */
  check(): void {
    const { lag, ready, inFlight, retrying } = this.cursor.counts(this.end);
    for (const count of [lag, ready, inFlight, retrying]) expect(count).to.be.at.least(0);
    expect(ready + inFlight + retrying).to.equal(lag);
  }

  /** From now on everything goes well: all of it is handled. */
  finish(): void {
    for (let idle = 0; idle < 3; ) {
      this.read();
      const did = [
        this.deliver(3),
        this.bury(),
        this.arrive(),
        this.begin(0, 1),
        this.finishOne(0, false),
        this.tell(),
        this.hear(0, false),
      ].includes(true);
      idle = did ? 0 : idle + 1;
      if (!did) this.wait(100);
    }
    expect(this.cursor.floor, "everything is acknowledged").to.equal(this.end);
    const figures = this.cursor.keys?.figures;
    if (figures !== undefined) expect(figures).to.include({ blocked: 0, heldBack: 0 });
  }
}
