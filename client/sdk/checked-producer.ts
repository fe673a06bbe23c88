import type { Question__Output } from "../../proto/gen/logwheel/v1/Question.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkGroupName } from "../../proto/kernel/limits.js";
import { DECISION } from "../../proto/kernel/publish-codec.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import { CheckLinks } from "./check-links.js";
import { foundMessage } from "./found-message.js";
import { MessageProducer, type ProducerDeps } from "./producer.js";
import { SeveralMessages } from "./transaction.js";
import type {
  Transaction,
  TransactionalOptions,
  TransactionalProducer,
  TxContext,
  TxOutcome,
  TxReceipt,
} from "./transaction-types.js";
import type { CallOptions, CloseOptions, Message, OutMessage, SendReceipt } from "./types.js";

/** Sends half messages and decides about them, and answers the brokers' questions about those that nobody decided. */
export class CheckedProducer<T> implements TransactionalProducer<T> {
  readonly #deps: ProducerDeps;
  readonly #options: TransactionalOptions<T>;
  readonly #producer: MessageProducer;
  readonly #links: CheckLinks;
  readonly #stop = new AbortController();

  constructor(deps: ProducerDeps, options: TransactionalOptions<T>) {
    checkGroupName(options.group);
    if (options.topics.length === 0)
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
  }

  get closed(): Promise<void> {
    return this.#producer.closed;
  }

  async send(
    message: OutMessage<T>,
    // biome-ignore lint/suspicious/noConfusingVoidType: as the interface says
    local: (context: TxContext) => TxOutcome | void | Promise<TxOutcome | void>,
    options?: CallOptions,
  ): Promise<TxReceipt> {
    const receipt = await this.half(message, null, options);
    const { messageId } = receipt;
    let outcome: TxOutcome;
    try {
      const signal = options?.signal ?? this.#stop.signal;
      outcome = (await local({ transactionId: messageId, messageId, signal })) ?? "commit";
    } catch (error) {
      this.#report(error, messageId, "a local transaction threw: whether it was committed is unknown");
      return { ...receiptOf(receipt), outcome: "unknown", error };
    }
    if (outcome !== "unknown") await this.decide(receipt, outcome === "commit", options);
    return { ...receiptOf(receipt), outcome };
  }

  async begin(): Promise<Transaction<T>> {
    return new SeveralMessages(this);
  }

  /** For transactions: a half that begins one, or joins the one of `first`. */
  half(message: OutMessage<T>, first: SendReceipt | null, options?: CallOptions): Promise<SendReceipt> {
    const { group, topics } = this.#options;
    const { topic } = message;
    if (!topics.some(({ name }) => name === topic.name))
      return Promise.reject(
        new LogwheelError(
          "BAD_REQUEST",
          `topic ${topic.name} is none of this transactional producer's: name it in \`topics\``,
        ),
      );
    const joins = first === null ? null : parseMessageId(first.messageId)!;
    const pinned = first === null ? message : { ...message, broker: first.broker };
    return this.#producer.sendHalf(pinned, { group, joins }, options);
  }

  /** For transactions: decides the one that began with `first`. */
  decide({ topic, broker, messageId }: SendReceipt, commit: boolean, options?: CallOptions): Promise<void> {
    return this.#producer.decide({ topic, broker, place: parseMessageId(messageId)! }, commit, options);
  }

  async close(options?: CloseOptions): Promise<void> {
    await this.#producer.close(options);
    this.#links.close();
    this.#stop.abort();
    this.#deps.onClosed(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
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

/** A plain copy: receipts make the text of their ids when asked. */
function receiptOf({ messageId, topic, broker, queueId, queueOffset, done }: SendReceipt): SendReceipt {
  return { messageId, topic, broker, queueId, queueOffset, done };
}
