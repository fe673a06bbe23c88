// A message that fails holds up its own ordering key and nothing else: [1,2,3][7,8,9][4,5,6], where 7 fails at first.
import { once } from "node:events";
import { connect, RetryLater, topic } from "logwheel/client";

const TRIPLES = { a: [1, 2, 3], b: [7, 8, 9], c: [4, 5, 6] };

const numbers = topic("numbers");
const run = `${process.pid}-${Date.now()}`;
const finished = new AbortController();
const done = once(finished.signal, "abort");

await using client = await connect({ endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876" });

const producer = client.producer();
for (const [orderingKey, triple] of Object.entries(TRIPLES))
  for (const number of triple)
    producer
      .send({ topic: numbers, body: Buffer.from(String(number)), orderingKey, properties: { run } })
      .catch(console.error);
await producer.flush();

const handled: number[] = [];
const consumer = client.consume(
  numbers,
  { group: "numbers-in-order", mode: "ordered", from: "earliest", concurrency: 3 },
  async (message) => {
    if (message.properties["run"] !== run) return;
    const number = Number(Buffer.from(message.body));
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (number === 7 && message.attempt === 1) throw new RetryLater(500);
    if (handled.push(number) === 9) finished.abort();
  },
);
await consumer.start();
await done;

console.log("while 7 waited:", handled.slice(0, 6).sort().join(" "));
console.log("then, in order:", handled.slice(6).join(" "));
