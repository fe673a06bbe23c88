import type { Topic } from "../../proto/gen/logwheel/v1/Topic.js";
import type { UpdateTopicRequest__Output } from "../../proto/gen/logwheel/v1/UpdateTopicRequest.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkTopicName, MESSAGE_LIMITS } from "../../proto/kernel/limits.js";
import type { Queue, TopicConfig, TopicState } from "../store/queue.js";
import type { Store } from "../store/store.js";
import { EXPIRED } from "./expiry.js";
import { checkMetadataRoom } from "./metadata-room.js";
import { checkOwnSettings } from "./own-settings.js";
import { isReserved, RESERVED } from "./reserved.js";

/** Values of `TopicType` in message.proto. */
export const TOPIC_TYPE = { normal: 1, ordered: 2, delay: 3, transaction: 4, mixed: 5 } as const;

/** Values of `Permission` in message.proto. */
export const PERMISSION = { readWrite: 0, read: 1, write: 2, none: 3 } as const;

/** How many topics and queues there may be, and whether a send makes a topic. */
export interface TopicSettings {
  readonly autoCreate: boolean;
  readonly autoCreateQueues: number;
  readonly topicsMax: number;
  /** On this broker, of one topic. */
  readonly queuesMax: number;
}

const ATTRIBUTES_MAX = 32;
const ATTRIBUTE_BYTES_MAX = 1_024;

/** Hears of a topic as it is from now on, or of the name of one that is gone. */
export type TopicListener = (change: { readonly put: TopicState } | { readonly deleted: string }) => void;

/** The topics of this broker: checks what is asked, records it, tells who wants to know. */
export class Topics {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #settings: TopicSettings;
  readonly #listeners = new Set<TopicListener>();

  constructor(store: Store, clock: Clock, settings: TopicSettings) {
    this.#store = store;
    this.#clock = clock;
    this.#settings = settings;
  }

  get all(): Iterable<TopicState> {
    return this.#store.state.topics.values();
  }

  /** TOPIC_NOT_FOUND if there is none, BAD_REQUEST if there can be none. */
  get(name: string): TopicState {
    const topic = this.#store.state.topics.get(name);
    if (topic !== undefined) return topic;
    checkTopicName(name);
    throw new LogwheelError(
      "TOPIC_NOT_FOUND",
      `this broker has no topic ${JSON.stringify(name)}: create it first, or check the name`,
      {
        topic: name,
      },
    );
  }

  /** The topics of these names, undefined where there is none. */
  find(names: readonly string[]): (TopicState | undefined)[] {
    const { topics } = this.#store.state;
    return names.map((name) => topics.get(name));
  }

