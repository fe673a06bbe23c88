import { encodedMessageSize, type MessageInput } from "../../proto/kernel/message-codec.js";
import type { CursorState } from "../../server/store/cursor-state.js";
import type { DueEntry, Settlement } from "../../server/store/due-entry.js";
import type { Queue } from "../../server/store/queue.js";
import { HEADER_BYTES } from "../../server/store/record.js";
import type { GroupChange, TopicChange } from "../../server/store/state.js";
import { text } from "./store.js";

/** A message that was appended, and where. */
export interface Appended {
  readonly body: string;
  readonly keys: readonly string[];
  readonly producerId: number;
  readonly sequence: number;
  /** Number of the topic. */
  readonly topic: number;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly logOffset: number;
  /** Of its record. */
  readonly bytes: number;
}

/** What was appended at once, all or nothing. `end` is the log offset behind it. */
export type Entry = { readonly end: number } & (
  | { readonly kind: "messages"; readonly messages: readonly Appended[] }
  | { readonly kind: "due"; readonly entry: DueEntry }
  | {
      readonly kind: "settlement";
      readonly settlements: readonly Settlement[];
      readonly messages: readonly Appended[];
    }
  | { readonly kind: "copies"; readonly entries: readonly DueEntry[] }
  | { readonly kind: "topic"; readonly change: TopicChange }
  | { readonly kind: "group"; readonly change: GroupChange }
  | {
      readonly kind: "cursor";
      readonly group: number;
      readonly topic: number;
      readonly queueId: number;
      readonly state: CursorState;
    }
);

/** A topic of the model: its messages by queue, from queue offset 0 on. */
export interface ModelTopic {
  readonly name: string;
  readonly queues: Appended[][];
}

/** What a store must hold, in maps and arrays. */
export class Model {
  readonly topics = new Map<number, ModelTopic>();
  readonly groups = new Map<number, { readonly name: string; readonly cursors: Map<string, CursorState> }>();
  /** What is pending, by the log offset of its message. */
  readonly due = new Map<number, DueEntry>();
  /** All messages, those of deleted topics too, in the order of the log. */
  readonly messages: Appended[] = [];

  /** What the entries that end at or before log offset `to` add up to. */
  static of(entries: readonly Entry[], to: number): Model {
    const model = new Model();
    for (const entry of entries) if (entry.end <= to) model.#apply(entry);
    return model;
  }

  #apply(entry: Entry): void {
    switch (entry.kind) {
      case "messages":
        for (const message of entry.messages) this.#message(message);
        return;
      case "due":
        this.due.set(entry.entry.origin, entry.entry);
        return;
      case "settlement":
        this.#settle(entry.settlements);
        for (const message of entry.messages) this.#message(message);
        return;
      case "copies":
        for (const copied of entry.entries) this.due.set(copied.origin, copied);
        return;
      case "topic":
        return this.#topic(entry.change);
      case "group":
        return this.#group(entry.change);
      case "cursor":
        this.groups.get(entry.group)?.cursors.set(`${entry.topic}/${entry.queueId}`, entry.state);
    }
  }

  #settle(settlements: readonly Settlement[]): void {
    for (const { entry, againAtMs } of settlements)
      if (againAtMs === 0) this.due.delete(entry.origin);
      else this.due.set(entry.origin, { ...entry, dueAtMs: againAtMs });
  }

  #message(message: Appended): void {
    this.messages.push(message);
    this.topics.get(message.topic)?.queues[message.queueId]?.push(message);
  }

  #topic(change: TopicChange): void {
    if (change.op === "put") {
      const topic = this.topics.get(change.number) ?? { name: change.name, queues: [] };
      while (topic.queues.length < change.queues) topic.queues.push([]);
      this.topics.set(change.number, topic);
      return;
    }
    this.topics.delete(change.number);
    for (const { cursors } of this.groups.values())
      for (const key of cursors.keys()) if (key.startsWith(`${change.number}/`)) cursors.delete(key);
  }

  #group(change: GroupChange): void {
    if (change.op === "delete") this.groups.delete(change.number);
    else if (!this.groups.has(change.number))
      this.groups.set(change.number, { name: change.name, cursors: new Map() });
  }
}

/** A message as it is sent. Its property tells whether a reader got all of it as it was. */
export function contentOf({ body, keys }: { body: string; keys: readonly string[] }): MessageInput {
  return text(body, { keys, properties: { begins: body.slice(0, 12) } });
}

/** A message of no producer that stands in a queue. */
export function placed(
  message: { body: string; keys: readonly string[] },
  queue: Queue,
  queueOffset: number,
  logOffset: number,
): Appended {
  const place = { topic: queue.topic.number, queueId: queue.id, queueOffset, logOffset };
  const bytes = HEADER_BYTES + encodedMessageSize(contentOf(message));
  return { ...message, ...place, producerId: 0, sequence: 0, bytes };
}
