// A reminder is sent for later, and taken back before it is due: the answer is definite, also while it is being delivered.
import { once } from "node:events";
import { connect, topic } from "logwheel/client";

const reminders = topic("reminders");
const run = `${process.pid}-${Date.now()}`;
const delivered = new AbortController();
const done = once(delivered.signal, "abort");

await using client = await connect({ endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876" });

const consumer = client.consume(reminders, { group: "mailer", from: "earliest" }, (message) => {
  if (message.properties["run"] !== run) return;
  console.log(`reminder: ${Buffer.from(message.body)}`);
  delivered.abort();
});
await consumer.start();

const producer = client.producer();
const remind = (text: string, delayMs: number) =>
  producer.send({ topic: reminders, body: Buffer.from(text), properties: { run }, delayMs });
const paid = await remind("order 1 is not paid", 60_000);
const open = await remind("order 2 is not paid", 500);
console.log(`two reminders are stored, flushed: ${paid.done.flushed && open.done.flushed}`);

console.log(`order 1 was paid, cancelled: ${await producer.cancel(paid.handle!)}`);
await done;
console.log(`order 2 was paid too late: ${await producer.cancel(open.handle!)}`);
