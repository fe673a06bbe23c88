import type { ClusterClient } from "../../client/sdk/client.js";
import { topic } from "../../client/sdk/topic.js";
import type { Transaction, TransactionalProducer, TxOutcome } from "../../client/sdk/transaction-types.js";
import type { Message } from "../../client/sdk/types.js";
import type { Decision } from "../../proto/gen/logwheel/v1/Decision.js";
import type { OpenTransaction__Output } from "../../proto/gen/logwheel/v1/OpenTransaction.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import { BROKER } from "../../proto/kernel/contract.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import type { BrokerOptions } from "../../server/broker/broker.js";
import { MemoryCluster } from "./memory-cluster.js";

export const PAYMENTS = topic("payments");
export const MAILS = topic("mails");

const DECISIONS = { commit: 1, rollback: 2 } as const;

/** A cluster with two topics for transactions, a member that notes what is delivered, and a transactional producer. */
export class Shop {
  readonly cluster: MemoryCluster;
  readonly delivered: Message<Uint8Array>[] = [];
  /** What the checker is going to say, and what it was asked. */
  answer: (id: string) => TxOutcome | Promise<TxOutcome> = () => "unknown";
  readonly asked: { id: string; times: number }[] = [];
  client!: ClusterClient;
  producer!: TransactionalProducer<Uint8Array>;

  private constructor(cluster: MemoryCluster) {
    this.cluster = cluster;
  }

  /** `attributes` are those of the topic `payments`. */
  static async open(
    options: Partial<BrokerOptions> = {},
    attributes: Readonly<Record<string, string>> = {},
    seed = 1,
  ): Promise<Shop> {
    const shop = new Shop(await MemoryCluster.start(["a"], options, seed));
    await shop.#begin(attributes);
    return shop;
  }

  async #begin(attributes: Readonly<Record<string, string>>): Promise<void> {
    const { cluster } = this;
    this.client = await cluster.connect();
    const { topics } = this.client.admin;
    await cluster.advance(topics.create("payments", { queues: 2, type: "transaction", attributes }));
    await cluster.advance(topics.create("mails", { queues: 2, type: "transaction" }));
    const member = this.client.consume([PAYMENTS, MAILS], { group: "g", from: "earliest" }, (message) => {
      this.delivered.push(message);
    });
    await cluster.advance(member.start());
    this.producer = this.transactional(this.client);
    await cluster.clock.advance(50);
  }

  /** A producer of the group whose checker says what the test wants. */
  transactional(client: ClusterClient): TransactionalProducer<Uint8Array> {
    return client.transactional({
      group: "shop",
      topics: [PAYMENTS, MAILS],
      check: (_message, { transactionId: id, checkTimes: times }) => {
        this.asked.push({ id, times });
        return this.answer(id);
      },
    });
  }

  /** A transaction of one message. */
  send(text: string, outcome: TxOutcome): ReturnType<TransactionalProducer<Uint8Array>["send"]> {
    const { cluster, producer } = this;
    return cluster.advance(producer.send({ topic: PAYMENTS, body: Buffer.from(text) }, () => outcome));
  }

  /** An open transaction of messages: those on `payments` first, then those on `mails`. */
  async begin(payments: readonly string[], mails: readonly string[] = []): Promise<Transaction<Uint8Array>> {
    const transaction = await this.producer.begin();
    for (const text of payments)
      await this.cluster.advance(transaction.send({ topic: PAYMENTS, body: Buffer.from(text) }));
    for (const text of mails)
      await this.cluster.advance(transaction.send({ topic: MAILS, body: Buffer.from(text) }));
    return transaction;
  }

  /** What was delivered so far, in order of the texts. */
  get texts(): string[] {
    return this.delivered.map(({ body }) => Buffer.from(body).toString()).sort();
  }

  /** Transactions that the broker shows. */
  async open(): Promise<OpenTransaction__Output[]> {
    const connection = this.cluster.network.connect("a:10911");
    const { transactions } = await this.cluster.advance(connection.unary(ADMIN.listTransactions, {}, {}));
    connection.close();
    return transactions;
  }

  /** Decides past the SDK: "done", or the code of the refusal. Does not move the clock. */
  async settle(
    transactionId: string,
    decision: "commit" | "rollback" | number,
    name = "payments",
  ): Promise<string> {
    const connection = this.cluster.network.connect("a:10911");
    try {
      await connection.unary(
        BROKER.settle,
        { transactionId, topic: name, decision: decisionOf(decision) },
        {},
      );
      return "done";
    } catch (thrown) {
      return (thrown as LogwheelError).code;
    } finally {
      connection.close();
    }
  }

  /** Stores a half past the SDK; its id, or the code of the refusal. Does not move the clock. */
  async half(
    body: string,
    { name = "payments", joins = "", group = "shop", half = true, ...message }: HalfOptions = {},
  ): Promise<string> {
    const connection = this.cluster.network.connect("a:10911");
    try {
      const sent = { body: Buffer.from(body), producerGroup: group, ...message };
      const { receipt } = await connection.unary(
        BROKER.send,
        { topic: name, half, transactionId: joins, message: sent },
        {},
      );
      return receipt!.messageId;
    } catch (thrown) {
      return (thrown as LogwheelError).code;
    } finally {
      connection.close();
    }
  }

  /** The broker comes back with nothing in memory. */
  async restart(): Promise<void> {
    await this.cluster.stop("a");
    await this.cluster.startBroker("a");
    await this.cluster.clock.advance(2_000);
  }

  close(): Promise<void> {
    return this.cluster.close();
  }
}

function decisionOf(decision: keyof typeof DECISIONS | number): Decision {
  return (typeof decision === "number" ? decision : DECISIONS[decision]) as Decision;
}

/** What a half says besides its body. */
export interface HalfOptions {
  readonly name?: string;
  readonly joins?: string;
  readonly group?: string;
  /** It is one; true by default. */
  readonly half?: boolean;
  readonly delayMs?: number;
  readonly orderingKey?: string;
}
