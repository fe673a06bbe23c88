import type { OpenTransaction__Output } from "../../proto/gen/logwheel/v1/OpenTransaction.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import type { Admin, Listing, OpenTransaction, TransactionQuery } from "./admin-types.js";
import { type ClusterBrokers, goodAnswers } from "./cluster-brokers.js";
import { foundMessage } from "./found-message.js";
import { listing } from "./listing.js";
import type { CallOptions } from "./types.js";

/** The most that a broker lists at once. */
const LISTED_MAX = 1_024;

/** Transactions of a cluster that nobody has decided. */
export class TransactionAdmin implements NonNullable<Admin["transactions"]> {
  readonly #brokers: ClusterBrokers;

  constructor(brokers: ClusterBrokers) {
    this.#brokers = brokers;
  }

  list({
    topic = "",
    parked = false,
    max = LISTED_MAX,
    ...options
  }: TransactionQuery = {}): Listing<OpenTransaction> {
    return listing(async () => {
      const brokers = await this.#brokers.list(options);
      const request = { topic, parked, max: Math.min(max, LISTED_MAX) };
      const answers = await this.#brokers.ask(brokers, ADMIN.listTransactions, () => request, options);
      return goodAnswers(answers, "TOPIC_NOT_FOUND")
        .flatMap(({ broker, reply }) => reply.transactions.map((open) => show(broker, open)))
        .sort((a, b) => a.beganAt.getTime() - b.beganAt.getTime())
        .slice(0, max);
    });
  }

  async get(id: string, options: CallOptions = {}): Promise<OpenTransaction> {
    const broker = await this.#brokerOf(id, options);
    const { transactions } = await this.#brokers.call(broker, ADMIN.listTransactions, { id }, options);
    return show(broker.name, transactions[0]!);
  }

  async check(id: string, options: CallOptions = {}): Promise<{ readonly asked: string | undefined }> {
    const broker = await this.#brokerOf(id, options);
    const { asked } = await this.#brokers.call(broker, ADMIN.askTransaction, { id }, options);
    return { asked: asked || undefined };
  }

  commit(id: string, options: Parameters<Admin["transactions"]["commit"]>[1] = {}): Promise<OpenTransaction> {
    return this.#settle(id, true, options);
  }

  rollback(
    id: string,
    options: Parameters<Admin["transactions"]["commit"]>[1] = {},
  ): Promise<OpenTransaction> {
    return this.#settle(id, false, options);
  }

  async #settle(
    id: string,
    commit: boolean,
    { dryRun = false, by = "", ...options }: NonNullable<Parameters<Admin["transactions"]["commit"]>[1]>,
  ): Promise<OpenTransaction> {
    const broker = await this.#brokerOf(id, options);
    const request = { id, commit, by, dryRun };
    const { transaction } = await this.#brokers.call(broker, ADMIN.settleTransaction, request, options);
    if (transaction === null)
      throw new LogwheelError("PROTOCOL", `broker ${broker.name} does not say what it settled`);
    return show(broker.name, transaction);
  }

  #brokerOf(id: string, options: CallOptions): ReturnType<ClusterBrokers["find"]> {
    const place = parseMessageId(id);
    if (place !== undefined) return this.#brokers.find(place.broker, options);
    throw new LogwheelError(
      "BAD_REQUEST",
      `${JSON.stringify(id)} is no transaction id such as broker-a-1-4096: it is the message id of the first half`,
    );
  }
}

function show(broker: string, open: OpenTransaction__Output): OpenTransaction {
  const { id, topic, producerGroup, halves, timesAsked, parked, lastAsked, record } = open;
  return {
    id,
    broker,
    topic,
    producerGroup,
    messages: halves,
    beganAt: new Date(open.beganAtMs),
    timesAsked,
    lastAskedAt: open.lastAskedAtMs === 0 ? undefined : new Date(open.lastAskedAtMs),
    lastAsked: lastAsked || undefined,
    nextCheckAt: parked ? undefined : new Date(open.nextCheckAtMs),
    parked,
    first: record === null ? undefined : foundMessage(broker, topic, record),
  };
}
