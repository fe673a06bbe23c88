// A topic with a schema (zod, valibot, arktype: anything that speaks Standard Schema): bodies are typed and checked.
import { once } from "node:events";
import { connect, LogwheelError, topic } from "logwheel/client";
import { z } from "zod";

const orders = topic("typed-orders", {
  schema: z.object({ id: z.string(), total: z.number().positive() }),
});
const received = new AbortController();
const done = once(received.signal, "abort");

await using client = await connect({ endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876" });

const producer = client.producer();
try {
  await producer.send({ topic: orders, body: { id: "1", total: -5 } });
} catch (error) {
  if (!LogwheelError.is(error, "CODEC")) throw error;
  console.log(`refused before it was sent (sent: ${error.sent}): ${error.message}`);
}
// Another type, body: "text" for example, does not compile.
const receipt = await producer.send({ topic: orders, body: { id: "2", total: 9.5 } });
console.log(`sent ${receipt.messageId}`);

const consumer = client.consume(orders, { group: "billing", from: "earliest" }, ({ id, body }) => {
  console.log(`bill order ${body.id}: ${body.total.toFixed(2)}`);
  if (id === receipt.messageId) received.abort();
});
await consumer.start();
await done;
