import type { Question__Output } from "../../proto/gen/logwheel/v1/Question.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkGroupName } from "../../proto/kernel/limits.js";
import { DECISION } from "../../proto/kernel/publish-codec.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import { checkCallable } from "./callable.js";
import { CheckLinks } from "./check-links.js";
import { Closing } from "./closing.js";
import { isPromise } from "./decoding.js";
import { foundMessage } from "./found-message.js";
import { MessageProducer, type ProducerDeps } from "./producer.js";
import type { Receipt } from "./receipt.js";
import { SeveralMessages } from "./transaction.js";
import type {
  Transaction,
  TransactionalOptions,
  TransactionalProducer,
  TxContext,
  TxOutcome,
  TxReceipt,
} from "./transaction-types.js";
import type { CallOptions, CloseOptions, Message, OutMessage } from "./types.js";

/** Sends half messages and decides about them, and answers the brokers' questions about those that nobody decided. */
export class CheckedProducer<T> implements TransactionalProducer<T> {
  readonly #deps: ProducerDeps;
  readonly #options: TransactionalOptions<T>;
  readonly #producer: MessageProducer;
  readonly #links: CheckLinks;
  readonly #stop = new AbortController();
  readonly #closing: Closing;
  /** Transactions of one message that are under way: closing waits for them. */
  #running = 0;
  #onIdle: (() => void) | undefined;

  constructor(deps: ProducerDeps, options: TransactionalOptions<T>) {
    checkGroupName(options.group);
    checkCallable("check", options.check);
    if (!Array.isArray(options.topics) || options.topics.length === 0)
      throw new LogwheelError("BAD_REQUEST", "a transactional producer needs the topics of its transactions");
    this.#deps = deps;
    this.#options = options;
    this.#producer = new MessageProducer({ ...deps, onClosed: () => {} }, options);
    this.#links = new CheckLinks(
      {
        ...deps,
        group: options.group,
        asked: (question, answer) => this.#asked(question, answer),
        broken: (error) =>
          deps.logger.debug({ code: error.code }, "a broker cannot ask about transactions now"),
      },
      options.topics.map(({ name }) => name),
    );
    this.#closing = new Closing(deps.clock, { drain: () => this.#drain(), end: () => this.#end() });
  }

  get closed(): Promise<void> {
    return this.#closing.closed;
  }

  /** One promise and one object of a caller's transaction: at high rates there are thousands of them at a time. */
  async send(
    message: OutMessage<T>,
    // biome-ignore lint/suspicious/noConfusingVoidType: as the interface says
    local: (context: TxContext) => TxOutcome | void | Promise<TxOutcome | void>,
    options?: CallOptions,
  ): Promise<TxReceipt> {
    checkCallable("the local transaction", local);
    this.#running++;
    let outcome: TxOutcome | undefined;
    try {
      const half = await this.half(message, null, options);
      const { messageId } = half;
      try {
        const signal = options?.signal ?? this.#stop.signal;
        const ended = local({ transactionId: messageId, messageId, signal });
        outcome = checkedOutcome(isPromise(ended) ? await ended : ended);
        if (outcome !== "unknown") await this.decide(half, outcome === "commit", options);
        return receiptOf(half, messageId, outcome);
      } catch (error) {
        if (outcome !== undefined && isFinal(error)) throw error;
        this.#report(error, messageId, doubt(outcome));
        return { ...receiptOf(half, messageId, "unknown"), error };
      }
    } finally {
      if (--this.#running === 0) this.#onIdle?.();
    }
  }

  async begin(): Promise<Transaction<T>> {
    this.#throwIfClosed();
    return new SeveralMessages(this);
  }

  /** For transactions: a half that begins one, or joins the one of `first`. */
  half(message: OutMessage<T>, first: Receipt | null, options?: CallOptions): Promise<Receipt> {
    const { group, topics } = this.#options;
    const { topic } = message;
    if (this.#closing.begun) return Promise.reject(closedError());
    if (!topics.some(({ name }) => name === topic.name))
      return Promise.reject(
        new LogwheelError(
          "BAD_REQUEST",
          `topic ${topic.name} is none of this transactional producer's: name it in \`topics\``,
        ),
      );
    const joins = first?.place ?? null;
    const pinned = first === null ? message : { ...message, broker: first.broker };
    return this.#producer.sendHalf(pinned, { group, joins }, options);
  }

  /** For transactions: decides the one that began with `first`. */
  decide(first: Receipt, commit: boolean, options?: CallOptions): Promise<unknown> {
    return this.#producer.decide(first, commit, options);
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#closing.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await this.#producer.flush();
  }

  async #end(): Promise<void> {
    await this.#producer.close({ drain: false });
    this.#links.close();
    this.#stop.abort();
    this.#deps.onClosed(this);
  }

  #throwIfClosed(): void {
    if (this.#closing.begun) throw closedError();
  }

  /** Never throws: an answer that does not come is asked for again. */
  #asked(question: Question__Output, answer: (decision: number) => void): void {
    this.#check(question).then(
      (outcome) =>
        answer(
          outcome === "commit" ? DECISION.commit : outcome === "rollback" ? DECISION.rollback : DECISION.none,
        ),
      (error: unknown) => {
        this.#report(error, question.transactionId, "a checker threw: the broker asks again later");
        answer(DECISION.none);
      },
    );
  }

  async #check({ transactionId, topic: name, times, record }: Question__Output): Promise<TxOutcome> {
    const topic = this.#options.topics.find((each) => each.name === name);
    const broker = parseMessageId(transactionId)?.broker;
    if (topic === undefined || broker === undefined || record === null) return "unknown";
    const found = foundMessage(broker, name, record);
    const message: Message<T> = { ...found, body: await topic.codec.decode(found.raw) };
    const { signal } = this.#stop;
    return this.#options.check(message, {
      transactionId,
      messageId: transactionId,
      checkTimes: times,
      signal,
    });
  }

  #report(thrown: unknown, transactionId: string, what: string): void {
    const { logger, status } = this.#deps;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    logger.warn({ group: this.#options.group, transactionId, error: why }, what);
    const error = new LogwheelError("INTERNAL", `${what} (${transactionId}): ${why}`, { cause: thrown });
    status.emit({ type: "error", error });
  }
}

