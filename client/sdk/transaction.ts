import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Receipt } from "./receipt.js";
import type { Transaction } from "./transaction-types.js";
import type { CallOptions, OutMessage, SendReceipt } from "./types.js";

/** Who stores halves and decisions. */
export interface TransactionSender<T> {
  half(message: OutMessage<T>, first: Receipt | null, options?: CallOptions): Promise<Receipt>;
  decide(first: Receipt, commit: boolean, options?: CallOptions): Promise<unknown>;
}

/** A transaction of several messages. Its broker is chosen by the first one, which the others wait for. */
export class SeveralMessages<T> implements Transaction<T> {
  readonly #sender: TransactionSender<T>;
  #first: Promise<Receipt> | null = null;
  /** Sends that are under way: a decision waits for them. */
  readonly #sending = new Set<Promise<unknown>>();
  #begun: Receipt | null = null;
  #decision: "commit" | "rollback" | null = null;
  #failed = false;

  constructor(sender: TransactionSender<T>) {
    this.#sender = sender;
  }

  get id(): string {
    return this.#begun?.messageId ?? "";
  }

  send(message: OutMessage<T>, options?: CallOptions): Promise<SendReceipt> {
    if (this.#decision !== null)
      return Promise.reject(
        new LogwheelError("CLOSED", `the transaction was decided (${this.#decision}): begin another one`),
      );
    const sending =
      this.#first === null ? this.#begin(message, options) : this.#join(message, this.#first, options);
    this.#sending.add(sending);
    sending
      .catch(() => {
        this.#failed = true;
      })
      .finally(() => this.#sending.delete(sending));
    return sending;
  }

  commit(options?: CallOptions): Promise<void> {
    return this.#decide("commit", options);
  }

  rollback(options?: CallOptions): Promise<void> {
    return this.#decide("rollback", options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#sending);
  }

  #begin(message: OutMessage<T>, options: CallOptions | undefined): Promise<SendReceipt> {
    const first = this.#sender.half(message, null, options).then((receipt) => {
      this.#begun = receipt;
      return receipt;
    });
    this.#first = first;
    first.catch(() => {
      if (this.#first === first) this.#first = null;
    });
    return first;
  }

  async #join(
    message: OutMessage<T>,
    first: Promise<Receipt>,
    options: CallOptions | undefined,
  ): Promise<SendReceipt> {
    return this.#sender.half(message, await first, options);
  }

  async #decide(decision: "commit" | "rollback", options: CallOptions | undefined): Promise<void> {
    const first = this.#decision === null;
    this.#decision ??= decision;
    await Promise.allSettled(this.#sending);
    if (first && decision === "commit" && this.#failed) {
      this.#decision = null;
      throw new LogwheelError(
        "CONFLICT",
        "a message of the transaction was not stored for certain: it cannot be committed; roll it back and begin again",
      );
    }
    if (this.#begun !== null) await this.#sender.decide(this.#begun, decision === "commit", options);
  }
}
