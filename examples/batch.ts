// Sends several messages as one append, all or nothing, and handles several at a time.
import { once } from "node:events";
import { connect, topic } from "logwheel/client";

const rows = topic("rows");
const finished = new AbortController();
const done = once(finished.signal, "abort");

await using client = await connect({ endpoints: process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876" });

const bodies = ["one", "two", "three", "four"].map((text) => Buffer.from(text));
const receipts = await client.producer().sendBatch(bodies.map((body) => ({ topic: rows, body })));
console.log(
  `sent into queue ${receipts[0]?.queueId} at offsets ${receipts.map((r) => r.queueOffset).join(", ")}`,
);

const mine = new Set(receipts.map((receipt) => receipt.messageId));
const consumer = client.consumeBatch(
  rows,
  { group: "loader", from: "earliest", batch: { size: 100, waitMs: 50 }, retry: { delaysMs: [100] } },
  (messages) => {
    // As if "three" could not be inserted the first time: it alone comes again.
    const failed = messages.filter(
      ({ body, attempt }) => attempt === 1 && `${Buffer.from(body)}` === "three",
    );
    for (const message of messages) {
      const state = failed.includes(message) ? "failed" : "loaded";
      console.log(`${state} ${Buffer.from(message.body)} at attempt ${message.attempt}`);
      if (state === "loaded") mine.delete(message.id);
    }
    if (mine.size === 0) finished.abort();
    return { failed };
  },
);
await consumer.start();
await done;
