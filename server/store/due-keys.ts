import type { DueEntry, DueKind } from "./due-entry.js";
import { KIND } from "./record.js";
import type { ViewChange, ViewEntry } from "./views.js";

/**
 * Keys and values of the due index. Integers are big-endian, so that keys sort as their numbers.
 *
 *     key                                   value
 *     00 01                                 version u8, log offset u64, pending u64, their bytes u64,
 *                                           durable u64: the mark
 *     01 | due at (ms) u64 | origin u64     kind u8, times u8, first u64,   what is due, in that order
 *                                           topic u32, bytes u32, and
 *                                           place u64 where it is a copy
 *     02 | origin u64                       due at (ms) u64, then as above  the same by origin
 *     03 | origin u64                       the same                        halves only
 *     04 | origin u64                       01                              dropped, while the log has the origin
 *     05 | place u64                        origin u64                      copied, while the log has the copy
 *     06 | origin u64                       place u64, dropped u8           settled after it was copied, as long
 *                                                                         as the log has the copy
 */
export const MARK_KEY = Buffer.of(0, 1);

const VERSION = 3;
const MARK_BYTES = 33;
const BY_DUE = 1;
const BY_ORIGIN = 2;
const HALVES = 3;
const DROPPED = 4;
const COPIES = 5;
const SETTLED = 6;
const VALUE_BYTES = 26;
const MOVED_BYTES = VALUE_BYTES + 8;
const YES = Buffer.of(1);

/** How far the due index in the views is complete. */
export interface DueMark {
  /** Everything that records below say is in it, durably. */
  readonly logOffset: number;
  /** Entries that are pending by them. */
  readonly pending: number;
  /** Of their records. */
  readonly pendingBytes: number;
  /** Log offset up to which the log was durable then: a witness of what must be there. */
  readonly durable: number;
}

/** Where an entry stands in due order. */
export interface DuePlace {
  readonly dueAtMs: number;
  readonly origin: number;
}

/** Before all entries. */
export const BEGINNING: DuePlace = { dueAtMs: 0, origin: 0 };

/** Below 0 if `a` is due before `b`. */
export function compareDue(a: DuePlace, b: DuePlace): number {
  return a.dueAtMs - b.dueAtMs || a.origin - b.origin;
}

/** Whether a place is `from`, or behind it and before `to`. */
export function between(place: DuePlace, from: DuePlace, to: DuePlace): boolean {
  return compareDue(place, from) >= 0 && compareDue(place, to) < 0;
}

/** The place behind another one. */
export function behind({ dueAtMs, origin }: DuePlace): DuePlace {
  return { dueAtMs, origin: origin + 1 };
}

export function dueKey({ dueAtMs, origin }: DuePlace): Buffer {
  const key = Buffer.allocUnsafe(17);
  key[0] = BY_DUE;
  writeU64(key, dueAtMs, 1);
  writeU64(key, origin, 9);
  return key;
}

export function originKey(origin: number): Buffer {
  return placeKey(BY_ORIGIN, origin);
}

export function halfKey(origin: number): Buffer {
  return placeKey(HALVES, origin);
}

export function droppedKey(origin: number): Buffer {
  return placeKey(DROPPED, origin);
}

export function copyKey(place: number): Buffer {
  return placeKey(COPIES, place);
}

export function settledKey(origin: number): Buffer {
  return placeKey(SETTLED, origin);
}

function placeKey(space: number, origin: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = space;
  writeU64(key, origin, 1);
  return key;
}

/** Behind the last key in due order. */
export const DUE_END = Buffer.of(BY_DUE + 1);

/** The entry of a key in due order and its value. */
export function entryOf({ key, value }: ViewEntry): DueEntry {
  const origin = readU64(key, 9);
  return { dueAtMs: readU64(key, 1), origin, ...readRest(value, 0, origin) };
}

/** The kind of an entry, by its value in due order: a start looks at a million of them. */
export function readKind(value: Buffer): DueKind {
  return value[0]! as DueKind;
}

