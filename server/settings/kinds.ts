import { formatAddress, parseAddress } from "../../proto/kernel/address.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { formatBytes, formatDuration, parseBytes, parseDuration } from "../../proto/kernel/quantity.js";
import { Secret } from "./secret.js";

/** A range of log offsets, `to` not included. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

/** What a setting of each kind is once it has been read. */
export interface KindValues {
  string: string;
  number: number;
  /** Bytes. */
  bytes: number;
  /** Milliseconds. */
  duration: number;
  /** Milliseconds each. */
  durations: readonly number[];
  boolean: boolean;
  choice: string;
  /** `host:port`, checked. */
  address: string;
  addresses: readonly string[];
  offsets: OffsetRange;
  /** Has no flag: everybody on a machine sees the command lines. */
  secret: Secret;
}

/** How the value of a setting is written. */
export type Kind = keyof KindValues;

interface KindRules<V> {
  /** From the text of a flag or variable, or from JSON; BAD_REQUEST says what was expected. */
  read(raw: unknown): V;
  /** As people write it; `read` takes it back. */
  write(value: V): string;
  /** Stands for the value in help and documents. */
  readonly placeholder: string;
}

function bad(raw: unknown, wanted: string): LogwheelError {
  return new LogwheelError("BAD_REQUEST", `${JSON.stringify(raw)} is not ${wanted}`);
}

function text(raw: unknown): string {
  if (typeof raw === "string") return raw;
  throw bad(raw, "text");
}

function quantity(raw: unknown, parse: (text: string) => number): number {
  return parse(typeof raw === "number" ? String(raw) : text(raw));
}

function readNumber(raw: unknown): number {
  const value = typeof raw === "string" && /^-?\d+$/.test(raw) ? Number(raw) : raw;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw bad(raw, "a whole number");
}

function readBoolean(raw: unknown): boolean {
  if (raw === true || raw === "true") return true;
  if (raw === false || raw === "false") return false;
  throw bad(raw, "true or false");
}

function readAddress(raw: unknown): string {
  return formatAddress(parseAddress(text(raw)));
}

function readAddresses(raw: unknown): readonly string[] {
  const parts = (Array.isArray(raw) ? raw : [raw]).flatMap((part) => text(part).split(","));
  return [...new Set(parts.map((part) => readAddress(part.trim())))];
}

function readDurations(raw: unknown): readonly number[] {
  const parts = Array.isArray(raw) ? raw : text(raw).split(/[ ,]+/);
  return parts.filter((part) => part !== "").map((part) => quantity(part, parseDuration));
}

function readOffsets(raw: unknown): OffsetRange {
  const [, from, to] = /^(\d{1,16})-(\d{1,16})$/.exec(text(raw)) ?? [];
  const range = { from: Number(from), to: Number(to) };
  if (range.to > range.from) return range;
  throw bad(raw, "a range of log offsets such as 4096-8192");
}

function readSecret(raw: unknown): Secret {
  if (typeof raw === "string" && raw !== "") return new Secret(raw);
  throw new LogwheelError("BAD_REQUEST", "it is no text, or empty");
}

/** How each kind is read and written. */
export const KINDS: { readonly [K in Kind]: KindRules<KindValues[K]> } = {
  string: { read: text, write: (value) => value, placeholder: "TEXT" },
  number: { read: readNumber, write: String, placeholder: "N" },
  bytes: { read: (raw) => quantity(raw, parseBytes), write: formatBytes, placeholder: "SIZE" },
  duration: { read: (raw) => quantity(raw, parseDuration), write: formatDuration, placeholder: "DURATION" },
  durations: {
    read: readDurations,
    write: (value) => value.map(formatDuration).join(","),
    placeholder: "DURATION,…",
  },
  boolean: { read: readBoolean, write: String, placeholder: "true|false" },
  choice: { read: text, write: (value) => value, placeholder: "WORD" },
  address: { read: readAddress, write: (value) => value, placeholder: "HOST:PORT" },
  addresses: { read: readAddresses, write: (value) => value.join(","), placeholder: "HOST:PORT,…" },
  offsets: { read: readOffsets, write: ({ from, to }) => `${from}-${to}`, placeholder: "FROM-TO" },
  secret: { read: readSecret, write: String, placeholder: "TEXT" },
};
