import type { Group__Output } from "../../proto/gen/logwheel/v1/Group.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { type CursorRuns, cursorRuns, readRuns } from "./cursor-runs.js";
import type { CursorChange, CursorState } from "./cursor-state.js";
import { ProducerWindow, type WindowJson, WindowRoom } from "./producer-window.js";
import { Queue, type TopicConfig, TopicState } from "./queue.js";
import { type Header, KIND } from "./record.js";
import { groupPart, PART_WEIGHT, parts, TOPIC_WEIGHT, type TopicJson, topicJson } from "./snapshot-parts.js";
import { cursorWeight, fairShare, groupWeight, producerWeight, topicWeight } from "./weights.js";

/** What a group's members wanted of a topic, as a filter of one kind. */
export interface StoredSubscription {
  readonly topic: string;
  readonly tags?: string;
  readonly sql?: string;
}

/** What the log says of a consumer group. Changed only by reducing records. */
export interface GroupState {
  readonly number: number;
  readonly name: string;
  ordered: boolean;
  maxAttempts: number;
  assign: Group__Output["assign"];
  paused: boolean;
  /** Waits before further deliveries; absent or empty for the default. */
  retryDelaysMs?: readonly number[];
  /** What its last members wanted; absent or empty: that is not known. */
  subscriptions?: readonly StoredSubscription[];
  /** Of groups that are the broker's own: what it does with them. */
  attributes?: Readonly<Record<string, string>>;
  readonly cursors: Map<Queue, CursorState>;
}

/** Payload of a topic record: a topic as it is from now on, or the end of one. */
export type TopicChange =
  | ({ readonly op: "put"; readonly queues: number } & TopicConfig)
  | { readonly op: "delete"; readonly number: number };

/** Payload of a group record. */
export type GroupChange =
  | ({ readonly op: "put" } & Omit<GroupState, "cursors">)
  | { readonly op: "delete"; readonly number: number };

/** Log offsets of the first and of the newest record that changed the due index. */
export interface DueRecords {
  readonly first: number;
  readonly last: number;
}

/** A part of a snapshot. */
export interface SnapshotPart {
  readonly last?: { topic: number; group: number; due?: DueRecords };
  readonly topics?: TopicJson[];
  readonly groups?: Omit<GroupState, "cursors">[];
  readonly cursors?: CursorRuns;
  readonly producers?: WindowJson[];
}

/** Producers silent for longer than this are left out of snapshots: repeating a send after it may store it twice. */
export const PRODUCER_MEMORY_MS = 3_600_000;

/** The same while there are too many of them. */
const PRODUCER_REPEATS_MS = 60_000;

/** Producers that are remembered at a time. */
export const PRODUCERS_MAX = 65_536;

/** Time between two searches for producers that can be forgotten. */
const FORGET_EVERY_MS = 1_000;

/**
 * Metadata: what all records up to a place in the log add up to. No I/O, no clock.
 *
 * The live broker reduces each record in the turn in which it appends it; recovery reduces what it reads. Both come
 * through `reduce` and `message`, so that one state follows from one log. Reducing a record again changes nothing.
 */
export class State {
  readonly topics = new Map<string, TopicState>();
  readonly groups = new Map<string, GroupState>();
  readonly producers = new Map<number, ProducerWindow>();
  readonly #topicsByNumber = new Map<number, TopicState>();
  readonly #groupsByNumber = new Map<number, GroupState>();
  /** Records that others build on may be missing: an operator gave up damage. */
  readonly #lossy: boolean;
  /** Topics whose record is lost. */
  readonly #adopted = new Set<number>();
  readonly #windowRoom = new WindowRoom();
  #weight = 0;
  #forgotMs = Number.NEGATIVE_INFINITY;
  #lastTopic = 0;
  #lastGroup = 0;
  #dueRecords: { -readonly [K in keyof DueRecords]: DueRecords[K] } | undefined;

  constructor({ lossy = false } = {}) {
    this.#lossy = lossy;
  }

  /** Bytes that topics, groups and cursors take in a snapshot at most. */
  get weight(): number {
    return this.#weight;
  }

