import { topic } from "../../client/sdk/topic.js";
import type { ProducerOptions } from "../../client/sdk/types.js";
import { FakeCluster } from "./fake-cluster.js";

/** The topic of these tests. */
export const orders = topic("orders");
/** A message of the topic `orders`. */
export const message = (body: string, more: object = {}) => ({
  topic: orders,
  body: Buffer.from(body),
  ...more,
});
/** 0 to `count` - 1. */
export const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** A cluster of brokers with one queue each, and a producer. */
export function setUp(brokers: readonly string[] = ["a"], options: ProducerOptions = {}, seed = 1) {
  const cluster = new FakeCluster(seed);
  const [a, b] = brokers.map((name) => cluster.broker(name));
  cluster.names.setTopic("orders", Object.fromEntries(brokers.map((name) => [name, 1])));
  return { cluster, producer: cluster.producer(options), a: a!, b: b! };
}
