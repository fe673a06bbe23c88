import type { Clock } from "../../proto/kernel/clock.js";
import { DEAD_REASON, type DeadReasonNumber, withDeadLetter } from "../../proto/kernel/dead-letter.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import {
  RECORD,
  RECORD_FLAG,
  recordFlags,
  recordKeyHash,
  recordMessageId,
  recordStoredAtMs,
  recordTagHash,
} from "../../proto/kernel/record.js";
import type { OwnMessage } from "../store/own-records.js";
import type { Queue } from "../store/queue.js";
import type { GroupState } from "../store/state.js";
import type { Store } from "../store/store.js";
import type { Cursors, OpenCursor } from "./cursors.js";
import type { ExpiredRecord } from "./expiry.js";
import type { Failure, LastErrors } from "./last-errors.js";
import type { Meter } from "./meter.js";
import { movedGroup } from "./moved-group.js";
import { deadLetterTopic } from "./reserved.js";
import type { Topics } from "./topics.js";

/** Messages that are moved as one group of records. */
const BATCH_MESSAGES = 64;
/** Bytes of messages that are read at a time. */
const READ_BYTES = 1 << 20;

/** Messages of one cursor that wait to be moved before no more are found for it. */
const WAITING_MAX = 256;

/** Bytes that a dead letter takes beside its message. */
const LETTER_BYTES = 8 << 10;

const AGAIN_MS = 10_000;

/** A message that its group gives up: where it is, and why. */
export interface GivenUp {
  readonly offset: number;
  readonly reason: DeadReasonNumber;
  /** Deliveries that failed. */
  readonly attempts: number;
  readonly failure: Failure | undefined;
  /** Its stored `Record`, where that is at hand. */
  readonly record?: Buffer | undefined;
}

/** The same with its stored `Record`; undefined if that is gone. */
type AtHand = Required<GivenUp>;

/**
 * Moves messages to the dead letters of their group: the copy and the acknowledgement of the source are one group of
 * records, so that a crash neither loses nor doubles a message. Until then the cursor holds it.
 */
export class DeadLetters {
  readonly #store: Store;
  readonly #topics: Topics;
  readonly #cursors: Cursors;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #meter: Meter;
  readonly #broker: string;
  readonly #moved: (group: GroupState) => void;
  readonly #waiting = new Map<OpenCursor, GivenUp[]>();
  readonly #stopped = new AbortController();

  /** `moved` is called when a group may be given up more messages of again. */
  constructor(deps: {
    store: Store;
    topics: Topics;
    cursors: Cursors;
    clock: Clock;
    logger: Logger;
    meter: Meter;
    brokerName: string;
    moved: (group: GroupState) => void;
  }) {
    this.#store = deps.store;
    this.#topics = deps.topics;
    this.#cursors = deps.cursors;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#meter = deps.meter;
    this.#broker = deps.brokerName;
    this.#moved = deps.moved;
  }

