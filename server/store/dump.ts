import { LogwheelError } from "../../proto/kernel/errors.js";
import { readMessage } from "../../proto/kernel/message-codec.js";
import type { Files } from "../disk/files.js";
import { readMark } from "./commit-log.js";
import { readSettlements, type Settlement } from "./due-entry.js";
import { emptyHeader, HEADER_BYTES, type Header, KIND, messageAt, readHeader } from "./record.js";
import { type LogRange, Salvage } from "./salvage.js";
import type { Segment } from "./segment.js";
import { State } from "./state.js";
import { openStoppedLog, wholeTo } from "./stopped-log.js";

/** Name of a record's kind. */
export type KindName = keyof typeof KIND;

/** Which records are wanted; all without any of these. */
export interface DumpFilter {
  /** Log offsets, `to` not included. */
  readonly from?: number;
  readonly to?: number;
  readonly kind?: KindName;
  /** Name of a topic: its messages only, also those that are in no queue yet. */
  readonly topic?: string;
}

/** A record as plain data for JSON, or bytes that are none. */
export type Dumped = DumpedRecord | { readonly damage: LogRange; readonly file: string };

/** A record as plain data for JSON. */
export interface DumpedRecord {
  readonly logOffset: number;
  readonly bytes: number;
  readonly epoch: number;
  readonly kind: KindName;
  readonly storedAt: string;
  /** More records of the same group follow. */
  readonly more?: true;
  readonly topic?: string | number;
  readonly queueId?: number;
  readonly queueOffset?: number;
  /** Of a delayed or half message. */
  readonly dueAt?: string;
  /** Of a copy: log offset of the record that it holds. */
  readonly origin?: number;
  readonly producerId?: number;
  readonly sequence?: number;
  readonly message?: object;
  /** Of a mark: log offset up to which the log was durable when it was written. */
  readonly durable?: number;
  /** Of a settle record: what it takes care of. */
  readonly settles?: readonly DumpedSettlement[];
  /** Of a record of metadata. */
  readonly payload?: unknown;
}

/** A due entry that is taken care of, as plain data for JSON. */
export interface DumpedSettlement {
  readonly kind: KindName;
  /** Log offset of the record that came in with the message. */
  readonly origin: number;
  /** Log offset of the copy that holds it, if one does. */
  readonly place?: number;
  readonly dueAt: string;
  /** When the same is due again. */
  readonly againAt?: string;
}

/** Records that are held before whoever reads them gets them. */
const BATCH_RECORDS = 256;

/** The last moment that a Date can hold. */
const DATE_MS_MAX = 8.64e15;

const KIND_NAMES = new Map<number, KindName>(
  Object.entries(KIND).map(([name, kind]) => [kind, name as KindName]),
);

/**
 * The records of a stopped broker's log, oldest first, as plain data. Fails as `openStoppedLog`; TOPIC_NOT_FOUND at the end if
 * nothing in the range knows the topic that was asked for.
 */
export async function* dumpStore(dataFiles: Files, filter: DumpFilter = {}): AsyncGenerator<Dumped> {
  const log = await openStoppedLog(dataFiles);
  try {
    const { from = 0, to = Number.POSITIVE_INFINITY, topic } = filter;
    let known = topic === undefined;
    for (const segment of log.segments) {
      if (segment.end <= from || segment.start >= to) continue;
      const names = new State({ lossy: true });
      yield* dumpSegment(segment, wholeTo(log, segment), { ...filter, from, to }, names);
      known ||= names.topics.has(topic!);
    }
    if (!known)
      throw new LogwheelError("TOPIC_NOT_FOUND", `nothing in this part of the log knows a topic ${topic}`);
  } finally {
    await log.close();
  }
}

