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
  const { broker, queueId, offset, attempt, generation, keyHash, untilMs } = receipt;
  const parts = [VERSION, queueId, offset, attempt, generation, keyHash, untilMs, broker];
  return sealText(parts.join(SEPARATOR));
}

/** What a receipt handle says; undefined if it is none of ours, or not as it was. */
export function readReceipt(handle: string): Receipt | undefined {
  const [version, ...rest] = openText(handle)?.split(SEPARATOR) ?? [];
  const numbers = rest.splice(0, 6).map(Number);
  const broker = rest.join(SEPARATOR);
  if (version !== VERSION || broker === "" || !numbers.every(Number.isSafeInteger)) return undefined;
  const [queueId, offset, attempt, generation, keyHash, untilMs] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const receipt = { broker, queueId, offset, attempt, generation, keyHash, untilMs };
  return writeReceipt(receipt) === handle ? receipt : undefined;
}

/** The delivery that a receipt is of has ended. */
export function expired({ offset, queueId }: Receipt): LogwheelError {
  return new LogwheelError(
    "LEASE_EXPIRED",
    `receipt handle is expired: the message at offset ${offset} of queue ${queueId} is not this client's any more`,
  );
}
