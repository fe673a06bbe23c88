import type { DeadLetter__Output } from "../../proto/gen/logwheel/v1/DeadLetter.js";
import { withoutDeadLetter } from "../../proto/kernel/dead-letter.js";
import { Envelope, scanMessage } from "../../proto/kernel/envelope.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { RECORD } from "../../proto/kernel/record.js";
import type { OwnMessage } from "../store/own-records.js";
import type { Queue, TopicState } from "../store/queue.js";
import type { Store } from "../store/store.js";
import { HELD_MAX } from "./cursor.js";
import type { Cursors, OpenCursor } from "./cursors.js";
import { movedGroup } from "./moved-group.js";
import { fits, type Job, letterOf } from "./redrive-job.js";
import { checkTopicType } from "./topic-type.js";
import { TOPIC_TYPE } from "./topics.js";
import { checkWritable } from "./writable.js";

/** Messages of one group of records. */
const BATCH_MESSAGES = 256;

/** Dead letters that are read at a time. */
const READ = { maxMessages: 256, maxBytes: 1 << 20 } as const;

/** A dead letter that is to be sent again. */
export interface Found {
  readonly offset: number;
  readonly record: Buffer;
  readonly letter: DeadLetter__Output;
}

/** Where dead letters are, and which of them were sent again. */
export type Source = Pick<OpenCursor, "group" | "queue" | "cursor">;

/** What a redrive works on. */
export interface RedriveDeps {
  readonly store: Store;
  readonly cursors: Cursors;
}

/**
 * Sends dead letters of one queue again, where a cursor of its own has not acknowledged them: message and acknowledgement
 * are one group of records, so that each goes out once, whatever crashes.
 */
export class Redrive {
  readonly #deps: RedriveDeps;
  readonly #open: Source;
  readonly #job: Pick<Job, "filter" | "to" | "end">;
  readonly #envelope = new Envelope();
  #found: Found[] = [];
  #at = 0;
  #turn = 0;

  constructor(deps: RedriveDeps, open: Source, job: Pick<Job, "filter" | "to" | "end">) {
    this.#deps = deps;
    this.#open = open;
    this.#job = job;
  }

  /** How many it is about; sends nothing. Fails as `send` would. */
  async count(): Promise<number> {
    let count = 0;
    for (this.#at = 0; this.#at < this.#job.end; )
      for (const found of await this.#read()) {
        this.#target(found);
        count++;
      }
    return count;
  }

  /**
   * Sends up to so many again; returns how many, 0 when nothing is left or it was aborted. REDRIVE_TOPIC_NOT_FOUND if there is
   * nowhere to send, FORBIDDEN or MESSAGE_TYPE_MISMATCH if the topic does not take them.
   */
  async send(max: number, signal: AbortSignal): Promise<number> {
    const { cursor } = this.#open;
    do {
      while (this.#found.length === 0 && this.#at < this.#job.end) this.#found = await this.#read();
      if (signal.aborted) return 0;
      this.#found = this.#found.filter(({ offset }) => !cursor.isAcknowledged(offset));
    } while (this.#found.length === 0 && this.#at < this.#job.end);
    const next = this.#found.slice(0, Math.min(max, BATCH_MESSAGES));
    const sizes = next.map(({ record }) => record.length);
    const { count, bytes } = movedGroup(sizes, cursor.held, (room) => this.#deps.store.fits(room));
    if (count > 0)
      this.#append(
        next.slice(0, count).map((found) => this.#message(found)),
        bytes,
      );
    return count;
  }

  #append(messages: readonly OwnMessage[], bytes: number): void {
    const { store } = this.#deps;
    const { group, queue, cursor } = this.#open;
    if (!store.fits(bytes) || cursor.held >= HELD_MAX)
      throw new LogwheelError(
        "THROTTLED",
        "too many separate dead letters were sent again: send those between them too, by a redrive without a filter",
      );
    for (const { offset } of this.#found.splice(0, messages.length)) cursor.ack(offset, offset + 1);
    store.appendWithCursors(messages, [{ group, queue, state: cursor.toState() }]);
  }

  async #read(): Promise<Found[]> {
    const { store } = this.#deps;
    const { queue, cursor } = this.#open;
    const { end, filter } = this.#job;
    const found: Found[] = [];
    const next = await store.read(queue, this.#at, READ, {
      take(bytes, start, stop, offset) {
        if (offset >= end) return false;
        if (cursor.isAcknowledged(offset)) return true;
        const record = Buffer.from(bytes.subarray(start, stop));
        const letter = letterOf(record);
        if (letter !== null && fits(letter, filter)) found.push({ offset, record, letter });
        return true;
      },
    });
    this.#at = next > this.#at ? next : end;
    return found;
  }

  #message(found: Found): OwnMessage {
    const { record, letter } = found;
    const target = this.#target(found);
    const bytes = withoutDeadLetter(record.subarray(RECORD.CONTENT));
    const envelope = this.#envelope;
    scanMessage(bytes, 0, bytes.length, envelope);
    const { hasKeys: keyed, tagHash, keyHash, ttlMs } = envelope;
    const queue = this.#queue(target, letter, keyHash);
    return { queue, keyed, hasTtl: ttlMs > 0, tagHash, keyHash, bytes };
  }

  /** Where it goes: a topic of transactions takes back what was committed to it, and nothing else. */
  #target({ record, letter }: Found): TopicState {
    const topic = targetOf(this.#deps.store, this.#job.to || letter.topic);
    const committed = topic.type === TOPIC_TYPE.transaction && letter.topic === topic.name;
    scanMessage(record, RECORD.CONTENT, record.length, this.#envelope);
    checkTopicType(topic, this.#envelope, committed);
    return topic;
  }

  /** The queue that it was in, or else one by its ordering key or in turn. */
  #queue({ queues }: TopicState, { queueId }: DeadLetter__Output, keyHash: number): Queue {
    const own = this.#job.to === "" ? queues[queueId] : undefined;
    return own ?? queues[(keyHash === 0 ? this.#turn++ : keyHash) % queues.length]!;
  }
}

/** The topic that dead letters go to. REDRIVE_TOPIC_NOT_FOUND if there is none, FORBIDDEN if it takes no messages. */
export function targetOf(store: Store, name: string): TopicState {
  const topic = store.state.topics.get(name);
  if (topic !== undefined) {
    checkWritable(topic);
    return topic;
  }
  throw new LogwheelError(
    "REDRIVE_TOPIC_NOT_FOUND",
    `dead letters cannot be sent to topic ${JSON.stringify(name)}, which this broker does not have: create it, or name another one`,
    { topic: name },
  );
}
