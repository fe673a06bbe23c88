import { expect } from "chai";
import {
  ConsumeResult,
  type MessageView,
  Producer,
  PushConsumer,
  SimpleConsumer,
} from "rocketmq-client-nodejs";
import type { Client } from "../../client/index.js";
import { until } from "./until.js";

const GROUPS = 4;
const STEPS = 10;

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The topics and the group that the clients here work with. */
export async function makeClientTopics({ admin: { topics, groups } }: Client): Promise<void> {
  await topics.create("plain", { queues: 4, type: "normal" });
  await topics.create("order", { queues: 4, type: "ordered" });
  await topics.create("later", { queues: 2, type: "delay" });
  await topics.create("money", { queues: 2, type: "transaction" });
  await groups.create("in-order", { ordered: true });
}

/** Clients of RocketMQ for Node in this process: what they leave behind in it is taken back. */
export class RocketmqClients {
  /** Bodies of the halves that a `moneyProducer` was asked about. */
  readonly asked: string[] = [];
  readonly #endpoints: () => string;
  readonly #open: { shutdown(): Promise<void> }[] = [];
  readonly #timers = { setInterval: globalThis.setInterval, setTimeout: globalThis.setTimeout };
  readonly #home = process.env.HOME;
  readonly #begun: NodeJS.Timeout[] = [];

  /**
   * `endpoints` says where they connect unless they are told otherwise.
   *
   * Push consumers log to a file in the home folder, by intervals that nothing of theirs ends; clients whose server has died
   * try again by timeouts that they set anew for ever.
   */
  constructor(home: string, endpoints: () => string) {
    this.#endpoints = endpoints;
    process.env.HOME = home;
    for (const name of ["setInterval", "setTimeout"] as const) {
      const begin = this.#timers[name];
      const noted = (...args: Parameters<typeof setTimeout>) => {
        const timer = begin(...args);
        this.#begun.push(timer);
        return timer;
      };
      Object.assign(globalThis, { [name]: Object.assign(noted, begin) });
    }
  }

  producer(options: object = {}): Promise<Producer> {
    return this.#started(new Producer({ ...this.#common(), ...options }));
  }

  /** One that keeps what is asked of it, and commits. */
  moneyProducer(): Promise<Producer> {
    const check = async ({ body }: { readonly body: Buffer }) => {
      this.asked.push(body.toString());
      return 1;
    };
    return this.producer({ topic: "money", checker: { check } });
  }

  /** Sends a half of a transaction on `money`, and leaves it undecided. */
  async half(sender: Producer, body: string) {
    const transaction = sender.beginTransaction();
    await sender.send({ topic: "money", body: Buffer.from(body) }, transaction);
    return transaction;
  }

  simple(consumerGroup: string, topic: string, endpoints = this.#endpoints()): Promise<SimpleConsumer> {
    const subscriptions = new Map([[topic, "*"]]);
    const common = { ...this.#common(), endpoints };
    return this.#started(
      new SimpleConsumer({ ...common, consumerGroup, subscriptions, awaitDuration: 2_000 }),
    );
  }

  /** Handles the messages of a topic with these tags; `consume` says whether with success. */
  push(
    consumerGroup: string,
    topic: string,
    tags: string,
    consume: (view: MessageView) => boolean,
  ): Promise<PushConsumer> {
    const subscriptions = new Map([[topic, tags]]);
    const messageListener = {
      consume: async (view: MessageView) => (consume(view) ? ConsumeResult.SUCCESS : ConsumeResult.FAILURE),
    };
    return this.#started(
      new PushConsumer({ ...this.#common(), consumerGroup, subscriptions, messageListener }),
    );
  }

  /** Sends messages of several groups in turn, and expects each group's in its order at a push consumer. */
  async expectOrder(): Promise<void> {
    const sender = await this.producer();
    const seen: string[] = [];
    await this.push("in-order", "order", "*", ({ body }) => seen.push(body.toString()) > 0);
    for (let step = 0; step < STEPS; step++)
      for (let group = 0; group < GROUPS; group++)
        await sender.send({
          topic: "order",
          messageGroup: `g${group}`,
          body: Buffer.from(`${group}-${step}`),
        });
    await until("all came", () => seen.length >= STEPS * GROUPS, 60_000);
    for (let group = 0; group < GROUPS; group++)
      expect(seen.filter((body) => body.startsWith(`${group}-`))).to.deep.equal(
        Array.from({ length: STEPS }, (_, step) => `${group}-${step}`),
      );
  }

  #common() {
    return { endpoints: this.#endpoints(), namespace: "", logger: silent };
  }

  async #started<T extends { startup(): Promise<void>; shutdown(): Promise<void> }>(client: T): Promise<T> {
    await client.startup();
    this.#open.push(client);
    return client;
  }

  /** Stops all clients. Their servers have to be there still, and may stop then; `restore` comes last. */
  async shutdown(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((client) => client.shutdown().catch(() => {})));
  }

  restore(): void {
    Object.assign(globalThis, this.#timers);
    for (const timer of this.#begun) clearTimeout(timer);
    if (this.#home === undefined) delete process.env.HOME;
    else process.env.HOME = this.#home;
  }
}
