import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { onAbort } from "./abort.js";
import type { CallOptions } from "./types.js";

/** Throws ABORTED if the signal has aborted; `what` names the call. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw aborted(signal, what);
}

/** The error of a call that its caller's signal ended before anything was sent. */
export function aborted(signal: AbortSignal, what: string): LogwheelError {
  return new LogwheelError("ABORTED", `${what} was aborted`, { sent: "no", cause: signal.reason });
}

/**
 * The promise's own outcome, or ABORTED or TIMEOUT if `options` end the wait before. The work behind the promise goes
 * on; what becomes of it is nobody's business any more.
 */
export function bounded<T>(
  promise: Promise<T>,
  options: CallOptions | undefined,
  clock: Clock,
  what: string,
): Promise<T> {
  const { signal, timeoutMs } = options ?? {};
  if (signal === undefined && timeoutMs === undefined) return promise;
  return new Promise((resolve, reject) => {
    const free = onEnd(signal, timeoutMs, clock, what, reject);
    promise.then(
      (value) => {
        free();
        resolve(value);
      },
      (thrown: unknown) => {
        free();
        reject(thrown);
      },
    );
  });
}

/** Calls `end` once if the signal aborts or the time is over; the returned function takes that back. */
export function onEnd(
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  clock: Clock,
  what: string,
  end: (error: LogwheelError) => void,
): () => void {
  if (signal?.aborted) {
    end(aborted(signal, what));
    return () => {};
  }
  const cancelTimer =
    timeoutMs === undefined
      ? undefined
      : clock.after(timeoutMs, () => {
          ignoreSignal?.();
          end(new LogwheelError("TIMEOUT", `${what} took longer than ${timeoutMs} ms`, { sent: "no" }));
        });
  const ignoreSignal =
    signal &&
    onAbort(signal, () => {
      cancelTimer?.();
      end(aborted(signal, what));
    });
  return () => {
    cancelTimer?.();
    ignoreSignal?.();
  };
}
