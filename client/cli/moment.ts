import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseDuration } from "../../proto/kernel/quantity.js";

/** A time as people write it: RFC 3339, or before now as in `-1h`. BAD_REQUEST for anything else. */
export function parseMoment(text: string, nowMs: number): Date {
  if (/^-\d/.test(text)) return new Date(nowMs - parseDuration(text.slice(1)));
  const moment = new Date(text);
  const [, day] = /^(\d{4}-\d\d-\d\d)($|[T ])/i.exec(text) ?? [];
  if (day !== undefined && isDay(day) && !Number.isNaN(moment.getTime())) return moment;
  throw new LogwheelError(
    "BAD_REQUEST",
    `${JSON.stringify(text)} is not a time such as 2026-11-21T09:30:00Z or -1h`,
  );
}

/** Whether the calendar has it: `Date` takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** A place in a queue as people write it. */
export type Place = "earliest" | "latest" | { readonly offset: number } | { readonly timestamp: Date };

/** Reads `earliest`, `latest`, an offset, or a time. BAD_REQUEST for anything else. */
export function parsePlace(text: string, nowMs: number): Place {
  if (text === "earliest" || text === "latest") return text;
  if (/^\d{1,16}$/.test(text)) return { offset: Number(text) };
  if (/^-?\d/.test(text)) return { timestamp: parseMoment(text, nowMs) };
  throw new LogwheelError(
    "BAD_REQUEST",
    `${JSON.stringify(text)} is not earliest, latest, an offset, or a time such as 2026-11-21T09:30:00Z or -1h`,
  );
}