/** Nothing is commit; what is none of the outcomes says nothing about the local transaction. */
function checkedOutcome(outcome: unknown): TxOutcome {
  if (outcome === undefined) return "commit";
  if (outcome === "commit" || outcome === "rollback" || outcome === "unknown") return outcome;
  throw new LogwheelError(
    "BAD_REQUEST",
    `a local transaction returned ${JSON.stringify(outcome)}: it returns "commit", "rollback", "unknown" or nothing`,
  );
}

/** The transaction was decided otherwise, or is gone: asking about it cannot mend that. */
function isFinal(thrown: unknown): boolean {
  return (
    LogwheelError.is(thrown, "TRANSACTION_CONFLICT") || LogwheelError.is(thrown, "TRANSACTION_NOT_FOUND")
  );
}

function closedError(): LogwheelError {
  return new LogwheelError("CLOSED", "the transactional producer is closed: make a new one");
}

/** What is in doubt after an error: the local transaction, or whether what it returned is stored. */
function doubt(outcome: TxOutcome | undefined): string {
  return outcome === undefined
    ? "a local transaction threw: whether it was committed is unknown"
    : `whether a ${outcome} was stored is unknown: the broker will ask`;
}

/** A plain copy: receipts make the text of their ids when asked. */
function receiptOf(half: Receipt, messageId: string, outcome: TxOutcome): TxReceipt {
  const { topic, broker, queueId, queueOffset, done } = half;
  return { messageId, topic, broker, queueId, queueOffset, done, outcome };
}