  /** Moves a message that the cursor holds. Until that is done the cursor stays open. */
  move(open: OpenCursor, letter: GivenUp): void {
    const waiting = this.#waiting.get(open);
    if (waiting !== undefined) return void waiting.push(letter);
    this.#waiting.set(open, [letter]);
    open.pins++;
    void this.#work(open).finally(() => {
      this.#waiting.delete(open);
      this.#cursors.unpin(open);
    });
  }

  /** Moves messages that have expired; the cursor holds them from now on. */
  expire(open: OpenCursor, dying: readonly ExpiredRecord[], errors?: LastErrors): void {
    if (dying.length === 0) return;
    open.cursor.park(dying, Math.round(this.#clock.nowMs()));
    for (const { offset, attempt, record } of dying) {
      const failure = errors?.get(offset);
      const letter = { offset, reason: DEAD_REASON.expired, attempts: attempt - 1, failure, record };
      if (open.cursor.holds(offset)) this.move(open, letter);
    }
  }

  /** Whether some of the cursor's messages are not moved yet. */
  busy(open: OpenCursor): boolean {
    return this.#waiting.has(open);
  }

  /** Whether so many wait that no more are to be found until `moved` was called: each write of the cursor has all of them. */
  crowded(open: OpenCursor): boolean {
    return (this.#waiting.get(open)?.length ?? 0) >= WAITING_MAX;
  }

  /** What was not moved is held by its cursor no longer after the next start, and moved then. */
  stop(): void {
    this.#stopped.abort();
  }

  get #over(): boolean {
    return this.#stopped.signal.aborted || this.#store.failure !== undefined;
  }

  async #work(open: OpenCursor): Promise<void> {
    const waiting = this.#waiting.get(open)!;
    while (waiting.length > 0 && !this.#over) {
      try {
        const read = await this.#readSome(open.queue, waiting);
        if (this.#over || !this.#cursors.exists(open)) return;
        const held = read.filter(({ offset }) => open.cursor.holds(offset));
        const batch = held.length === 0 ? [] : this.#batch(open, held);
        if (batch.length > 0) this.#append(open, batch);
        const crowded = this.crowded(open);
        waiting.splice(0, read.length, ...held.slice(batch.length));
        if (crowded && !this.crowded(open)) this.#moved(open.group);
      } catch (thrown) {
        await this.#later(open, thrown);
      }
    }
  }

  async #later({ group, queue }: OpenCursor, thrown: unknown): Promise<void> {
    if (this.#over) return;
    this.#logger.warn(
      { group: group.name, topic: queue.topic.name, queueId: queue.id, error: String(thrown) },
      "a message cannot be moved to the dead letters of its group now; it is tried again",
    );
    await this.#clock.sleep(AGAIN_MS, this.#stopped.signal);
  }

  /** The first few with their records: no more than are moved at a time. */
  async #readSome(queue: Queue, letters: readonly GivenUp[]): Promise<AtHand[]> {
    const read: AtHand[] = [];
    let bytes = 0;
    for (const letter of letters.slice(0, BATCH_MESSAGES)) {
      const record = letter.record ?? (await this.#read(queue, letter.offset));
      read.push({ ...letter, record });
      bytes += record?.length ?? 0;
      if (bytes > READ_BYTES) break;
    }
    return read;
  }

  async #read(queue: Queue, offset: number): Promise<Buffer | undefined> {
    try {
      return await this.#store.lookup.messageAt(queue, offset);
    } catch (thrown) {
      if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw thrown;
      return undefined;
    }
  }

  /** As many of these as fit one group of records. */
  #batch<L extends AtHand>({ cursor, group }: OpenCursor, letters: readonly L[]): readonly L[] {
    const sizes = letters.map(({ record }) => LETTER_BYTES + (record?.length ?? 0));
    const { count, bytes } = movedGroup(sizes, cursor.held, (room) => this.#store.fits(room));
    if (this.#store.fits(bytes)) return letters.slice(0, count);
    throw new LogwheelError(
      "MESSAGE_TOO_LARGE",
      `${bytes} bytes for a dead letter of group ${group.name} do not fit the log at once`,
    );
  }

  #append(open: OpenCursor, letters: readonly AtHand[]): void {
    const topic = this.#topics.ensureReserved(deadLetterTopic(open.group.name));
    const failedAtMs = this.#clock.nowMs();
    const copies = letters.map((letter) => this.#copy(open, letter, failedAtMs));
    for (const { offset } of letters) open.cursor.ack(offset, offset + 1);
    const { group, queue, cursor } = open;
    this.#store.appendWithCursors(
      copies.map((copy) => ({ queue: topic.queues[0]!, ...copy })),
      [{ group, queue, state: cursor.toState() }],
    );
    for (const { reason } of letters) this.#meter.deadLettered(group.name, reason);
  }

  #copy(
    { group, queue }: OpenCursor,
    { record, offset, reason, attempts, failure }: AtHand,
    failedAtMs: number,
  ): Omit<OwnMessage, "queue"> {
    const letter = {
      reason: record === undefined ? DEAD_REASON.retention : reason,
      errorName: failure?.name ?? "",
      errorMessage: failure?.message ?? "",
      stack: failure?.stack ?? "",
      attempts,
      group: group.name,
      topic: queue.topic.name,
      queueId: queue.id,
      queueOffset: offset,
      messageId: record === undefined ? "" : this.#idOf(record),
      storedAtMs: record === undefined ? 0 : recordStoredAtMs(record, 0),
      failedAtMs,
    };
    const message = record === undefined ? NOTHING : record.subarray(RECORD.CONTENT);
    return {
      keyed: record !== undefined && (recordFlags(record, 0) & RECORD_FLAG.KEYS) !== 0,
      hasTtl: false,
      tagHash: record === undefined ? 0 : recordTagHash(record, 0),
      keyHash: record === undefined ? 0 : recordKeyHash(record, 0),
      bytes: withDeadLetter(message, letter),
    };
  }

  #idOf(record: Buffer): string {
    return recordMessageId(this.#broker, record, 0);
  }
}

const NOTHING = Buffer.alloc(0);
