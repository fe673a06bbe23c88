import { settle, TestClock } from "../../client/testing/test-clock.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../../server/disk/files.js";
import type { CursorState } from "../../server/store/cursor-state.js";
import { MemoryViews } from "../../server/store/memory-views.js";
import type { Queue } from "../../server/store/queue.js";
import { KIND } from "../../server/store/record.js";
import type { GroupState } from "../../server/store/state.js";
import type { Store } from "../../server/store/store.js";
import type { StoreOptions } from "../../server/store/store-options.js";
import type { Flush } from "../../server/store/writer.js";
import { appendDue, copyDue, recordsOf, settleDue } from "./due-steps.js";
import { openSmall } from "./small-store.js";
import { addTopic, append } from "./store.js";
import { contentOf, type Entry, Model, placed } from "./store-model.js";

/** How far a world had come at some moment. */
export interface Progress {
  /** Entries that were appended. */
  readonly entries: number;
  /** Log offset below which everything was acknowledged. */
  readonly ackedTo: number;
  /** Log offset below which everything was written. */
  readonly writtenTo: number;
  /** Log offset below which everything was synced. */
  readonly durableTo: number;
  /** Log offset below which retention may have dropped messages. */
  readonly droppedTo: number;
}

/** How a world is made. */
export interface WorldOptions {
  readonly files: Files;
  readonly random: () => number;
  readonly flush: Flush;
  /** Whether steps store what is due later, and settle it. */
  readonly due?: boolean;
  /** More options of the store. */
  readonly store?: Partial<StoreOptions>;
}

/**
 * A store at work: seeded steps of everything that a broker does with one, and what was promised about them.
 *
 * Nothing that a step appends is waited for unless the step says so, so that batches form by themselves.
 */
