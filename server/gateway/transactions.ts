import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { EndTransactionRequest__Output } from "../../proto/gen/apache/rocketmq/v2/EndTransactionRequest.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import { TransactionResolution } from "../../proto/gen/apache/rocketmq/v2/TransactionResolution.js";
import type { Message__Output as NativeMessage } from "../../proto/gen/logwheel/v1/Message.js";
import type { Question__Output } from "../../proto/gen/logwheel/v1/Question.js";
import { CheckLink } from "../../proto/kernel/check-link.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import type { BrokerChannels } from "./brokers.js";
import type { GatewayClient, GatewayClients } from "./clients.js";
import { deliveredMessage } from "./message-out.js";
import { nameOf, topicRefusal } from "./names.js";
import { OK, refusal, statusOf } from "./status.js";
import type { TopicRoutes } from "./topic-routes.js";

const { COMMIT, ROLLBACK } = TransactionResolution;
const SETTLE_MS = 10_000;
const HEARD_EVERY_MS = 10_000;

/** Producers of a topic are asked as members of a group of its name: RocketMQ 5 knows no groups of producers. */
export function producerGroup(topic: string): string {
  return topic;
}

/** What transactions stand on. */
export interface TransactionsDeps {
  readonly routes: TopicRoutes;
  readonly brokers: BrokerChannels;
  readonly clients: GatewayClients;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly host: string;
}

/** A producer's topic, as it names it and as it is called here. */
interface Asked {
  readonly client: GatewayClient;
  readonly namespace: string;
}

/** Carries out what producers decide, and asks them about transactions that nobody decided. */
export class Transactions {
  readonly #deps: TransactionsDeps;
  /** Links by topic and broker. */
  readonly #links = new Map<string, Map<string, CheckLink>>();
  /** Who may be asked about a topic's transactions, the one that was asked longest ago first. */
  readonly #producers = new Map<string, Asked[]>();
  #cancel: () => void = () => {};

  constructor(deps: TransactionsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#cancel = this.#deps.clock.after(HEARD_EVERY_MS, () => {
      for (const topic of this.#producers.keys()) void this.#follow(topic);
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
    for (const links of this.#links.values()) for (const link of links.values()) link.close();
    this.#links.clear();
    this.#producers.clear();
  }

  /** A producer has told its topics, or tells them again: it is asked about their transactions from now on. */
  joined(client: GatewayClient, namespace: string): void {
    const topics = new Set(
      (client.settings?.publishing?.topics ?? []).map((resource) => nameOf(resource, namespace)),
    );
    this.left(client, topics);
    for (const topic of topics) {
      const known = this.#producers.get(topic) ?? [];
      if (!known.some((each) => each.client.id === client.id)) known.push({ client, namespace });
      this.#producers.set(topic, known);
      void this.#follow(topic);
    }
  }

  /** The client is not asked any more, but about what it keeps. */
  left(client: GatewayClient, keeps: ReadonlySet<string> = new Set()): void {
    for (const [topic, asked] of this.#producers) {
      if (keeps.has(topic)) continue;
      const left = asked.filter((each) => each.client.id !== client.id);
      if (left.length === asked.length) continue;
      if (left.length > 0) this.#producers.set(topic, left);
      else {
        this.#producers.delete(topic);
        for (const link of this.#links.get(topic)?.values() ?? []) link.close();
        this.#links.delete(topic);
      }
    }
  }

  async end(request: EndTransactionRequest__Output, namespace: string): Promise<Status> {
    const { transactionId, messageId, resolution } = request;
    const topic = nameOf(request.topic, namespace);
    const wrong = topicRefusal(topic);
    if (wrong !== undefined) return wrong;
    if (transactionId.trim() === "")
      return refusal(Code.INVALID_TRANSACTION_ID, "the call names no transaction");
    const place = parseMessageId(transactionId) ?? parseMessageId(messageId);
    if (place === undefined)
      return refusal(Code.INVALID_TRANSACTION_ID, `${transactionId} is no transaction of this cluster`);
    // Not known yet: it is asked about again.
    if (resolution !== COMMIT && resolution !== ROLLBACK) return OK;
    try {
      const shares = await this.#deps.routes.of(topic);
      const share = shares.find(({ broker }) => broker === place.broker);
      if (share === undefined)
        return refusal(
          Code.INVALID_TRANSACTION_ID,
          `no broker has transaction ${transactionId} of topic ${topic}`,
        );
      const settle = { transactionId, topic, decision: resolution } as const;
      await this.#deps.brokers.at(share.address).unary(BROKER.settle, settle, { timeoutMs: SETTLE_MS });
      return OK;
    } catch (thrown) {
      return statusOf(LogwheelError.from(thrown));
    }
  }

  /** Keeps a link to every broker that has the topic, as long as somebody here can be asked. */
  async #follow(topic: string): Promise<void> {
    let shares: Awaited<ReturnType<TopicRoutes["of"]>>;
    try {
      shares = await this.#deps.routes.of(topic);
    } catch (thrown) {
      this.#deps.logger.warn({ topic, error: String(thrown) }, "the brokers of a topic are not known now");
      return;
    }
    if (!this.#producers.has(topic)) return;
    const links = this.#links.get(topic) ?? new Map<string, CheckLink>();
    this.#links.set(topic, links);
    for (const [broker, link] of links)
      if (!shares.some((share) => share.broker === broker)) {
        links.delete(broker);
        link.close();
      }
    for (const { broker } of shares) if (!links.has(broker)) links.set(broker, this.#link(topic, broker));
  }

  #link(topic: string, broker: string): CheckLink {
    const { routes, brokers, clock, random, host, logger } = this.#deps;
    let address: string | undefined;
    const find = async (): Promise<void> => {
      address = (await routes.of(topic)).find((share) => share.broker === broker)?.address;
    };
    void find().catch(() => {});
    return new CheckLink({
      broker,
      group: producerGroup(topic),
      host,
      clock,
      random,
      open: () => {
        if (address === undefined) {
          void find().catch(() => {});
          throw new LogwheelError("BROKER_UNAVAILABLE", `broker ${broker} is not in the routes`);
        }
        return { stream: brokers.open(address, BROKER.check) };
      },
      // No answer comes over the link: the producer ends the transaction by a call of its own.
      asked: (question) => this.#ask(topic, broker, question),
      broken: (error) => {
        logger.debug({ broker, topic, code: error.code }, error.message);
        // It may be elsewhere when it comes back.
        void find().catch(() => {});
      },
    });
  }

  #ask(topic: string, broker: string, { transactionId, record }: Question__Output): void {
    const asked = this.#producers.get(topic)?.find(({ client }) => client.tell !== undefined);
    if (asked === undefined || record?.message == null) return;
    const all = this.#producers.get(topic)!;
    all.push(...all.splice(all.indexOf(asked), 1));
    const resource = asked.client.settings?.publishing?.topics.find(
      (each) => nameOf(each, asked.namespace) === topic,
    );
    asked.client.tell!({
      recoverOrphanedTransactionCommand: {
        transactionId,
        message: deliveredMessage({
          message: record.message as NativeMessage,
          id: transactionId,
          topic: resource ?? { name: topic },
          broker,
          queueId: record.queueId,
          queueOffset: 0,
          storedAtMs: record.storedAtMs,
          attempt: 1,
        }),
      },
    });
  }
}
