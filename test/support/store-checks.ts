import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import { readRecord, type StoredRecord } from "../../proto/kernel/record.js";
import type { Queue } from "../../server/store/queue.js";
import { RECORD_AT } from "../../server/store/record.js";
import type { State } from "../../server/store/state.js";
import type { Store } from "../../server/store/store.js";
import { allDue } from "./due-steps.js";
import type { Appended, Model } from "./store-model.js";

/** A message as a reader gets it. */
interface Read {
  readonly body: string;
  readonly queueOffset: number;
  readonly logOffset: number;
}

/** All visible messages of a queue, from its first offset on. */
export async function readQueue(store: Store, queue: Queue): Promise<Read[]> {
  const found: Read[] = [];
  const end = store.endOffset(queue);
  for (let next = queue.firstOffset; next < end; ) {
    const before = next;
    next = await store.read(
      queue,
      next,
      { maxMessages: 50, maxBytes: 1 << 20 },
      {
        take(bytes, start, recordEnd, queueOffset) {
          const record = readRecord(bytes, start, recordEnd);
          same(record.queueOffset, queueOffset, "queue offset in the record");
          found.push({ body: bodyOf(record), queueOffset, logOffset: record.logOffset });
          return true;
        },
      },
    );
    if (next <= before)
      expect.fail(`a reader of ${queue.topic.name}/${queue.id} does not get beyond ${before}`);
  }
  return found;
}

/** The body of a message of a `World`, whose property must tell how it begins. */
export function bodyOf(record: StoredRecord): string {
  const { body, properties } = record.message();
  const text = body.toString();
  same(properties["begins"], text.slice(0, 12), "the property of a message");
  return text;
}

/** An assertion that costs little while it holds: these run millions of times. */
function same(found: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(found, expected)) expect(found, what).to.deep.equal(expected);
}

function asRead({ body, queueOffset, logOffset }: Appended): Read {
  return { body, queueOffset, logOffset };
}

/**
 * A store holds what the model holds: every message at its offset, in order, once; topics, groups and cursors; what
 * producers sent. Messages below log offset `droppedTo` may be gone, oldest first. Everything must be settled.
 */
export async function checkStore(store: Store, model: Model, droppedTo = 0): Promise<void> {
  checkNames(store, model);
  for (const [number, { name, queues }] of model.topics)
    for (const [id, messages] of queues.entries())
      await checkQueue(store, store.state.topicByNumber(number)!.queues[id]!, messages, droppedTo, name);
  checkCursors(store, model);
  checkProducers(store, model);
  await checkKeys(store, model, droppedTo);
  await checkDue(store, model);
}

/** What is pending is what the model says, in due order, and nothing else is found. */
async function checkDue(store: Store, model: Model): Promise<void> {
  const expected = [...model.due.values()].sort((a, b) => a.dueAtMs - b.dueAtMs || a.origin - b.origin);
  same(store.due.pending, expected.length, "how many are due");
  same(await allDue(store), expected, "what is due");
  for (const entry of expected)
    same(store.due.find(entry.origin), entry, `due for log offset ${entry.origin}`);
  let bytes = 0;
  for (const { origin, bytes: length } of expected) {
    bytes += length;
    const record = await store.lookup.dueAt(origin);
    if (record === undefined) expect.fail(`the message that is due for log offset ${origin} is not there`);
    const { logOffset } = readRecord(record, 0, record.length);
    same([logOffset, record.length + RECORD_AT], [origin, length], `the record for log offset ${origin}`);
  }
  same(store.due.pendingBytes, bytes, "bytes that are due");
}

function checkNames(store: Store, model: Model): void {
  const topics = [...store.state.topics.values()];
  same(
    topics.map(({ number, name, queues }) => `${number} ${name} ${queues.length}`).sort(),
    [...model.topics].map(([number, { name, queues }]) => `${number} ${name} ${queues.length}`).sort(),
    "topics",
  );
  const groups = [...store.state.groups.values()].map(({ number, name }) => `${number} ${name}`);
  same(groups.sort(), [...model.groups].map(([number, { name }]) => `${number} ${name}`).sort(), "groups");
}

async function checkQueue(
  store: Store,
  queue: Queue,
  messages: readonly Appended[],
  droppedTo: number,
  name: string,
): Promise<void> {
  const where = `queue ${queue.id} of ${name}`;
  same(queue.nextOffset, messages.length, `next offset of ${where}`);
  same(store.endOffset(queue), messages.length, `end of ${where}`);
  const kept = messages.findIndex(({ logOffset }) => logOffset >= droppedTo);
  const first = queue.firstOffset;
  if (first > (kept < 0 ? messages.length : kept)) expect.fail(`${where} begins at ${first}, behind ${kept}`);
  same(await readQueue(store, queue), messages.slice(first).map(asRead), where);
}

function checkCursors(store: Store, model: Model): void {
  for (const group of store.state.groups.values()) {
    const found = new Map<string, unknown>();
    for (const [queue, cursor] of group.cursors) {
      found.set(`${queue.topic.number}/${queue.id}`, cursor);
      const ends = [cursor.floor, ...cursor.acked.map(([, end]) => end)];
      if (Math.max(...ends) > queue.nextOffset)
        expect.fail(`cursor of ${group.name} beyond the end of ${queue.topic.name}`);
    }
    same(found, model.groups.get(group.number)!.cursors, `cursors of ${group.name}`);
  }
}

function checkProducers(store: Store, model: Model): void {
  for (const { producerId, sequence, logOffset } of model.messages) {
    if (producerId === 0) continue;
    const known = store.state.producers.get(producerId)?.find(sequence);
    if (known !== undefined) same(known, logOffset, `sequence ${sequence} of producer ${producerId}`);
  }
  for (const [id, window] of store.state.producers) {
    const sent = model.messages.filter(({ producerId }) => producerId === id);
    const highest = Math.max(0, ...sent.map(({ sequence }) => sequence));
    same(window.find(highest + 1), 0, `the next sequence of producer ${id}`);
  }
}

async function checkKeys(store: Store, model: Model, droppedTo: number): Promise<void> {
  for (const [number, { queues }] of model.topics) {
    const keyed = queues.flat().filter(({ keys, logOffset }) => keys.length > 0 && logOffset >= droppedTo);
    for (const { keys, logOffset } of keyed.slice(-3)) {
      const found = await store.lookup.findByKey(store.state.topicByNumber(number)!, keys[0]!, 1_000);
      const logOffsets = found.map((bytes) => readRecord(bytes, 0, bytes.length).logOffset);
      expect(logOffsets, `messages with key ${keys[0]}`).to.include(logOffset);
    }
  }
}

/** What a state says, in a form that can be compared. */
export function told(state: State): unknown {
  const parts = [...state.snapshot(0)];
  return JSON.parse(JSON.stringify(parts.map(({ producers: _, ...part }) => part)));
}

/** Views after live traffic equal views after a replay from any starting point. Everything must be settled. */
export async function checkReplays(store: Store): Promise<void> {
  const live = told(store.state);
  for (const [index, state] of (await store.replays()).entries()) {
    same(told(state), live, `views replayed from segment ${index}`);
    for (const [id, window] of store.state.producers)
      for (let sequence = 1; sequence <= window.highest; sequence++) {
        const known = window.find(sequence);
        if (known !== undefined && known > 0)
          same(state.producers.get(id)?.find(sequence), known, `sequence ${sequence} of ${id}`);
      }
  }
}
