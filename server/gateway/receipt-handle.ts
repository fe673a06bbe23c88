import { LogwheelError } from "../../proto/kernel/errors.js";
import { openText, sealText } from "./sealed-text.js";

/** What a receipt says of the delivery that it belongs to. */
export interface Receipt {
  readonly broker: string;
  readonly queueId: number;
  readonly offset: number;
  readonly attempt: number;
  /** Of the queue when it was delivered. */
  readonly generation: number;
  readonly keyHash: number;
  /** When the message is visible again, by the wall clock: a guess where the gateway lengthens that. */
  readonly untilMs: number;
}

const VERSION = "1";
const SEPARATOR = " ";

/** A receipt as clients keep it: it holds over restarts, as long as the message is not acknowledged. */
export function writeReceipt(receipt: Receipt): string {
  return sealText(textOf(receipt));
}

/** What a receipt handle says; undefined if it is none of ours, or not as it was. */
export function readReceipt(handle: string): Receipt | undefined {
  const text = openText(handle);
  if (text === undefined || !text.startsWith(VERSION + SEPARATOR)) return undefined;
  let at = VERSION.length + SEPARATOR.length;
  const number = (): number => {
    const end = text.indexOf(SEPARATOR, at);
    if (end < 0) return Number.NaN;
    const value = Number(text.slice(at, end));
    at = end + SEPARATOR.length;
    return Number.isSafeInteger(value) ? value : Number.NaN;
  };
  const receipt = {
    queueId: number(),
    offset: number(),
    attempt: number(),
    generation: number(),
    keyHash: number(),
    untilMs: number(),
    broker: text.slice(at),
  };
  // A number that is none, or not written as we write it, makes another text.
  return receipt.broker !== "" && textOf(receipt) === text && isWhole(receipt) ? receipt : undefined;
}

function textOf({ broker, queueId, offset, attempt, generation, keyHash, untilMs }: Receipt): string {
  return `${VERSION} ${queueId} ${offset} ${attempt} ${generation} ${keyHash} ${untilMs} ${broker}`;
}

function isWhole({ queueId, offset, attempt, generation, keyHash, untilMs }: Receipt): boolean {
  return !Number.isNaN(queueId + offset + attempt + generation + keyHash + untilMs);
}

/** The delivery that a receipt is of has ended. */
export function expired({ offset, queueId }: Receipt): LogwheelError {
  return new LogwheelError(
    "LEASE_EXPIRED",
    `receipt handle is expired: the message at offset ${offset} of queue ${queueId} is not this client's any more`,
  );
}
