import { malformed, type WireReader } from "./wire.js";

/** Field tags of `logwheel.v1.Message`. */
export const TAG = {
  BODY: 0x0a,
  TAG: 0x12,
  KEY: 0x1a,
  ORDERING_KEY: 0x22,
  PROPERTY: 0x2a,
  BORN_AT_MS: 0x30,
  BORN_HOST: 0x3a,
  ENCODING: 0x40,
  TTL_MS: 0x48,
  PRODUCER_GROUP: 0x52,
  DELAY_MS: 0x60,
  DELIVER_AT_MS: 0x68,
  DELAY_LEVEL: 0x70,
  ROCKETMQ: 0x7a,
} as const;

/** Field tags of `logwheel.v1.RocketMq`. */
export const ROCKETMQ = { MESSAGE_ID: 0x0a, TRACE_CONTEXT: 0x12, FURTHER_KEY: 0x1a, PRIORITY: 0x20 } as const;

/** The highest number of a field that this version knows. */
export const FIELD_MAX = 14;
/** Field tags of an entry of a map. */
export const MAP = { KEY: 0x0a, VALUE: 0x12 } as const;

/** Passes over a field of a newer version; a known one comes here only with a wire type that it cannot have. */
export function skipUnknown(reader: WireReader, tag: number): void {
  if (tag >>> 3 <= FIELD_MAX) throw malformed(`field ${tag >>> 3} of a message has wire type ${tag & 7}`);
  reader.skip(tag);
}
/** Narrows the reader to the block it stands before; returns the end to restore. */
export function enter(reader: WireReader): number {
  const end = reader.end;
  reader.end = reader.block();
  return end;
}
