import { expect } from "chai";
import { Producer } from "rocketmq-client-nodejs";
import type { RocketmqCluster } from "./rocketmq-cluster.js";
import { RocketmqProcess } from "./rocketmq-process.js";
import { until } from "./until.js";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const SENDERS = 32;

/** What RocketMQ's clients for Node want to know of a broker. */
export function common(
  cluster: RocketmqCluster,
  name = "a",
): { endpoints: string; namespace: string; logger: typeof silent } {
  return { endpoints: cluster.address(name), namespace: "", logger: silent };
}

/** Options of a load. */
export interface LoadOptions {
  readonly topic: string;
  readonly group: string;
  readonly messages: number;
  /** The broker is killed when so many messages were sent, each time. */
  readonly killsAt: readonly number[];
  readonly boundMs: number;
}

/**
 * A producer sends, each message until it is acknowledged, and a push consumer in another process receives, while the broker
 * is killed and comes back. Throws if a message is lost; resolves to how often the listener was called.
 */
export async function loadThroughKills(cluster: RocketmqCluster, options: LoadOptions): Promise<number> {
  const { topic, group, messages, killsAt, boundMs } = options;
  const orders = { role: "consumer", endpoints: cluster.address(), topic, group } as const;
  const consumer = new RocketmqProcess(orders, cluster.folder);
  const producer = new Producer(common(cluster));
  await producer.startup();
  let next = 0;
  let sent = 0;
  const sendSome = async (): Promise<void> => {
    while (next < messages) {
      const body = Buffer.from(`${next++}`);
      await until(
        `message ${body} was sent`,
        () => producer.send({ topic, body }).catch(() => undefined),
        boundMs,
      );
      sent++;
    }
  };
  const senders = Promise.all(Array.from({ length: SENDERS }, sendSome));
  for (const at of killsAt) {
    await until(`${at} were sent`, () => sent >= at, boundMs);
    expect(sent).to.be.lessThan(messages);
    await cluster.restart();
  }
  await senders;
  const { distinct } = consumer;
  await until("all came", () => consumer.failure !== "" || distinct.size === messages, boundMs).catch(
    () => {},
  );
  expect(consumer.failure).to.equal("");
  expect(distinct.size).to.equal(messages);
  await until(
    "all are acknowledged",
    async () => {
      const { queues } = await cluster.client.admin.groups.describe(group);
      return queues.length > 0 && queues.every(({ lag }) => lag === 0);
    },
    boundMs,
  );
  await producer.shutdown();
  await consumer.kill();
  return consumer.reports.length;
}
