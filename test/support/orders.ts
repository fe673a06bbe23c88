import type { ClusterClient } from "../../client/sdk/client.js";
import { topic } from "../../client/sdk/topic.js";
import type { Message } from "../../client/sdk/types.js";
import { MemoryCluster } from "./memory-cluster.js";

/** The topic of these tests. */
export const orders = topic("orders");

/** 0 to `count` - 1. */
export const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** A body as text. */
export const textOf = (message: Message<Uint8Array>) => Buffer.from(message.body).toString();

/** A promise that a test settles. */
export function gate(): { promise: Promise<void>; open: () => void; fail: (error: Error) => void } {
  let open = (): void => {};
  let fail: (error: Error) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

/** A cluster with the topic `orders`, of so many queues in all, and a client of it. */
export async function startOrders(
  queues: number,
  brokers: readonly string[],
): Promise<{ cluster: MemoryCluster; client: ClusterClient }> {
  const cluster = await MemoryCluster.start(brokers);
  const client = await cluster.connect();
  await cluster.advance(client.admin.topics.create("orders", { queues, type: "mixed" }));
  return { cluster, client };
}

/** Sends messages with these bodies, all at once, and waits for their receipts. */
export async function sendOrders(
  cluster: MemoryCluster,
  client: ClusterClient,
  bodies: readonly string[],
  more: object = {},
): Promise<void> {
  const producer = client.producer();
  await cluster.advance(
    Promise.all(bodies.map((body) => producer.send({ topic: orders, body: Buffer.from(body), ...more }))),
  );
  await cluster.advance(producer.close());
}
