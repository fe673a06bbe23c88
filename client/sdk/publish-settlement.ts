import { LogwheelError } from "../../proto/kernel/errors.js";
import type { PublishResult } from "../../proto/kernel/publish-reply.js";
import type { Frame } from "./frame-queue.js";
import type { PendingSend } from "./pending-send.js";
import { Receipt } from "./receipt.js";

/** Who is told what became of each message of a frame. */
export interface Settler {
  readonly broker: string;
  /** Stored, up to sequence `last` with its batch; the caller has its receipt. */
  stored(send: PendingSend, last: number, queueId: number): void;
  refused(send: PendingSend, error: LogwheelError): void;
}

/** Hands out the receipts and refusals of an answered frame. */
export function settleFrame(settler: Settler, frame: Frame, result: PublishResult): void {
  const { logOffsets } = result;
  const epochs =
    result.oldEpochs.length === 0 ? null : new Map(result.oldEpochs.map((old) => [old.index, old.epoch]));
  const errors =
    result.refusals.length === 0 ? null : new Map(result.refusals.map((no) => [no.index, no.error]));
  let at = 0;
  for (const send of frame.sends) {
    const first = at;
    at += send.size;
    if (send.released && send.lane === null) continue;
    if (logOffsets[first] === 0) {
      settler.refused(send, refusal(errors, first, at));
      continue;
    }
    const last = send.rest?.at(-1) ?? send;
    if (send.rest === null) send.succeed(receiptOf(settler.broker, send, first, result, epochs));
    else
      send.succeed(
        [send, ...send.rest].map((one, i) => receiptOf(settler.broker, one, first + i, result, epochs)),
      );
    settler.stored(send, last.sequence, result.queueIds[first]!);
  }
}

function receiptOf(
  broker: string,
  send: PendingSend,
  at: number,
  result: PublishResult,
  epochs: ReadonlyMap<number, number> | null,
): Receipt {
  return new Receipt(
    send.topic,
    broker,
    result.queueIds[at]!,
    result.queueOffsets[at]!,
    epochs?.get(at) ?? result.epoch,
    result.logOffsets[at]!,
    result.flushed,
  );
}

/** Why the message, or one of its batch, was not stored. */
function refusal(
  errors: ReadonlyMap<number, LogwheelError> | null,
  first: number,
  end: number,
): LogwheelError {
  for (let at = first; at < end; at++) {
    const error = errors?.get(at);
    if (error !== undefined) return error;
  }
  return new LogwheelError("PROTOCOL", "the broker refused a message without a reason", { sent: "maybe" });
}