  /** Whether one more producer can be remembered, now or after others were forgotten that are silent. */
  roomForProducer(nowMs: number): boolean {
    if (this.producers.size < PRODUCERS_MAX) return true;
    if (nowMs < this.#forgotMs + FORGET_EVERY_MS) return false;
    this.#forgotMs = nowMs;
    for (const window of this.producers.values())
      if (nowMs - window.storedAtMs > PRODUCER_REPEATS_MS) this.#forget(window);
    return this.producers.size < PRODUCERS_MAX;
  }

  /**
   * Forgets of producers what takes more than `bytesMax` in a snapshot: the oldest sequences of those with the most, and
   * who sends to more queues than that leaves room for.
   */
  fitProducers(bytesMax: number): void {
    const windows = [...this.producers.values()];
    const sizes = windows.map((window) => window.size);
    const share = fairShare(sizes.map(producerWeight), bytesMax);
    for (const [index, window] of windows.entries()) {
      const { pairs, ordered } = sizes[index]!;
      if (producerWeight({ pairs, ordered }) <= share) continue;
      const spare = share - producerWeight({ pairs: 0, ordered });
      if (spare < 0) this.#forget(window);
      else window.keepLatest(Math.floor((spare * pairs) / producerWeight({ pairs, ordered: 0 })));
    }
  }

  #forget(window: ProducerWindow): void {
    this.producers.delete(window.id);
    window.close();
  }

  topicByNumber(number: number): TopicState | undefined {
    return this.#topicsByNumber.get(number);
  }

  /** The number that the next new topic gets. */
  get nextTopicNumber(): number {
    return this.#lastTopic + 1;
  }

  get nextGroupNumber(): number {
    return this.#lastGroup + 1;
  }

  /** The queue that a message record names. LOG_CORRUPT if no earlier record made it, unless that may be lost. */
  queueOf(header: Header): Queue {
    if (this.#lossy) return this.#adopt(header);
    const queue = this.#topicsByNumber.get(header.topic)?.queues[header.queueId];
    if (queue === undefined) throw unknownQueue(header);
    return queue;
  }

  /** A message record: its queue has one more offset, its producer one more sequence. */
  message(queue: Queue, header: Header): void {
    if (header.queueOffset >= queue.nextOffset) queue.nextOffset = header.queueOffset + 1;
    if (header.hasTtl) queue.topic.ownTtl = true;
    this.#sent(header);
  }

  /** A record that changes the due index: what is due is a view of its own, here only its producer's sequence counts. */
  due(header: Header): void {
    this.#concernsDue(header.logOffset, header.logOffset);
    this.#sent(header);
  }

  /** Where the log has records that change the due index; undefined if there never was one. */
  get dueRecords(): DueRecords | undefined {
    return this.#dueRecords;
  }

  #concernsDue(first: number, last: number): void {
    this.#dueRecords ??= { first, last };
    this.#dueRecords.first = Math.min(this.#dueRecords.first, first);
    this.#dueRecords.last = Math.max(this.#dueRecords.last, last);
  }

  #sent(header: Header): void {
    if (header.producerId === 0 || header.stands) return;
    let window = this.producers.get(header.producerId);
    if (window === undefined) {
      window = new ProducerWindow(header.producerId, this.#windowRoom);
      this.producers.set(header.producerId, window);
    }
    window.add(header.sequence, header.logOffset, header.storedAtMs);
    if (header.keyHash !== 0) window.addOrdered(header.topic, header.queueId, header.sequence);
  }

  /** What any other record changes. `payload` is its JSON value. */
  reduce(kind: number, payload: unknown): void {
    switch (kind) {
      case KIND.topic:
        return this.#topic(payload as TopicChange);
      case KIND.group:
        return this.#group(payload as GroupChange);
      case KIND.cursors:
        for (const change of payload as CursorChange[]) this.#cursor(change);
        return;
      case KIND.snapshot:
        return this.#load(payload as SnapshotPart);
    }
  }

