import { systemClock as clock } from "../../../proto/kernel/clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { type Client, connect, type Topic, topic } from "../../index.js";
import { Latencies } from "./latencies.js";
import { type ProcessFigures, perSecond, usageSince } from "./report.js";
import { type SendCounts, SendLoad } from "./sending.js";
import type { BenchServers } from "./servers.js";

/** What to measure, and where. */
export interface BenchOptions {
  readonly nameServer: string;
  /** The processes that were started for it, if they were. */
  readonly servers: BenchServers | undefined;
  /** Bytes of a body. */
  readonly size: number;
  readonly inFlight: number;
  readonly seconds: number;
  /** Seconds before the measurement. */
  readonly warmup: number;
  readonly topics: number;
  /** First fill the log until segments are recycled. */
  readonly steady: boolean;
  /** Messages of a backlog. */
  readonly messages: number;
  /** Delayed messages to pile up. */
  readonly pending: number;
  /** Ordering keys. */
  readonly keys: number;
  /** Messages per second of an open-loop run. */
  readonly rate: number;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What was measured. */
export type Figures = Record<string, unknown> & ProcessFigures;

const QUEUES = 8;
const FILL_IN_FLIGHT = 2_048;
const CREATE_AT_ONCE = 32;

/** Publishing: so many sends in flight, each acknowledged to its own promise. */
export async function benchSend(options: BenchOptions): Promise<Figures> {
  return withTopics(options, async (client, topics) => {
    if (options.steady) await fillLog(options, client, topics);
    const producer = client.producer({ maxInFlight: Math.max(8_192, options.inFlight * 2) });
    const load = new SendLoad({
      send: (message) => producer.send(message),
      topics,
      body: bodyOf(options.size),
      clock,
    });
    const { counts, tookMs, latencyMs, used } = await keepUp(options, load, "sending", "acknowledged");
    await producer.close();
    return {
      ...counts,
      seconds: tookMs / 1_000,
      messagesPerSecond: perSecond(counts.acked, tookMs),
      mebibytesPerSecond: Math.round(perSecond(counts.acked * options.size, tookMs) / 2 ** 20),
      latencyMs,
      ...used,
    };
  });
}

/** Consuming a backlog: a handler call per message, acknowledged; the time runs until the broker has the last one. */
export async function benchConsume(options: BenchOptions): Promise<Figures> {
  return withTopics(options, async (client, topics) => {
    const producer = client.producer({ maxInFlight: 16_384 });
    const load = new SendLoad({
      send: (message) => producer.send(message),
      topics,
      body: bodyOf(options.size),
      clock,
      limit: options.messages,
    });
    load.start(8_192);
    await watched(options, load.idle(), () => `filling: ${load.counts.acked} of ${options.messages}`);
    await producer.close();
    const used = usageSince(options.servers);
    const sinceMs = clock.monotonicMs();
    let handled = 0;
    let done: () => void = () => {};
    const all = new Promise<void>((resolve) => (done = resolve));
    const prefetch = { messages: 16_384, bytes: 64 << 20 };
    const settings = { group: "bench", from: "earliest", concurrency: 1_024, prefetch } as const;
    const consumer = client.consume(topics, settings, () => {
      if (++handled === load.counts.acked) done();
    });
    await consumer.start();
    await watched(options, all, () => `consuming: ${handled} of ${load.counts.acked}`);
    await consumer.close();
    const tookMs = clock.monotonicMs() - sinceMs;
    return {
      consumed: handled,
      acked: consumer.stats.acked,
      seconds: tookMs / 1_000,
      messagesPerSecond: perSecond(handled, tookMs),
      ...used(),
    };
  });
}

/** End to end: sent at a fixed rate, from the call of `send` to the handler's call. */
export async function benchEndToEnd(options: BenchOptions): Promise<Figures> {
  return withTopics(options, async (client, topics) => {
    if (options.steady) await fillLog(options, client, topics);
    const producer = client.producer();
    const latencies = new Latencies();
    const counts = { offered: 0, acked: 0, refused: 0, unknown: 0 };
    const consumer = client.consume(topics, { group: "bench", from: "latest" }, ({ body }) =>
      latencies.add(clock.monotonicMs() - Buffer.from(body.buffer, body.byteOffset, 8).readDoubleLE()),
    );
    await consumer.start();
    const stop = new AbortController();
    const pacing = pace(options.rate, stop.signal, (index) => {
      const body = Buffer.alloc(Math.max(8, options.size), "x");
      body.writeDoubleLE(clock.monotonicMs());
      counts.offered++;
      producer.send({ topic: topics[index % topics.length]!, body }).then(
        () => counts.acked++,
        (thrown: unknown) =>
          LogwheelError.is(thrown) && thrown.sent === "no" ? counts.refused++ : counts.unknown++,
      );
    });
    await wait(options, "warming up", options.warmup);
    latencies.clear();
    Object.assign(counts, { offered: 0, acked: 0, refused: 0, unknown: 0 });
    const used = usageSince(options.servers);
    await wait(options, "measuring", options.seconds, () => `${latencies.count} received`);
    const figures = { ...counts, received: latencies.count, latencyMs: latencies.summary(), ...used() };
    stop.abort();
    await pacing;
    await producer.close();
    await consumer.close();
    return figures;
  });
}

/** What a load did behind its warm-up. */
export interface KeptUp {
  readonly counts: SendCounts;
  readonly tookMs: number;
  readonly latencyMs: ReturnType<Latencies["summary"]>;
  readonly used: ProcessFigures;
}

/** Keeps so many sends in flight, warms up, measures, and ends the load. `done`: what its sends are then. */
export async function keepUp(
  options: BenchOptions,
  load: SendLoad,
  what: string,
  done: string,
): Promise<KeptUp> {
  load.start(options.inFlight);
  await wait(options, "warming up", options.warmup);
  load.reset();
  const usage = usageSince(options.servers);
  const sinceMs = clock.monotonicMs();
  await wait(options, what, options.seconds, () => `${load.counts.acked} ${done}`);
  const counts = { ...load.counts };
  const tookMs = clock.monotonicMs() - sinceMs;
  const used = usage();
  const latencyMs = load.latencies.summary();
  await load.stop();
  return { counts, tookMs, latencyMs, used };
}

/** Sends until every broker has dropped a segment for its size: from then on segments are used again. */
export async function fillLog(
  options: BenchOptions,
  client: Client,
  topics: readonly Topic<Uint8Array>[],
): Promise<void> {
  const producer = client.producer();
  const load = new SendLoad({
    send: (message) => producer.send(message),
    topics,
    body: bodyOf(options.size),
    clock,
  });
  load.start(FILL_IN_FLIGHT);
  for (let full = false; !full; ) {
    await wait(options, "filling the log", 0.5, () => `${load.counts.acked} acknowledged`);
    const { brokers } = await client.admin.cluster.describe();
    full = brokers.every(({ logStart }) => logStart > 0);
  }
  await load.stop();
  await producer.close();
}

/** Calls `send` so many times a second, in bursts of a millisecond's worth: timers are no finer. */
async function pace(rate: number, signal: AbortSignal, send: (index: number) => void): Promise<void> {
  const sinceMs = clock.monotonicMs();
  for (let sent = 0; !signal.aborted; await clock.sleep(1, signal)) {
    const due = Math.floor(((clock.monotonicMs() - sinceMs) * rate) / 1_000);
    while (sent < due) send(sent++);
  }
}

/** Runs with a client and that many new topics. */
export async function withTopics(
  options: BenchOptions,
  run: (client: Client, topics: Topic<Uint8Array>[]) => Promise<Figures>,
  type: "mixed" | "ordered" = "mixed",
): Promise<Figures> {
  const client = await connect({ endpoints: options.nameServer, signal: options.signal });
  try {
    const run36 = Math.floor(clock.nowMs()).toString(36);
    const names = Array.from({ length: options.topics }, (_, index) => `bench-${run36}-${index}`);
    for (let from = 0; from < names.length; from += CREATE_AT_ONCE) {
      options.progress(`making topics: ${from} of ${names.length}`);
      const some = names.slice(from, from + CREATE_AT_ONCE);
      await Promise.all(some.map((name) => client.admin.topics.create(name, { queues: QUEUES, type })));
    }
    return await run(
      client,
      names.map((name) => topic(name)),
    );
  } finally {
    options.progress("");
    await client.close();
  }
}

/** Waits, and shows progress. */
export async function wait(
  options: BenchOptions,
  what: string,
  seconds: number,
  tell = (): string => "",
): Promise<void> {
  const untilMs = clock.monotonicMs() + seconds * 1_000;
  for (let leftMs = seconds * 1_000; leftMs > 0; leftMs = untilMs - clock.monotonicMs()) {
    options.signal.throwIfAborted();
    options.progress(`${what}: ${Math.ceil(leftMs / 1_000)} s left  ${tell()}`);
    await clock.sleep(Math.min(500, leftMs), options.signal);
  }
}

/** Shows progress until `until` resolves. */
export async function watched(
  options: BenchOptions,
  until: Promise<void>,
  tell: () => string,
): Promise<void> {
  let over = false;
  until.then(
    () => (over = true),
    () => (over = true),
  );
  while (!over) {
    options.signal.throwIfAborted();
    options.progress(tell());
    await Promise.race([until, clock.sleep(500, options.signal)]);
  }
}

/** A body of so many bytes. */
export function bodyOf(size: number): Buffer {
  return Buffer.alloc(size, "logwheel ");
}
