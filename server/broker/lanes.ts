import type { Logger } from "../../proto/kernel/logger.js";
import type { Queue, TopicState } from "../store/queue.js";
import type { Store } from "../store/store.js";
import type { Cursor } from "./cursor.js";
import type { OpenCursor } from "./cursors.js";
import { Lane, nextGeneration } from "./lane.js";
import type { Subscriptions } from "./subscription.js";

/** Where one begins that has no cursor on a topic. */
export type Start =
  | { readonly at: "latest" }
  | { readonly at: "earliest" }
  | { readonly at: "time"; readonly ms: number };

/** A cursor, and what makes it last; null if nothing does. */
export interface Place {
  readonly cursor: Cursor;
  readonly open: OpenCursor | null;
}

/** Where cursors come from: of a group from the log, of a broadcasting member from itself. */
export interface Places {
  /** The place on a queue; undefined if there is none yet. */
  find(queue: Queue): Place | undefined;
  /** Whether there is a place on any queue of the topic. */
  knows(topic: TopicState): boolean;
  make(queue: Queue, offset: number): Place;
  close(place: Place): void;
}

/** The queues of a group's topics, each with its cursor. Queues and topics that come later join by themselves. */
export class Lanes {
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #places: Places;
  readonly #changed: () => void;
  readonly #byQueue = new Map<Queue, Lane>();
  /** Generations of queues given up: a queue that comes back goes on from there. */
  readonly #generations = new WeakMap<Queue, number>();
  /** Queues whose beginning is being looked up. */
  readonly #starting = new Map<Queue, object>();

  /** `changed` is called when a queue has come outside of `sync`. */
  constructor(deps: { store: Store; logger: Logger; places: Places; changed: () => void }) {
    this.#store = deps.store;
    this.#logger = deps.logger;
    this.#places = deps.places;
    this.#changed = deps.changed;
  }

  /** All, in an order that stays. */
  get all(): Lane[] {
    return [...this.#byQueue.values()];
  }

  get(queue: Queue): Lane | undefined {
    return this.#byQueue.get(queue);
  }

  /** Of a queue: another one means that it was in somebody's hands since, or was reset. */
  generation(queue: Queue): number {
    return this.#byQueue.get(queue)?.generation ?? this.#generations.get(queue) ?? 0;
  }

  /**
   * Takes in the topics' queues as they are now and drops those that are gone; returns whether anything changed. Who
   * knows nothing of a topic yet begins at `start`. A queue that came after its topic was known, or without a `start`, is
   * read from its beginning: whatever is in it was sent later.
   */
  sync(subscriptions: Subscriptions, start: Start | null): boolean {
    let changed = this.#dropDeleted();
    for (const name of subscriptions.keys()) {
      const topic = this.#store.state.topics.get(name);
      if (topic === undefined) continue;
      const begin = this.#places.knows(topic) ? null : start;
      for (const queue of topic.queues) changed = this.#open(queue, begin) || changed;
    }
    return changed;
  }

  /** A queue that is not open is reset: returns the generation by which who had it before is told apart. */
  fence(queue: Queue, last: number, epoch: number): number {
    const generation = nextGeneration(Math.max(last, this.#generations.get(queue) ?? 0), epoch);
    this.#generations.set(queue, generation);
    return generation;
  }

  /** Gives up all queues. */
  close(): void {
    for (const lane of this.#byQueue.values()) this.#drop(lane);
    this.#starting.clear();
  }

  #open(queue: Queue, start: Start | null): boolean {
    if (this.#byQueue.has(queue) || this.#starting.has(queue)) return false;
    const found = this.#places.find(queue);
    if (found !== undefined) this.#add(queue, found);
    else if (start?.at === "time") this.#openAtTime(queue, start.ms);
    else {
      const end = start?.at === "latest";
      const offset = end ? this.#store.endOffset(queue) : queue.firstOffset;
      this.#add(queue, this.#places.make(queue, offset));
    }
    return this.#byQueue.has(queue);
  }

  #openAtTime(queue: Queue, ms: number): void {
    const look = {};
    this.#starting.set(queue, look);
    this.#store.lookup
      .offsetAt(queue, ms)
      .catch((thrown: unknown) => {
        this.#logger.warn(
          { topic: queue.topic.name, queueId: queue.id, error: String(thrown) },
          "the offset of a time could not be found: the queue is read from its beginning",
        );
        return queue.firstOffset;
      })
      .then((offset) => {
        if (this.#starting.get(queue) !== look) return;
        this.#starting.delete(queue);
        this.#add(queue, this.#places.find(queue) ?? this.#places.make(queue, offset));
        this.#changed();
      })
      .catch((thrown: unknown) =>
        this.#logger.error({ error: String(thrown) }, "a queue could not be opened"),
      );
  }

  #add(queue: Queue, { cursor, open }: Place): void {
    if (open !== null) open.pins++;
    const generation = Math.max(cursor.fence, this.#generations.get(queue) ?? 0);
    this.#byQueue.set(queue, new Lane(queue, cursor, open, generation));
  }

  #dropDeleted(): boolean {
    let dropped = false;
    for (const lane of this.#byQueue.values()) {
      const { topic } = lane.queue;
      if (this.#store.state.topics.get(topic.name) === topic) continue;
      this.#drop(lane);
      dropped = true;
    }
    return dropped;
  }

  #drop(lane: Lane): void {
    this.#byQueue.delete(lane.queue);
    this.#generations.set(lane.queue, lane.generation);
    this.#places.close(lane);
  }
}
