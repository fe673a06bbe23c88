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
  const deferred = result.deferred.length === 0 ? null : new Set(result.deferred);
  const receipt = (send: PendingSend, at: number): Receipt =>
    receiptOf(settler.broker, send, at, result, epochs, deferred?.has(at) === true);
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
    if (send.rest === null) send.succeed(receipt(send, first));
    else send.succeed([send, ...send.rest].map((one, i) => receipt(one, first + i)));
    settler.stored(send, last.sequence, result.queueIds[first]!);
  }
}

function receiptOf(
  broker: string,
  send: PendingSend,
  at: number,
  result: PublishResult,
  epochs: ReadonlyMap<number, number> | null,
  deferred: boolean,
): Receipt {
  const kept = send.half ? "half" : "delayed";
  return new Receipt(
    send.topic,
    broker,
    result.queueIds[at]!,
    result.queueOffsets[at]!,
    epochs?.get(at) ?? result.epoch,
    result.logOffsets[at]!,
    result.flushed,
    deferred ? kept : "queue",
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
