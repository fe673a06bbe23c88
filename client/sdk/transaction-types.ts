import type { Topic } from "./topic.js";
import type { CallOptions, Closable, Message, OutMessage, ProducerOptions, SendReceipt } from "./types.js";

/** How a transaction ended, as far as is known. */
export type TxOutcome = "commit" | "rollback" | "unknown";

/** Names a transaction. */
export interface TxContext {
  /** The same as `messageId` of its first message; keep it with what the local transaction writes. */
  readonly transactionId: string;
  readonly messageId: string;
  /** Aborts when the answer no longer counts. */
  readonly signal: AbortSignal;
}

/** How transactions are sent. */
export interface TransactionalOptions<T> extends ProducerOptions {
  /** Producer group: any of its live members may be asked how a transaction ended. */
  readonly group: string;
  /** All topics of its transactions: their brokers are connected to for questions. */
  readonly topics: readonly Topic<T>[];
  /** Asked how a transaction ended that nobody has decided. Throwing means unknown: the broker asks again later. */
  check(
    message: Message<T>,
    context: TxContext & { readonly checkTimes: number },
  ): TxOutcome | Promise<TxOutcome>;
}

/** What became of a transaction of one message. */
export interface TxReceipt extends SendReceipt {
  /** Unknown: the check-back decides. */
  readonly outcome: TxOutcome;
  /** What the local transaction threw, or why it is not known whether the decision was stored. */
  readonly error?: unknown;
}

/** Sends messages that are delivered only if a local transaction was committed. */
export interface TransactionalProducer<T> extends Closable {
  /**
   * Stores the message, runs the local transaction, and decides by what it returns; nothing is commit. A local transaction that
   * throws is unknown, never rolled back: its own commit may have succeeded before the error. The checker decides then, and
   * also where the decision itself did not get through for certain. Rejects if the message was not stored, and with
   * TRANSACTION_CONFLICT or TRANSACTION_NOT_FOUND if somebody else has decided.
   */
  send(
    message: OutMessage<T>,
    // biome-ignore lint/suspicious/noConfusingVoidType: a local transaction may be an ordinary function without a return
    local: (context: TxContext) => TxOutcome | void | Promise<TxOutcome | void>,
    options?: CallOptions,
  ): Promise<TxReceipt>;
  /** Begins a transaction of several messages, on any topics of one broker: all are delivered or none. */
  begin(options?: CallOptions): Promise<Transaction<T>>;
}

/** Several messages that are delivered together or not at all. Disposed of without a decision, the check-back decides. */
export interface Transaction<T> extends AsyncDisposable {
  /** Empty before the first message. */
  readonly id: string;
  /** The first message chooses the broker; all others go there, too. */
  send(message: OutMessage<T>, options?: CallOptions): Promise<SendReceipt>;
  /** Repeating it changes nothing; after the contrary TRANSACTION_CONFLICT. */
  commit(options?: CallOptions): Promise<void>;
  rollback(options?: CallOptions): Promise<void>;
}
