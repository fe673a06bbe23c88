import type { Resource__Output } from "../gen/apache/rocketmq/v2/Resource.js";
import {
  numberFieldSize,
  textFieldSize,
  writeBlockHead,
  writeNumberField,
  writeTextField,
} from "./field-writer.js";
import { enter, passOver } from "./message-fields.js";
import { RESOURCE, SECONDS, STATUS } from "./rocketmq-tags.js";
import { TextCache } from "./text-cache.js";
import { varintSize, type WireReader, type WireWriter } from "./wire.js";

const texts = new TextCache();

/** How a call, or a part of it, went; codes are numbers from 0 on. */
export interface StatusInput {
  readonly code: number;
  readonly message: string;
}

/** Seconds and nanoseconds: since 1970 in a time, else a duration. */
export interface Seconds {
  readonly seconds: number;
  readonly nanos: number;
}

/** The topic or group that the reader stands before; it stands behind it then. */
export function readResource(reader: WireReader): Resource__Output {
  const end = enter(reader);
  const resource = { resourceNamespace: "", name: "" };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === RESOURCE.NAME) resource.name = reader.text(texts);
    else if (tag === RESOURCE.NAMESPACE) resource.resourceNamespace = reader.text(texts);
    else passOver(reader, tag, 2, "a resource");
  }
  reader.end = end;
  return resource;
}

/** The time or duration that the reader stands before; it stands behind it then. */
export function readSeconds(reader: WireReader): Seconds {
  const end = enter(reader);
  const read = { seconds: 0, nanos: 0 };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === SECONDS.SECONDS) read.seconds = reader.int64();
    else if (tag === SECONDS.NANOS) read.nanos = reader.uint32() | 0;
    else passOver(reader, tag, 2, "a time");
  }
  reader.end = end;
  return read;
}

/** Bytes of a status with its tag, which has one byte. */
export function statusFieldSize(status: StatusInput): number {
  const size = statusSize(status);
  return 1 + varintSize(size) + size;
}

/** Writes a status with its tag, which has one byte. */
export function writeStatusField(out: WireWriter, tag: number, status: StatusInput): void {
  writeBlockHead(out, tag, statusSize(status));
  writeNumberField(out, STATUS.CODE, status.code);
  writeTextField(out, STATUS.MESSAGE, status.message);
}

function statusSize({ code, message }: StatusInput): number {
  return numberFieldSize(code) + textFieldSize(message);
}
