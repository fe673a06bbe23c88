// Stops on SIGTERM without losing or repeating work: handlers that run may finish, their messages are acknowledged.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, topic } from "logwheel/client";

const mails = topic("mails");
const stopping = once(process, "SIGTERM");

const client = await connect({ endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876" });
const producer = client.producer();
for (let i = 1; i <= 10; i++) await producer.send({ topic: mails, body: Buffer.from(`mail ${i}`) });

let begun = 0;
let finished = 0;
const consumer = client.consume(
  mails,
  { group: "mailers", from: "earliest", concurrency: 3 },
  async (_message, { signal }) => {
    begun += 1;
    if (begun === 4) process.kill(process.pid, "SIGTERM"); // as an orchestrator would, in the middle of work
    await sleep(200, undefined, { signal }); // the signal comes only if close() runs out of time
    finished += 1;
  },
);
await consumer.start();

await stopping;
console.log("SIGTERM: taking no more messages");
// No new messages; handlers have 10 s, then their signal; then acknowledgements, then the connections.
await client.close({ timeoutMs: 10_000 });
console.log(`begun ${begun}, finished ${finished}; the rest stays for the next member`);