export class World {
  clock = new TestClock();
  views = new MemoryViews();
  /** Everything that was appended, in the order of the log. */
  entries: Entry[] = [];
  ackedTo = 0;
  /** What a kill must leave; positions are in no more of a hurry. */
  writtenTo = 0;
  droppedTo = 0;
  /** Whether steps may drop the oldest segment. */
  retention = true;
  /** What the store said when it failed, and `ackedTo` at that time. */
  failed: { readonly error: LogwheelError; readonly ackedTo: number } | null = null;
  readonly #options: WorldOptions;
  #files: Files;
  #random: () => number;
  #store: Store | null = null;
  #durableTo = 0;
  #bodies = 0;
  #names = 0;
  readonly #sequences = [0, 0, 0];

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#files = options.files;
    this.#random = options.random;
  }

  /** Chance for the steps to come. */
  set random(random: () => number) {
    this.#random = random;
  }

  get store(): Store {
    return this.#store!;
  }

  /** Whether there is a store: not after `close`, or an `open` that failed. */
  get opened(): boolean {
    return this.#store !== null;
  }

  /** Opens the store; what it has found is what was appended, from now on. */
  async open(): Promise<void> {
    const { flush } = this.#options;
    this.failed = null;
    const store = await openSmall(this.#files, {
      flush,
      clock: this.clock,
      views: this.views,
      failed: (error) => (this.failed = { error, ackedTo: this.ackedTo }),
      ...this.#options.store,
    });
    this.#store = store;
    this.entries = this.entries.filter(({ end }) => end <= store.recovered.end);
    this.ackedTo = store.figures.logEnd;
    this.writtenTo = store.figures.logEnd;
    this.#durableTo = store.figures.durable;
  }

  /** The process dies without a word, and another one opens what is left on a disk. */
  async reboot(files: Files, views: MemoryViews): Promise<void> {
    this.#store = null;
    this.views = views;
    this.#files = files;
    this.clock = new TestClock(this.clock.nowMs());
    await this.open();
  }

  get progress(): Progress {
    if (this.#store !== null) this.#durableTo = Math.max(this.#durableTo, this.#store.figures.durable);
    const { ackedTo, writtenTo, droppedTo } = this;
    return { entries: this.entries.length, ackedTo, writtenTo, durableTo: this.#durableTo, droppedTo };
  }

  /** What everything appended adds up to. */
  get model(): Model {
    return Model.of(this.entries, Number.POSITIVE_INFINITY);
  }

  /** Some topics, groups and messages to begin with. */
  async furnish(): Promise<void> {
    for (const queues of [1, 3]) this.createTopic(queues);
    for (let count = 0; count < 2; count++) this.createGroup();
    for (let count = 0; count < 5; count++) this.send(1);
    await this.settled();
  }

  /** One seeded step; rejects with what the store throws. */
  async step(): Promise<void> {
    const [, act] = this.#pick(
      this.#options.due === true ? [...this.#steps, ...this.#dueSteps] : this.#steps,
    );
    await act();
  }

  async steps(count: number): Promise<void> {
    for (let step = 0; step < count; step++) await this.step();
  }

  /** Waits until everything appended is acknowledged. */
  settled(): Promise<void> {
    return this.store.whenSettled();
  }

  async close(): Promise<void> {
    const store = this.#store;
    this.#store = null;
    await store?.close();
  }

  readonly #steps: readonly (readonly [weight: number, act: () => void | Promise<void>])[] = [
    [40, () => this.send(1)],
    [12, () => this.send(2 + this.#below(4))],
    [10, () => this.moveCursors()],
    [2, () => this.createTopic(1 + this.#below(3))],
    [2, () => this.growTopic()],
    [1, () => this.deleteTopic()],
    [1, () => this.createGroup()],
    [1, () => this.deleteGroup()],
    [2, () => this.settleProducer()],
    [12, () => this.settled()],
    [12, () => settle()],
    [4, () => this.clock.advance(300)],
    [3, () => this.clock.advance(1_100)],
    [3, () => this.dropFirst()],
    [1, () => this.restart()],
  ];

  readonly #dueSteps: readonly (readonly [weight: number, act: () => void | Promise<void>])[] = [
    [25, () => this.postpone()],
    [12, () => this.settleDue()],
    [6, () => this.copyDue()],
  ];

  /** A message for later, or the half of a transaction. */
  postpone(): void {
    const queue = this.#anyQueue();
    if (queue === undefined) return;
    const dueAtMs = this.clock.nowMs() + this.#below(100_000);
    const kind = this.#below(3) === 0 ? KIND.half : KIND.delayed;
    const entry = appendDue(this.store, queue, dueAtMs, contentOf(this.#message()), kind);
    this.#appended({ kind: "due", entry });
  }

  /** Takes care of something that is pending: it is cancelled, postponed, or becomes a message. */
  settleDue(): void {
    const queue = this.#anyQueue();
    const entry = this.#any([...this.model.due.values()]);
    if (queue === undefined || entry === undefined) return;
    const way = this.#below(4);
    const againAtMs = way === 0 ? this.clock.nowMs() + this.#below(100_000) : 0;
    const settlements = [{ entry, againAtMs }];
    const message = this.#message();
    const sent = way > 1 ? [{ queue, message: contentOf(message) }] : [];
    const delivered = settleDue(this.store, settlements, sent);
    const messages = delivered.map(({ queueOffset, logOffset }) =>
      placed(message, queue, queueOffset, logOffset),
    );
    this.#appended({ kind: "settlement", settlements, messages });
  }

  /** Copies some of what lies first in the log. */
  async copyDue(): Promise<void> {
    const pending = [...this.model.due.values()].sort((a, b) => a.place - b.place);
    const first = pending.slice(0, 1 + this.#below(8));
    const records = await recordsOf(this.store, first);
    if (records.length > 0) this.#appended({ kind: "copies", entries: copyDue(this.store, records) });
  }

  #anyQueue(): Queue | undefined {
    return this.#any(this.#any([...this.store.state.topics.values()])?.queues ?? []);
  }

  /** So many messages as one group, to any queue. */
  send(count: number): void {
    const topic = this.#any([...this.store.state.topics.values()]);
    const queue = topic === undefined ? undefined : this.#any(topic.queues);
    if (topic === undefined || queue === undefined) return;
    const producerId = this.#below(3);
    const sequence = this.#sequences[producerId]! + 1;
    const sent = Array.from({ length: count }, () => this.#message());
    const first = queue.nextOffset;
    const logOffsets = append(
      this.store,
      queue,
      sent.map(contentOf),
      producerId === 0 ? {} : { producerId, sequence },
    );
    if (producerId > 0) this.#sequences[producerId]! += count;
    const messages = sent.map((message, index) => ({
      ...placed(message, queue, first + index, logOffsets[index]!),
      producerId,
      sequence: producerId === 0 ? 0 : sequence + index,
    }));
    this.#appended({ kind: "messages", messages });
  }

  #message(): { body: string; keys: string[] } {
    const size = this.#below(20) === 0 ? this.#below(4_000) : this.#below(300);
    const body = `${++this.#bodies} ${"x".repeat(size)}`;
    return { body, keys: this.#below(3) === 0 ? [`key-${this.#below(20)}`] : [] };
  }

  createTopic(queues: number): void {
    const topic = addTopic(this.store, `topic-${++this.#names}`, queues);
    this.#topic(topic.number, queues);
  }

  growTopic(): void {
    const topic = this.#any([...this.store.state.topics.values()]);
    if (topic === undefined || topic.queues.length >= 6) return;
    const { queues, ...rest } = topic;
    this.store.appendTopic({ op: "put", ...rest, queues: queues.length + 1 });
    this.#topic(topic.number, queues.length);
  }

  #topic(number: number, queues: number): void {
    const { queues: _, ...rest } = this.store.state.topicByNumber(number)!;
    this.#appended({ kind: "topic", change: { op: "put", ...rest, queues } });
  }

  deleteTopic(): void {
    const topics = [...this.store.state.topics.values()];
    const topic = this.#any(topics);
    if (topic === undefined || topics.length < 2) return;
    const change = { op: "delete", number: topic.number } as const;
    this.store.appendTopic(change);
    this.#appended({ kind: "topic", change });
  }

  createGroup(): void {
    const change = {
      op: "put",
      number: this.store.state.nextGroupNumber,
      name: `group-${++this.#names}`,
      ordered: false,
      maxAttempts: 17,
      assign: 0,
      paused: false,
    } as const;
    this.store.appendGroup(change);
    this.#appended({ kind: "group", change });
  }

  deleteGroup(): void {
    const groups = [...this.store.state.groups.values()];
    const group = this.#any(groups);
    if (group === undefined || groups.length < 2) return;
    const change = { op: "delete", number: group.number } as const;
    this.store.appendGroup(change);
    this.#appended({ kind: "group", change });
  }

  moveCursors(): void {
    const group = this.#any([...this.store.state.groups.values()]);
    const topic = this.#any([...this.store.state.topics.values()]);
    if (group === undefined || topic === undefined) return;
    const moved = topic.queues
      .filter((queue) => this.store.endOffset(queue) > 0)
      .map((queue) => ({ group, queue, state: this.#cursor(group, queue) }));
    if (moved.length === 0) return;
    this.store.appendCursors(moved);
    const { figures } = this.store;
    for (const { queue, state } of moved)
      this.entries.push({
        kind: "cursor",
        end: figures.logEnd,
        group: group.number,
        topic: topic.number,
        queueId: queue.id,
        state,
      });
    this.#watchWritten(figures.logEnd);
  }

  /** A producer will not repeat its older messages. */
  settleProducer(): void {
    const window = this.#any([...this.store.state.producers.values()]);
    window?.settle(Math.max(1, window.highest - this.#below(20)));
  }

  /** Somewhere between where the cursor is and the end that consumers see. */
  #cursor(group: GroupState, queue: Queue): CursorState {
    const end = this.store.endOffset(queue);
    const before = group.cursors.get(queue)?.floor ?? 0;
    const floor = before + this.#below(Math.max(1, end - before + 1));
    return {
      floor,
      acked: floor + 2 < end ? [[floor + 1, floor + 2]] : [],
      retries: floor < end ? [[floor, 1, 5]] : [],
      fence: this.#below(2),
    };
  }

  async dropFirst(): Promise<void> {
    const [oldest] = await this.store.sealed.list();
    if (oldest === undefined || !this.retention) return;
    this.droppedTo = Math.max(this.droppedTo, oldest.end);
    await this.store.sealed.dropFirst();
  }

  async restart(): Promise<void> {
    await this.close();
    await this.open();
  }

  /** Remembers what was appended last, and when it is acknowledged. */
  #appended(entry: WithoutEnd<Entry>): void {
    const end = this.store.figures.logEnd;
    this.entries.push({ ...entry, end } as Entry);
    this.#watch(end);
  }

  #watch(end: number): void {
    this.#watchWritten(end);
    this.store.settled((error) => {
      if (error === null) this.ackedTo = Math.max(this.ackedTo, end);
    });
  }

  #watchWritten(end: number): void {
    this.store.whenWritten((error) => {
      if (error === null) this.writtenTo = Math.max(this.writtenTo, end);
    });
  }

  #pick<T extends readonly [weight: number, ...rest: unknown[]]>(choices: readonly T[]): T {
    let at = this.#below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const choice of choices) {
      at -= choice[0];
      if (at < 0) return choice;
    }
    return choices[0]!;
  }

  #any<T>(choices: readonly T[]): T | undefined {
    return choices[this.#below(choices.length)];
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}

type WithoutEnd<E> = E extends unknown ? Omit<E, "end"> : never;
