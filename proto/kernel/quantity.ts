import { LogwheelError } from "./errors.js";

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const DURATIONS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Bytes from a size as people write it: `65536`, `64KiB`, `1.5GiB`. BAD_REQUEST for anything else. */
export function parseBytes(text: string): number {
  return parse(text, BYTES, "a size such as 65536, 64KiB, 256MiB or 1GiB");
}

/** Milliseconds from a duration as people write it: `500` and `500ms`, `3s`, `5m`, `2h`, `3d`. BAD_REQUEST otherwise. */
export function parseDuration(text: string): number {
  return parse(text, DURATIONS, "a duration such as 500ms, 3s, 5m, 2h or 3d");
}

/** The shortest exact way to write a size; `parseBytes` reads it back. */
export function formatBytes(bytes: number): string {
  return format(bytes, BYTES, "B");
}

/** The shortest exact way to write a duration in milliseconds; `parseDuration` reads it back. */
export function formatDuration(ms: number): string {
  return format(ms, DURATIONS, "ms");
}

/** A duration in milliseconds for people, in its largest unit and rounded up to a tenth of it. */
export function roughDuration(ms: number): string {
  const [unit, factor] = Object.entries(DURATIONS).findLast(([, each]) => ms >= each) ?? ["ms", 1];
  return `${Math.ceil((10 * ms) / factor) / 10}${unit}`;
}

/** A number of things for people: `1 member`, `3 members`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function parse(text: string, units: Readonly<Record<string, number>>, wanted: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const factor = unit === "" ? 1 : Object.entries(units).find(([name]) => same(name, unit))?.[1];
  const value = Number(digits) * (factor ?? Number.NaN);
  if (Number.isSafeInteger(value)) return value;
  throw new LogwheelError("BAD_REQUEST", `${JSON.stringify(text)} is not ${wanted}`);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function format(value: number, units: Readonly<Record<string, number>>, smallest: string): string {
  const fitting = Object.entries(units).filter(([, factor]) => value >= factor && value % factor === 0);
  const [unit, factor] = fitting.at(-1) ?? [smallest, 1];
  return `${value / factor}${unit}`;
}
