import { LogwheelError } from "../../proto/kernel/errors.js";
import { Outgoing } from "../sdk/outgoing.js";
import { topic } from "../sdk/topic.js";
import type { OutMessage } from "../sdk/types.js";

/** The property by which a message carries the id that its outbox gave it. */
export const OUTBOX_ID = "outbox-id";

const ID_LENGTH_MAX = 255;

/** The columns of a message in the outbox. */
export interface StoredMessage {
  readonly topic: string;
  readonly orderingKey: string | null;
  /** Everything else but the body, as JSON. */
  readonly attributes: string;
  readonly body: Buffer;
}

/** Checks as a producer would: what is wrong is better known before the transaction commits. */
const outgoing = new Outgoing(() => 0, "", false);

/**
 * A message as it is stored at `nowMs`, from which its delay counts. Throws BAD_REQUEST, MESSAGE_TOO_LARGE or CODEC for one
 * that no broker would take.
 */
export function storedMessage<T>(message: OutMessage<T>, id: string, nowMs: number): StoredMessage {
  checkId(id);
  const { topic: to, body: _, orderingKey, properties, delayMs, ...rest } = message;
  const carried = { ...properties, [OUTBOX_ID]: id };
  const { body, delayMs: wholeMs } = outgoing.one({ ...message, properties: carried });
  const due = wholeMs > 0 ? { deliverAt: dateAt(nowMs + wholeMs, delayMs) } : {};
  return {
    topic: to.name,
    orderingKey: orderingKey ?? null,
    attributes: JSON.stringify({ ...rest, ...due, properties: carried }, withDates),
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  };
}

/** The message that was stored. Throws CODEC if its attributes are not those that were stored. */
export function restoredMessage({
  topic: to,
  orderingKey,
  attributes,
  body,
}: StoredMessage): OutMessage<Uint8Array> {
  return {
    ...parsed(attributes),
    topic: topic(to),
    body,
    ...(orderingKey === null ? {} : { orderingKey }),
  };
}

/** Throws BAD_REQUEST unless `id` has 1 to 255 bytes. */
export function checkId(id: string): void {
  const bytes = typeof id === "string" ? Buffer.byteLength(id) : 0;
  if (bytes > 0 && bytes <= ID_LENGTH_MAX && !id.includes("\0")) return;
  throw new LogwheelError(
    "BAD_REQUEST",
    `the id ${JSON.stringify(id)} has to be a text of 1 to ${ID_LENGTH_MAX} bytes; take its hash if it is longer`,
  );
}

function dateAt(ms: number, delayMs: number | undefined): Date {
  const date = new Date(ms);
  if (!Number.isNaN(date.getTime())) return date;
  throw new LogwheelError("BAD_REQUEST", `delayMs: ${delayMs} leads to no time that there is`);
}

function parsed(attributes: string): object {
  try {
    return JSON.parse(attributes, toDates);
  } catch (thrown) {
    throw new LogwheelError("CODEC", "the attributes of the message in the outbox are not JSON any more", {
      cause: thrown,
    });
  }
}

/** A date has become a text before a replacer sees it: it is looked up where it came from. */
function withDates(this: Record<string, unknown>, name: string, value: unknown): unknown {
  const original = this[name];
  return original instanceof Date ? { $date: original.getTime() } : value;
}

function toDates(_name: string, value: unknown): unknown {
  const isDate = typeof value === "object" && value !== null && "$date" in value;
  return isDate ? new Date((value as { $date: number }).$date) : value;
}
