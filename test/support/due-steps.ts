import { seeded } from "../../client/testing/seeded.js";
import type { MessageInput } from "../../proto/kernel/message-codec.js";
import type { DueEntry, DueKind, Settlement } from "../../server/store/due-entry.js";
import type { Queue } from "../../server/store/queue.js";
import { HEADER_BYTES, KIND } from "../../server/store/record.js";
import type { FoundRecord } from "../../server/store/record-reader.js";
import type { Store } from "../../server/store/store.js";
import { addTopic, append, encodedMessage, headerOf, text } from "./store.js";

/** A message as it is sent, and where it was appended as part of a settlement. */
export interface Delivered {
  readonly queue: Queue;
  readonly queueOffset: number;
  readonly logOffset: number;
}

/** Appends a message for later; returns its entry. Not settled. */
export function appendDue(
  store: Store,
  queue: Queue,
  dueAtMs: number,
  message: MessageInput,
  kind: DueKind = KIND.delayed,
): DueEntry {
  const bytes = encodedMessage(message);
  store.stamp();
  store.reserve(HEADER_BYTES + bytes.length);
  const origin = store.due.append({ kind, dueAtMs, queue }, headerOf(bytes), bytes, 0, bytes.length);
  return {
    kind,
    dueAtMs,
    origin,
    place: origin,
    bytes: HEADER_BYTES + bytes.length,
    topic: queue.topic.number,
    times: 0,
    first: kind === KIND.half ? origin : 0,
  };
}

/** Settles entries, and appends messages that take their place, as one group. Not settled. */
export function settleDue(
  store: Store,
  settlements: readonly Settlement[],
  messages: readonly { readonly queue: Queue; readonly message: MessageInput }[] = [],
): Delivered[] {
  const bodies = messages.map(({ message }) => encodedMessage(message));
  const bytes = bodies.reduce((sum, body) => sum + HEADER_BYTES + body.length, 0);
  store.stamp();
  store.reserve(store.due.settleBytes(settlements.length) + bytes);
  store.due.settle(settlements, messages.length > 0);
  return messages.map(({ queue }, index) => {
    const body = bodies[index]!;
    const { nextOffset: queueOffset } = queue;
    const header = { ...headerOf(body), more: index < messages.length - 1 };
    return { queue, queueOffset, logOffset: store.append(queue, header, body, 0, body.length) };
  });
}

/** The records of entries that can be read, wherever they are. */
export async function recordsOf(store: Store, entries: readonly DueEntry[]): Promise<FoundRecord[]> {
  const records: FoundRecord[] = [];
  for (const { place } of entries) {
    const record = await store.lookup.near(place);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Appends copies of records that are pending, as one group; returns their entries as they are then. Not settled. */
export function copyDue(store: Store, records: readonly FoundRecord[]): DueEntry[] {
  store.stamp();
  store.reserve(records.reduce((sum, { header }) => sum + store.due.copyBytes(header), 0));
  return store.due.copy(records);
}

/** The only queue of the topic "orders", which is made if it is missing. */
export function queueOf(store: Store): Queue {
  return (store.state.topics.get("orders") ?? addTopic(store, "orders")).queues[0]!;
}

/** Sends messages until the segment is full and sealed, its mark written. */
export async function roll(store: Store): Promise<void> {
  const { segments } = store.figures;
  while (store.figures.segments === segments) {
    append(store, queueOf(store), [text("x".repeat(1_000))]);
    await store.whenSettled();
  }
  await store.sealed.idle();
}

/** The settlement of entries that do not come again. */
export function once(...entries: readonly DueEntry[]): Settlement[] {
  return entries.map((entry) => ({ entry, againAtMs: 0 }));
}

/** Everything that is pending, in due order; for stores with fewer entries than are held in memory. */
export async function allDue(store: Store): Promise<DueEntry[]> {
  return store.due.ready(2 ** 50, Number.POSITIVE_INFINITY);
}

/** Puts and settles entries of all ages over so many segments; `sealed` is called after each. */
export async function work(
  store: Store,
  segments: number,
  sealed: () => void = () => {},
): Promise<DueEntry[]> {
  const random = seeded(3);
  const pending: DueEntry[] = [];
  for (let segment = 0; segment < segments; segment++) {
    for (let count = 0; count < 20; count++) {
      const queue = queueOf(store);
      pending.push(appendDue(store, queue, 1e6 + Math.floor(random() * 1e6), text("later")));
      if (random() < 0.6) {
        const [entry] = pending.splice(Math.floor(random() * pending.length), 1);
        const againAtMs = random() < 0.3 ? 5e6 + count : 0;
        settleDue(store, [{ entry: entry!, againAtMs }]);
        if (againAtMs > 0) pending.push({ ...entry!, dueAtMs: againAtMs });
      }
      await store.whenSettled();
    }
    await roll(store);
    sealed();
  }
  return pending.sort((a, b) => a.dueAtMs - b.dueAtMs || a.origin - b.origin);
}