  /** The topic, made with the defaults if that is allowed and it is missing. */
  ensure(name: string): TopicState {
    const known = this.#store.state.topics.get(name);
    if (known !== undefined) return known;
    if (!this.#settings.autoCreate) return this.get(name);
    this.#append({ name, queues: this.#settings.autoCreateQueues, type: TOPIC_TYPE.mixed });
    return this.get(name);
  }

  /** A topic of the broker's own, with one queue, which clients can only read; made if it is missing. */
  ensureReserved(name: string): TopicState {
    const known = this.#store.state.topics.get(name);
    if (known !== undefined) return known;
    checkMetadataRoom(this.#store);
    this.#record({ name, queues: 1, type: TOPIC_TYPE.mixed, permission: PERMISSION.read });
    const made = this.get(name);
    // Whoever hears of topics may deliver at once, and this may have been called within a delivery.
    queueMicrotask(() => this.#store.state.topics.has(name) && this.#changed({ put: made }));
    return made;
  }

  /** Makes a topic; resolves when a restart keeps it. */
  async create(topic: Topic): Promise<TopicState> {
    const name = topic.name ?? "";
    if (this.#store.state.topics.has(name))
      throw new LogwheelError("TOPIC_EXISTS", `topic ${name} exists already on this broker`, { topic: name });
    this.#append(topic);
    await this.#store.whenSettled();
    return this.get(name);
  }

  /** Changes a topic; with `dryRun` only says what it would be. Resolves when a restart keeps it. */
  async update(request: UpdateTopicRequest__Output): Promise<Topic> {
    const topic = this.get(request.name);
    const queues = request.queues ?? topic.queues.length;
    if (queues < topic.queues.length)
      throw new LogwheelError(
        "BAD_REQUEST",
        `topic ${topic.name} has ${topic.queues.length} queues on this broker; a topic cannot shrink`,
      );
    this.#checkQueues(queues);
    if (isReserved(topic.name) && (request.permission ?? topic.permission) !== topic.permission)
      throw new LogwheelError(
        "FORBIDDEN",
        `the permission of ${topic.name} stays as it is: only the broker writes to topics whose names begin with ${RESERVED}`,
        { topic: topic.name },
      );
    const attributes: Record<string, string> = { ...topic.attributes, ...request.setAttributes };
    for (const name of request.removeAttributes) delete attributes[name];
    checkAttributes(attributes);
    checkOwnSettings(request.setAttributes);
    const { queues: _, ownTtl: __, ...config } = topic;
    const change = {
      ...config,
      op: "put" as const,
      queues,
      attributes,
      permission: request.permission ?? topic.permission,
      retentionMs: checkRetention(request.retentionMs ?? topic.retentionMs),
      ...expiryOf(request.ttlMs ?? topic.ttlMs, request.expired ?? topic.expired),
    };
    if (queues > topic.queues.length || Object.keys(request.setAttributes).length > 0)
      checkMetadataRoom(this.#store);
    if (!request.dryRun) {
      this.#store.appendTopic(change);
      this.#changed({ put: topic });
      await this.#store.whenSettled();
    }
    return showTopic(change);
  }

  /** Deletes a topic with its messages and all cursors on it. A topic made again under its name starts empty. */
  async delete(name: string, dryRun: boolean): Promise<{ messages: number; groups: string[] }> {
    const topic = this.get(name);
    const messages = topic.queues.reduce((sum, queue) => sum + queue.nextOffset - queue.firstOffset, 0);
    const groups = [...this.#store.state.groups.values()]
      .filter((group) => topic.queues.some((queue) => group.cursors.has(queue)))
      .map((group) => group.name);
    if (!dryRun) {
      this.#store.appendTopic({ op: "delete", number: topic.number });
      this.#changed({ deleted: name });
      await this.#store.whenSettled();
    }
    return { messages, groups };
  }

  /** Calls `listener` after a topic was made, changed or deleted. The returned function ends that. */
  onChanged(listener: TopicListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #append(topic: Topic): void {
    const name = topic.name ?? "";
    checkTopicName(name);
    if (isReserved(name))
      throw new LogwheelError(
        "BAD_REQUEST",
        `topic names that begin with ${RESERVED}, as ${name} does, are kept for the broker's own topics: choose another`,
      );
    checkType(topic.type ?? TOPIC_TYPE.normal);
    const queues = topic.queues ?? 0;
    this.#checkQueues(queues);
    checkAttributes(topic.attributes ?? {});
    checkOwnSettings(topic.attributes ?? {});
    if (this.#store.state.topics.size >= this.#settings.topicsMax)
      throw new LogwheelError(
        "THROTTLED",
        `this broker has ${this.#settings.topicsMax} topics, as many as its settings allow`,
      );
    checkMetadataRoom(this.#store);
    this.#record(topic);
    this.#changed({ put: this.get(name) });
  }

  #record(topic: Topic): void {
    this.#store.appendTopic({
      op: "put",
      number: this.#store.state.nextTopicNumber,
      name: topic.name ?? "",
      queues: topic.queues ?? 0,
      type: (topic.type ?? TOPIC_TYPE.normal) as TopicState["type"],
      permission: (topic.permission ?? PERMISSION.readWrite) as TopicState["permission"],
      retentionMs: checkRetention(Number(topic.retentionMs ?? 0)),
      ...expiryOf(Number(topic.ttlMs ?? 0), topic.expired),
      attributes: topic.attributes ?? {},
      createdAtMs: this.#clock.nowMs(),
    });
  }

  #changed(change: Parameters<TopicListener>[0]): void {
    for (const listener of this.#listeners) listener(change);
  }

  #checkQueues(queues: number): void {
    if (queues >= 1 && queues <= this.#settings.queuesMax) return;
    throw new LogwheelError(
      "BAD_REQUEST",
      `a topic has 1 to ${this.#settings.queuesMax} queues on a broker; ${queues} were asked for`,
    );
  }
}

/** A topic as the protocol shows it. */
export function showTopic(topic: TopicConfig & { queues: number | readonly Queue[] }): Topic {
  const { name, type, permission, retentionMs, attributes, ttlMs = 0, expired = 0 } = topic;
  const queues = typeof topic.queues === "number" ? topic.queues : topic.queues.length;
  return { name, queues, type, permission, retentionMs, attributes, ttlMs, expired };
}

function checkType(type: Topic["type"]): void {
  if (Object.values<unknown>(TOPIC_TYPE).includes(type)) return;
  throw new LogwheelError("BAD_REQUEST", `${type} is no topic type`);
}

function checkRetention(retentionMs: number): number {
  if (Number.isSafeInteger(retentionMs) && retentionMs >= 0) return retentionMs;
  throw new LogwheelError(
    "BAD_REQUEST",
    `a retention of ${retentionMs} ms is not possible: 0 for the broker's, or more`,
  );
}

/** How messages of a topic expire, where it says anything of that. */
function expiryOf(
  ttlMs = 0,
  expired: Topic["expired"] = EXPIRED.toDeadLetters,
): Pick<TopicState, "ttlMs" | "expired"> {
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 0 || ttlMs > MESSAGE_LIMITS.ttlMsMax)
    throw new LogwheelError(
      "BAD_REQUEST",
      `a time to live is 1 to ${MESSAGE_LIMITS.ttlMsMax} ms, or 0 for none, not ${ttlMs}`,
    );
  if (expired !== EXPIRED.toDeadLetters && expired !== EXPIRED.drop)
    throw new LogwheelError(
      "BAD_REQUEST",
      `${expired} is nothing that this version does with expired messages`,
    );
  return { ttlMs, expired };
}

function checkAttributes(attributes: Readonly<Record<string, string>>): void {
  const entries = Object.entries(attributes);
  if (entries.length > ATTRIBUTES_MAX)
    throw new LogwheelError("BAD_REQUEST", `a topic has at most ${ATTRIBUTES_MAX} attributes`);
  for (const [name, value] of entries)
    if (name === "" || name.length + value.length > ATTRIBUTE_BYTES_MAX)
      throw new LogwheelError(
        "BAD_REQUEST",
        `attribute ${JSON.stringify(name.slice(0, 40))} is empty or longer than ${ATTRIBUTE_BYTES_MAX}`,
      );
}
