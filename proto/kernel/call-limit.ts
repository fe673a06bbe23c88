import { aborted, timedOut } from "./call-errors.js";
import type { AnyMethod, CallOptions } from "./channel.js";
import type { Clock } from "./clock.js";
import type { LogwheelError } from "./errors.js";

/** Gives up a call when its signal aborts or its time is over; the result takes both back. */
export function limitCall(
  { clock, address, method }: { readonly clock: Clock; readonly address: string; readonly method: AnyMethod },
  { signal, timeoutMs }: CallOptions,
  give: (error: LogwheelError) => void,
): () => void {
  const cancel =
    timeoutMs === undefined
      ? nothing
      : clock.after(timeoutMs, () => give(timedOut(address, method, timeoutMs)));
  if (signal === undefined) return cancel;
  const abort = (): void => give(aborted(method, "maybe"));
  signal.addEventListener("abort", abort, { once: true });
  return () => {
    cancel();
    signal.removeEventListener("abort", abort);
  };
}

function nothing(): void {}
