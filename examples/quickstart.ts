// Sends a message and receives it.
import { once } from "node:events";
import { connect, topic } from "logwheel/client";

const greetings = topic("greetings");
const received = new AbortController();
const done = once(received.signal, "abort");

await using client = await connect({ endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876" });

const producer = client.producer();
const receipt = await producer.send({ topic: greetings, body: Buffer.from("hello"), tag: "first" });
console.log(`sent ${receipt.messageId}, flushed: ${receipt.done.flushed}`);

// Returning acknowledges the message; throwing would have it delivered again.
const consumer = client.consume(greetings, { group: "readers", from: "earliest" }, (message) => {
  console.log(`received ${message.id}: ${Buffer.from(message.body)}`);
  if (message.id === receipt.messageId) received.abort();
});
await consumer.start();
await done;
