// Messages that are delivered only if a local transaction was committed, also when the producer does not know whether it was.
import { connect, LogwheelError, type Message, topic } from "logwheel/client";

const transfers = topic("transfers");
const textOf = ({ body }: Message<Uint8Array>) => Buffer.from(body).toString();

// The client warns of local transactions that throw. Here one does so on purpose.
const endpoints = process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876";
await using client = await connect({ endpoints, logger: false });

// Ask after 200 ms, not after six seconds, so that the example is soon over.
const attributes = { transactionCheckAfterMs: "200" };
await client.admin.topics.create("transfers", { type: "transaction", attributes }).catch((error: unknown) => {
  if (!LogwheelError.is(error, "TOPIC_EXISTS")) throw error;
});

// The database: what was committed, by transaction id. A real one has the id in a row that the local transaction writes.
const committed = new Set<string>();

await using producer = client.transactional({
  group: "bank",
  topics: [transfers],
  check(message, { transactionId }) {
    const outcome = committed.has(transactionId) ? "commit" : "rollback";
    console.log(`asked about ${textOf(message)}: ${outcome}`);
    return outcome;
  },
});

let delivered = 0;
const consumer = client.consume(transfers, { group: "bookkeeping", from: "earliest" }, (message) => {
  console.log(`delivered ${textOf(message)}`);
  delivered += 1;
});
await consumer.start();

const body = (text: string) => ({ topic: transfers, body: Buffer.from(text) });

const paid = await producer.send(body("10 to Ann"), ({ transactionId }) => {
  committed.add(transactionId);
});
console.log(`10 to Ann: ${paid.outcome}`);

const refused = await producer.send(body("1,000,000 to Bob"), () => "rollback");
console.log(`1,000,000 to Bob: ${refused.outcome}`);

// It throws, although the database has committed. This is never taken for a rollback: the broker asks.
const unsure = await producer.send(body("20 to Cid"), ({ transactionId }) => {
  committed.add(transactionId);
  throw new Error("the connection to the database broke");
});
console.log(`20 to Cid: ${unsure.outcome}`);

// Two messages, both delivered or none.
const both = await producer.begin();
await both.send(body("30 from Dan"));
await both.send(body("30 to Eve"));
await both.commit();

while (delivered < 4) await new Promise((resolve) => setTimeout(resolve, 20));
