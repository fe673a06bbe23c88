import { systemClock as clock } from "../../../proto/kernel/clock.js";
import { type Client, type Message, RetryLater, type Topic } from "../../index.js";
import { type ProcessFigures, perSecond, usageSince } from "./report.js";
import { type BenchOptions, bodyOf, type Figures, watched, withTopics } from "./runs.js";
import { SendLoad } from "./sending.js";

/** One message in so many fails once. */
const FAILS_EVERY = 100;
const RETRY_MS = 10;

/** Consuming a backlog in order by key, once with handlers that succeed and once with some that fail at first. */
export async function benchOrdered(options: BenchOptions): Promise<Figures> {
  return withTopics(
    options,
    async (client, topics) => {
      const sent = await fill(options, client, topics);
      const plain = await consume(options, client, topics, { group: "ordered", sent, fails: () => false });
      const failing = await consume(options, client, topics, {
        group: "ordered-failing",
        sent,
        fails: ({ queueOffset, attempt }) => queueOffset % FAILS_EVERY === 0 && attempt === 1,
      });
      return {
        keys: options.keys,
        messages: sent,
        messagesPerSecond: plain.rate,
        failing: { messagesPerSecond: failing.rate, failures: failing.failures, ...failing.processes },
        share: Math.round((failing.rate / plain.rate) * 100) / 100,
        ...plain.processes,
      };
    },
    "ordered",
  );
}

async function fill(
  options: BenchOptions,
  client: Client,
  topics: readonly Topic<Uint8Array>[],
): Promise<number> {
  const producer = client.producer({ maxInFlight: 16_384 });
  const keys = Array.from({ length: options.keys }, (_, index) => `key-${index}`);
  const load = new SendLoad({
    send: (message) => producer.send(message),
    topics,
    body: bodyOf(options.size),
    clock,
    limit: options.messages,
    keys,
  });
  load.start(8_192);
  await watched(options, load.idle(), () => `filling: ${load.counts.acked} of ${options.messages}`);
  await producer.close();
  return load.counts.acked;
}

async function consume(
  options: BenchOptions,
  client: Client,
  topics: Topic<Uint8Array>[],
  how: { group: string; sent: number; fails: (message: Message<Uint8Array>) => boolean },
): Promise<{ rate: number; failures: number; processes: ProcessFigures }> {
  const used = usageSince(options.servers);
  const sinceMs = clock.monotonicMs();
  let [handled, failures] = [0, 0];
  let done: () => void = () => {};
  const all = new Promise<void>((resolve) => (done = resolve));
  const prefetch = { messages: 16_384, bytes: 64 << 20 };
  const settings = {
    group: how.group,
    mode: "ordered",
    from: "earliest",
    concurrency: 1_024,
    prefetch,
  } as const;
  const consumer = client.consume(topics, settings, (message) => {
    if (how.fails(message)) {
      failures++;
      throw new RetryLater(RETRY_MS);
    }
    if (++handled === how.sent) done();
  });
  await consumer.start();
  await watched(options, all, () => `consuming as ${how.group}: ${handled} of ${how.sent}`);
  await consumer.close();
  return { rate: perSecond(handled, clock.monotonicMs() - sinceMs), failures, processes: used() };
}