/** The same of the bytes of its record. */
export function readBytes(value: Buffer): number {
  return value.readUInt32BE(14);
}

/** The entry of a key by origin, or of a half, and its value. */
export function entryByOrigin(key: Buffer, value: Buffer): DueEntry {
  const origin = readU64(key, 1);
  return { origin, dueAtMs: readU64(value, 0), ...readRest(value, 8, origin) };
}

function readRest(value: Buffer, at: number, origin: number): Omit<DueEntry, "dueAtMs" | "origin"> {
  return {
    kind: value[at]! as DueKind,
    times: value[at + 1]!,
    first: readU64(value, at + 2),
    topic: value.readUInt32BE(at + 10),
    bytes: value.readUInt32BE(at + 14),
    place: value.length > at + 18 ? readU64(value, at + 18) : origin,
  };
}

/** All keys of an entry that is there. */
export function putEntry(entry: DueEntry): ViewChange[] {
  const moved = entry.place !== entry.origin;
  const value = Buffer.allocUnsafe(moved ? MOVED_BYTES : VALUE_BYTES);
  writeU64(value, entry.dueAtMs, 0);
  value[8] = entry.kind;
  value[9] = entry.times;
  writeU64(value, entry.first, 10);
  value.writeUInt32BE(entry.topic, 18);
  value.writeUInt32BE(entry.bytes, 22);
  if (moved) writeU64(value, entry.place, VALUE_BYTES);
  const changes = [
    { key: dueKey(entry), value: value.subarray(8) },
    { key: originKey(entry.origin), value },
  ];
  if (entry.kind === KIND.half) changes.push({ key: halfKey(entry.origin), value });
  if (moved) changes.push({ key: copyKey(entry.place), value: u64(entry.origin) });
  return changes;
}

/** All keys of an entry that is not there any more. That of its copy goes with the copy. */
export function deleteEntry(entry: DueEntry): ViewChange[] {
  const changes = [{ key: dueKey(entry) }, { key: originKey(entry.origin) }];
  if (entry.kind === KIND.half) changes.push({ key: halfKey(entry.origin) });
  return changes;
}

/** What is remembered of an entry that is settled, with nothing in its place or not. */
export function rememberSettled({ origin, place }: DueEntry, dropped: boolean): ViewChange[] {
  if (place !== origin)
    return [{ key: settledKey(origin), value: Buffer.concat([u64(place), Buffer.of(Number(dropped))]) }];
  return dropped ? [{ key: droppedKey(origin), value: YES }] : [];
}

/** Log offset of a copy, of its key. */
export function readPlace(key: Buffer): number {
  return readU64(key, 1);
}

/** The value of a copy's key. */
export function readOrigin(value: Buffer): number {
  return readU64(value, 0);
}

/** Where the copy of a settled entry is, and whether nothing took its place. */
export function readSettled(value: Buffer): { readonly place: number; readonly dropped: boolean } {
  return { place: readU64(value, 0), dropped: value[8] === 1 };
}

export function putMark({ logOffset, pending, pendingBytes, durable }: DueMark): ViewChange {
  const value = Buffer.allocUnsafe(MARK_BYTES);
  value[0] = VERSION;
  writeU64(value, logOffset, 1);
  writeU64(value, pending, 9);
  writeU64(value, pendingBytes, 17);
  writeU64(value, durable, 25);
  return { key: MARK_KEY, value };
}

/** Undefined for none, and for one of another version: the view is made again then. */
export function readMark(value: Buffer | undefined): DueMark | undefined {
  if (value?.length !== MARK_BYTES || value[0] !== VERSION) return undefined;
  return {
    logOffset: readU64(value, 1),
    pending: readU64(value, 9),
    pendingBytes: readU64(value, 17),
    durable: readU64(value, 25),
  };
}

function u64(value: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(8);
  writeU64(bytes, value, 0);
  return bytes;
}

function writeU64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