async function* dumpSegment(
  segment: Segment,
  end: number,
  filter: DumpFilter & LogRange,
  names: State,
): AsyncGenerator<Dumped> {
  const walk = new Salvage(segment, Math.min(end, filter.to));
  let batch: Dumped[] = [];
  const visitor = {
    record(header: Header, bytes: Buffer, at: number): boolean {
      learn(names, header, bytes, at);
      if (wanted(header, names, filter)) batch.push(describe(header, bytes, at, names));
      return batch.length < BATCH_RECORDS;
    },
    damage(damage: LogRange): void {
      if (damage.to > filter.from) batch.push({ damage, file: segment.name });
    },
  };
  while (!walk.over) {
    await walk.go(visitor);
    yield* batch;
    batch = [];
  }
}

/** Topics have names in their own records and in snapshots only. */
function learn(names: State, header: Header, bytes: Buffer, at: number): void {
  if (header.kind === KIND.topic || header.kind === KIND.snapshot)
    names.reduce(header.kind, payloadOf(header, bytes, at));
}

function wanted(header: Header, names: State, { from, kind, topic }: DumpFilter & LogRange): boolean {
  if (header.logOffset < from || (kind !== undefined && header.kind !== KIND[kind])) return false;
  return topic === undefined || (messageAt(header.kind) > 0 && topicOf(header, names) === topic);
}

function topicOf(header: Header, names: State): string | number {
  return names.topicByNumber(header.topic)?.name ?? header.topic;
}

function describe(header: Header, bytes: Buffer, at: number, names: State): DumpedRecord {
  return {
    logOffset: header.logOffset,
    bytes: header.length,
    epoch: header.epoch,
    kind: KIND_NAMES.get(header.kind)!,
    storedAt: moment(header.storedAtMs),
    ...(header.more ? { more: true } : {}),
    ...contentOf(header, bytes, at, names),
  };
}

function contentOf(header: Header, bytes: Buffer, at: number, names: State): Partial<DumpedRecord> {
  switch (header.kind) {
    case KIND.message:
    case KIND.delayed:
    case KIND.half: {
      const { queueId, queueOffset, producerId, sequence } = header;
      const place = header.kind === KIND.message ? { queueOffset } : { dueAt: moment(queueOffset) };
      const producer = producerId === 0 ? {} : { producerId, sequence };
      const message = messageOf(bytes, at + HEADER_BYTES, at + header.length);
      return { topic: topicOf(header, names), queueId, ...place, ...producer, message };
    }
    case KIND.copy: {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const { logOffset: origin, queueId } = readHeader(view, at + HEADER_BYTES, emptyHeader());
      const message = messageOf(bytes, at + messageAt(header.kind), at + header.length);
      return { topic: topicOf(header, names), queueId, dueAt: moment(header.queueOffset), origin, message };
    }
    case KIND.settle: {
      const { logOffset, length } = header;
      const settlements = readSettlements(logOffset, bytes, at + HEADER_BYTES, at + length);
      return { settles: settlements.map(settlementOf) };
    }
    case KIND.mark:
      return { durable: readMark(bytes.subarray(at + HEADER_BYTES, at + header.length)) };
    case KIND.end:
    case KIND.epoch:
    case KIND.damage:
      return {};
    default:
      return { payload: payloadOf(header, bytes, at) };
  }
}

function settlementOf({ entry, againAtMs }: Settlement): DumpedSettlement {
  const { kind, origin, place, dueAtMs } = entry;
  const copy = place === origin ? {} : { place };
  const again = againAtMs === 0 ? {} : { againAt: moment(againAtMs) };
  return { kind: KIND_NAMES.get(kind)!, origin, ...copy, dueAt: moment(dueAtMs), ...again };
}

/** A time as text; as a number of milliseconds where it is too far away for a date. */
function moment(ms: number): string {
  return ms <= DATE_MS_MAX ? new Date(ms).toISOString() : String(ms);
}

function payloadOf(header: Header, bytes: Buffer, at: number): unknown {
  return JSON.parse(bytes.toString("utf8", at + HEADER_BYTES, at + header.length));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A message with its body as text where it is valid UTF-8, else as `bodyBase64`. */
function messageOf(bytes: Buffer, start: number, end: number): object {
  const { body, ...rest } = readMessage(bytes, start, end);
  try {
    return { ...rest, body: utf8.decode(body) };
  } catch {
    return { ...rest, bodyBase64: body.toString("base64") };
  }
}
