// A handler that fails: what it gives up becomes a dead letter. Once it is mended, the dead letters are sent again.
import { connect, Reject, topic } from "logwheel/client";

const payments = topic("payments");
const group = "payers";

await using client = await connect({
  endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876",
  logger: false,
});
await client.admin.groups.create(group, { maxAttempts: 2, retryDelaysMs: [100] });

let mended = false;
const paid: string[] = [];
const consumer = client.consume(payments, { group, from: "earliest" }, (message) => {
  const payment = Buffer.from(message.body).toString();
  if (payment === "negative") throw new Reject("not a payment");
  if (!mended) throw new RangeError("no such account");
  paid.push(payment);
});

const producer = client.producer();
for (const payment of ["rent", "negative", "bread"])
  await producer.send({ topic: payments, body: Buffer.from(payment) });
await consumer.start();

// Seldom needed: usually somebody looks at them hours later, with `logwheel dlq list payers`.
const { deadLetters } = client.admin;
for (;;) {
  const letters = await deadLetters.list(group).toArray();
  if (letters.length === 3) {
    for (const { body, dead } of letters)
      console.log(`dead: ${Buffer.from(body)} (${dead?.reason}, ${dead?.error?.message})`);
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
}

mended = true;
const [job] = await deadLetters.redrive(group, { errorName: "RangeError", perSecond: 20 });
console.log(`sending ${job?.total} again`);
while (paid.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
console.log(`paid: ${paid.sort().join(", ")}`);
