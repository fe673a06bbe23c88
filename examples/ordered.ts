// Messages of one ordering key keep their order; different keys go on beside each other.
import { once } from "node:events";
import { connect, topic } from "logwheel/client";

const STEPS = ["created", "paid", "packed", "sent"];
const ORDERS = ["order-1", "order-2", "order-3"];

const steps = topic("order-steps");
const run = `${process.pid}-${Date.now()}`;
const finished = new AbortController();
const done = once(finished.signal, "abort");

await using client = await connect({ endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876" });

const producer = client.producer();
for (const step of STEPS)
  for (const order of ORDERS)
    producer
      .send({ topic: steps, body: Buffer.from(step), orderingKey: order, properties: { run } })
      .catch((error: Error) => console.error(error.message));
await producer.flush();
console.log(`sent ${STEPS.length} steps of ${ORDERS.length} orders`);

const seen = new Map<string, string[]>();
const consumer = client.consume(steps, { group: "ledger", mode: "ordered", from: "earliest" }, (message) => {
  if (message.properties["run"] !== run) return;
  const order = message.orderingKey ?? "";
  seen.set(order, [...(seen.get(order) ?? []), `${Buffer.from(message.body)}`]);
  if ([...seen.values()].flat().length === STEPS.length * ORDERS.length) finished.abort();
});
await consumer.start();
await done;
for (const [order, states] of seen) console.log(`${order}: ${states.join(" -> ")}`);
