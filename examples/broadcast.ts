// Every member of a group gets every message, as a cache does that has to forget.
import { once } from "node:events";
import { type Client, connect, LogwheelError, topic } from "logwheel/client";

const endpoints = process.env["LOGWHEEL_NAMESRV"] ?? "127.0.0.1:9876";
const evictions = topic("evictions");

/** As one process of several with a cache of its own. */
function cacheOf(name: string, client: Client) {
  const emptied = new AbortController();
  const done = once(emptied.signal, "abort");
  const options = { group: "caches", mode: "broadcast", from: "latest" } as const;
  const consumer = client.consume(evictions, options, (message) => {
    const user = `${Buffer.from(message.body)}`;
    console.log(`${name} forgets ${user}`);
    if (user === "user-3") emptied.abort();
  });
  return { consumer, done };
}

await using first = await connect({ endpoints });
await using second = await connect({ endpoints });
await first.admin.topics.create("evictions", { queues: 1 }).catch((error: unknown) => {
  if (!LogwheelError.is(error, "TOPIC_EXISTS")) throw error;
});

const caches = [cacheOf("cache 1", first), cacheOf("cache 2", second)];
await Promise.all(caches.map(({ consumer }) => consumer.start()));

const producer = first.producer();
for (const user of ["user-1", "user-2", "user-3"])
  await producer.send({ topic: evictions, body: Buffer.from(user) });
console.log("sent 3 evictions");
await Promise.all(caches.map(({ done }) => done));