  /**
   * Per cursor, what lies behind everything that its group has acknowledged in the queue. After a replay that damage left holes
   * in, the next offset must not be lower, or a new message would count as acknowledged.
   */
  *acknowledged(): Generator<[queue: Queue, offset: number]> {
    for (const { cursors } of this.groups.values())
      for (const [queue, { floor, acked, retries }] of cursors)
        yield [queue, Math.max(floor, acked.at(-1)?.[1] ?? 0, ...retries.map(([offset]) => offset + 1))];
  }

  /** Everything, in parts that are well below 1 MiB as JSON. Producers that are silent since long are left out. */
  *snapshot(nowMs: number): Generator<SnapshotPart> {
    const due = this.#dueRecords;
    yield {
      last: {
        topic: this.#lastTopic,
        group: this.#lastGroup,
        ...(due === undefined ? {} : { due: { ...due } }),
      },
    };
    for (const part of parts(this.topics.values(), (topic) => TOPIC_WEIGHT + topic.queues.length))
      yield { topics: part.map(topicJson) };
    for (const part of parts(this.groups.values(), groupPart))
      yield { groups: part.map(({ cursors: _, ...group }) => group) };
    for (const group of this.groups.values())
      for (const cursors of cursorRuns(group, PART_WEIGHT)) yield { cursors };
    for (const part of parts(
      this.#liveProducers(nowMs),
      ([, , , , pairs, ordered]) => 4 + pairs.length + ordered.length,
    ))
      yield { producers: part };
  }

