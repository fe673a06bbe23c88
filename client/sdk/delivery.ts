import { LogwheelError } from "../../proto/kernel/errors.js";
import { LEASE_MS_MAX } from "../../proto/kernel/limits.js";
import type { ReceivedMessage } from "./message.js";
import type { QueueFlow } from "./queue-flow.js";
import type { HandlerContext } from "./types.js";

/** One message in one handler, and the context that the handler gets. Its signal is made when somebody asks for it. */
export class Delivery<T = unknown> implements HandlerContext {
  readonly message: ReceivedMessage<T>;
  readonly flow: QueueFlow;
  readonly offset: number;
  /** Monotonic: when its time is over, and when its lease was last lengthened. */
  deadlineMs = 0;
  leasedMs: number;
  /** Its result is known, or was decided over the handler's head. */
  settled = false;
  /** That result is a failure. */
  failed = false;
  /** Called when the result no longer counts. */
  onLost: ((error: LogwheelError) => void) | null = null;
  #lost: LogwheelError | null = null;
  #controller: AbortController | null = null;

  constructor(message: ReceivedMessage<T>, flow: QueueFlow, offset: number, leasedMs: number) {
    this.message = message;
    this.flow = flow;
    this.offset = offset;
    this.leasedMs = leasedMs;
  }

  get attempt(): number {
    return this.message.attempt;
  }

  /** Of its encoded record: what it takes of the credit. */
  get bytes(): number {
    return this.message.bytes;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#lost !== null && !this.#controller.signal.aborted) this.#controller.abort(this.#lost);
    return this.#controller.signal;
  }

  /** Why the result no longer counts; null while it does. */
  get lost(): LogwheelError | null {
    return this.#lost;
  }

  extend(ms: number): Promise<void> {
    if (!(ms > 0 && ms <= LEASE_MS_MAX))
      return Promise.reject(
        new LogwheelError(
          "BAD_REQUEST",
          `a lease cannot end in ${ms} ms: above 0, and ${LEASE_MS_MAX} (12 hours) at most`,
        ),
      );
    if (this.#lost !== null) return Promise.reject(this.#lost);
    return this.flow.settler.extendLease(this as Delivery, Math.ceil(ms));
  }

  /** Says once that the result no longer counts. */
  lose(error: LogwheelError): void {
    if (this.#lost !== null) return;
    this.#lost = error;
    this.#controller?.abort(error);
    this.onLost?.(error);
  }
}
