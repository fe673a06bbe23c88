// Takes messages when there is time for them, and settles each by itself. What is not settled within its lease comes again.
import { connect, topic } from "logwheel/client";

const jobs = topic("jobs");

await using client = await connect({ endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876" });

const producer = client.producer();
for (const job of ["resize", "encode", "notify"])
  await producer.send({ topic: jobs, body: Buffer.from(job) });
console.log("sent 3 jobs");

await using consumer = client.simpleConsumer(jobs, {
  group: "workers",
  from: "earliest",
  invisibleMs: 10_000,
});

const [message] = await consumer.receive({ max: 1, waitMs: 5_000 });
if (message !== undefined) {
  await message.extend(60_000); // this one takes longer
  console.log(`did ${Buffer.from(message.body)}`);
  await message.ack();
}

// The same as a loop, with at most two messages under way. The first of them has to wait.
let left = 2;
let putBack = false;
for await (const next of consumer.messages({ maxInFlight: 2 })) {
  const job = `${Buffer.from(next.body)} at attempt ${next.attempt}`;
  if (putBack) {
    console.log(`did ${job}`);
    await next.ack();
    left -= 1;
  } else {
    console.log(`put back ${job}`);
    await next.nack({ delayMs: 200 });
    putBack = true;
  }
  if (left === 0) break;
}