  #topic(change: TopicChange): void {
    if (change.op === "delete") return this.#deleteTopic(change.number);
    const { op: _, queues, ...config } = change;
    this.#lastTopic = Math.max(this.#lastTopic, config.number);
    const known = this.#topicsByNumber.get(config.number);
    const topic = known ?? new TopicState(config);
    if (topic.name !== config.name) this.topics.delete(topic.name);
    if (known !== undefined) this.#weight -= topicWeight(known);
    this.#addTopic(Object.assign(topic, config));
    while (topic.queues.length < queues) topic.queues.push(new Queue(topic, topic.queues.length));
    this.#weight += topicWeight(topic);
  }

  #addTopic(topic: TopicState): void {
    this.#topicsByNumber.set(topic.number, topic);
    this.topics.set(topic.name, topic);
  }

  #deleteTopic(number: number): void {
    const topic = this.#topicsByNumber.get(number);
    if (topic === undefined) return;
    this.#topicsByNumber.delete(number);
    this.topics.delete(topic.name);
    this.#weight -= topicWeight(topic);
    for (const { cursors } of this.groups.values())
      for (const queue of topic.queues) this.#setCursor(cursors, queue, undefined);
    for (const producer of this.producers.values()) producer.dropTopic(number);
  }

  #group(change: GroupChange): void {
    if (change.op === "delete") return this.#deleteGroup(change.number);
    const { op: _, ...config } = change;
    this.#lastGroup = Math.max(this.#lastGroup, config.number);
    const known = this.#groupsByNumber.get(config.number);
    if (known !== undefined) {
      this.#weight -= groupWeight(known);
      this.#weight += groupWeight(Object.assign(known, config));
    } else this.#addGroup({ ...config, cursors: new Map() });
  }

  #addGroup(group: GroupState): void {
    this.#weight += groupWeight(group);
    this.#groupsByNumber.set(group.number, group);
    this.groups.set(group.name, group);
  }

  #deleteGroup(number: number): void {
    const group = this.#groupsByNumber.get(number);
    if (group === undefined) return;
    this.#groupsByNumber.delete(number);
    this.groups.delete(group.name);
    this.#weight -= groupWeight(group);
    for (const cursor of group.cursors.values()) this.#weight -= cursorWeight(cursor);
  }

  #setCursor(cursors: Map<Queue, CursorState>, queue: Queue, cursor: CursorState | undefined): void {
    const before = cursors.get(queue);
    if (before !== undefined) this.#weight -= cursorWeight(before);
    if (cursor === undefined) cursors.delete(queue);
    else {
      this.#weight += cursorWeight(cursor);
      cursors.set(queue, cursor);
    }
  }

  #cursor([groupNumber, topicNumber, queueId, floor, acked, retries, fence]: CursorChange): void {
    const queue = this.#topicsByNumber.get(topicNumber)?.queues[queueId];
    const cursors = this.#groupsByNumber.get(groupNumber)?.cursors;
    if (queue !== undefined && cursors !== undefined)
      this.#setCursor(cursors, queue, {
        floor,
        acked: acked.length === 0 ? NONE : acked,
        retries: retries.length === 0 ? NONE : retries,
        fence,
      });
  }

  #load(part: SnapshotPart): void {
    if (part.last !== undefined) {
      this.#lastTopic = Math.max(this.#lastTopic, part.last.topic);
      this.#lastGroup = Math.max(this.#lastGroup, part.last.group);
      if (part.last.due !== undefined) this.#concernsDue(part.last.due.first, part.last.due.last);
    }
    for (const { next, ownTtl = false, ...config } of part.topics ?? []) {
      if (this.#topicsByNumber.has(config.number)) {
        if (this.#lossy) this.#topic({ op: "put", ...config, queues: next.length });
        continue;
      }
      const topic = new TopicState(config);
      topic.ownTtl = ownTtl;
      for (const [id, nextOffset] of next.entries()) topic.queues.push(new Queue(topic, id, nextOffset));
      this.#addTopic(topic);
      this.#weight += topicWeight(topic);
    }
    for (const group of part.groups ?? []) this.#group({ op: "put", ...group });
    if (part.cursors !== undefined) this.#loadCursors(part.cursors);
    for (const json of part.producers ?? [])
      if (!this.producers.has(json[0]))
        this.producers.set(json[0], ProducerWindow.fromJSON(json, this.#windowRoom));
  }

  #loadCursors({ group, runs, rest }: CursorRuns): void {
    const cursors = this.#groupsByNumber.get(group)?.cursors;
    readRuns(runs, (topic, queueId, floor) => {
      const queue = this.#topicsByNumber.get(topic)?.queues[queueId];
      if (queue !== undefined && cursors !== undefined)
        this.#setCursor(cursors, queue, { floor, acked: NONE, retries: NONE, fence: 0 });
    });
    for (const [topic, queueId, ...more] of rest) {
      const queue = this.#topicsByNumber.get(topic)?.queues[queueId];
      const cursor = queue && cursors?.get(queue);
      if (cursor !== undefined) this.#cursor([group, topic, queueId, cursor.floor, ...more]);
    }
  }

  /** The queue of a message whose topic's record may be lost: the topic is found again under a name made of its number. */
  #adopt({ topic: number, queueId, queueOffset, storedAtMs }: Header): Queue {
    const known = this.#topicsByNumber.get(number);
    if (known === undefined) this.#adopted.add(number);
    if (known?.queues[queueId] === undefined) {
      const lost = { ...LOST_TOPIC, number, name: `lost-${number}`, createdAtMs: storedAtMs };
      this.#topic({ op: "put", ...(known ?? lost), queues: queueId + 1 });
    }
    const queue = this.#topicsByNumber.get(number)!.queues[queueId]!;
    if (queue.nextOffset === 0 && this.#adopted.has(number)) queue.rebase(queueOffset);
    return queue;
  }

  *#liveProducers(nowMs: number): Generator<WindowJson> {
    for (const window of this.producers.values()) {
      if (nowMs - window.storedAtMs > PRODUCER_MEMORY_MS) this.#forget(window);
      else yield window.toJSON();
    }
  }
}

/** One empty list for the hundred thousands of cursors that have nothing but a floor. */
const NONE: readonly never[] = [];

/** A topic whose record is lost can be read and takes nothing more. */
const LOST_TOPIC = { type: 5, permission: 1, retentionMs: 0, attributes: {} } as const;

/** A topic or queue that a record names but no earlier record made: the log contradicts itself. */
function unknownQueue(header: Header): LogwheelError {
  return new LogwheelError(
    "LOG_CORRUPT",
    `the record at log offset ${header.logOffset} names queue ${header.queueId} of topic number ${header.topic}, which no earlier record made`,
  );
}
