import { systemClock as clock } from "../../../proto/kernel/clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import type { Client, Producer, Topic } from "../../index.js";
import { Latencies } from "./latencies.js";
import { perSecond, usageSince } from "./report.js";
import { type BenchOptions, bodyOf, type Figures, fillLog, keepUp, wait, withTopics } from "./runs.js";
import { SendLoad } from "./sending.js";

/** Messages that are due at one time. */
const BURST = 100_000;
/** How long before they are scheduled, so that all are stored by then. */
const BURST_AHEAD_MS = 8_000;
/** Messages that are due at any time within so many milliseconds. */
const SCATTERED = 1_000;
const SCATTERED_MS = 10_000;
const SCHEDULE_IN_FLIGHT = 2_048;
const FAR_MS = 30 * 86_400_000;

/** Delayed messages: how late, how fast when many are due at once, how many can be scheduled, and what pending ones cost. */
export async function benchDelay(options: BenchOptions): Promise<Figures> {
  return withTopics(options, async (client, topics) => {
    if (options.steady) await fillLog(options, client, topics);
    const used = usageSince(options.servers);
    const producer = client.producer({ maxInFlight: Math.max(8_192, options.inFlight * 2) });
    const arrivals = new Arrivals(client, topics);
    await arrivals.start();
    const latenessMs = await scattered(options, producer, topics, arrivals);
    const burst = await burstOf(options, producer, topics, arrivals);
    await arrivals.stop();
    const schedule = await scheduling(options, producer, topics);
    const figures = { latenessMs, burst, schedule, ...used() };
    const pending = options.pending > 0 ? await pile(options, producer, topics) : {};
    await producer.close();
    return { ...figures, ...pending };
  });
}

/** Hears of every message when it arrives. */
class Arrivals {
  readonly #consumer: ReturnType<Client["consume"]>;
  heard: (body: Uint8Array) => void = () => {};

  constructor(client: Client, topics: readonly Topic<Uint8Array>[]) {
    const prefetch = { messages: 16_384, bytes: 64 << 20 };
    const settings = { group: "bench", from: "latest", concurrency: 1_024, prefetch } as const;
    this.#consumer = client.consume(topics, settings, ({ raw }) => this.heard(raw));
  }

  start(): Promise<void> {
    return this.#consumer.start();
  }

  stop(): Promise<void> {
    return this.#consumer.close();
  }

  /** Resolves when so many have arrived. */
  count(messages: number, each: (body: Uint8Array) => void): Promise<void> {
    let left = messages;
    return new Promise((resolve) => {
      this.heard = (body) => {
        each(body);
        if (--left === 0) resolve();
      };
    });
  }
}

/** How late each of some is that are due at any time. */
async function scattered(
  options: BenchOptions,
  producer: Producer,
  topics: readonly Topic<Uint8Array>[],
  arrivals: Arrivals,
): Promise<object> {
  const late = new Latencies();
  const all = arrivals.count(SCATTERED, (body) => late.add(preciseMs() - dueIn(body)));
  const startMs = clock.nowMs() + 1_000;
  const sends = Array.from({ length: SCATTERED }, (_, index) => {
    // As even as chance would have it, and the same in every run.
    const dueAtMs = startMs + Math.floor((((index * 0.618034) % 1) * SCATTERED_MS) | 0);
    return producer.send({
      topic: topics[0]!,
      body: bodyDue(options.size, dueAtMs),
      deliverAt: new Date(dueAtMs),
    });
  });
  await Promise.all(sends);
  await wait(options, "scattered", (SCATTERED_MS + 1_000) / 1_000, () => `${late.count} received`);
  await within(options, all, "scattered messages");
  return late.summary();
}

/** How long it takes until the last of many has arrived that are due at one time. */
async function burstOf(
  options: BenchOptions,
  producer: Producer,
  topics: readonly Topic<Uint8Array>[],
  arrivals: Arrivals,
): Promise<object> {
  const dueAtMs = clock.nowMs() + BURST_AHEAD_MS;
  const deliverAt = new Date(dueAtMs);
  const body = bodyDue(options.size, dueAtMs);
  let first = 0;
  let last = 0;
  let early = 0;
  const all = arrivals.count(BURST, () => {
    last = preciseMs();
    if (last < dueAtMs) early++;
    first ||= last;
  });
  const load = new SendLoad({
    send: ({ topic, body: bytes }) => producer.send({ topic, body: bytes, deliverAt }),
    topics,
    body,
    clock,
    limit: BURST,
  });
  load.start(SCHEDULE_IN_FLIGHT);
  await load.idle();
  const { acked } = load.counts;
  if (acked < BURST)
    throw new LogwheelError("THROTTLED", `${acked} of ${BURST} messages of the burst were scheduled`);
  const aheadMs = Math.round(dueAtMs - clock.nowMs());
  await wait(options, "burst", Math.max(0, aheadMs) / 1_000);
  const used = usageSince(options.servers);
  await within(options, all, "messages of the burst");
  const afterMs = (ms: number): number => Math.round((ms - dueAtMs) * 10) / 10;
  return {
    messages: BURST,
    scheduledAheadMs: aheadMs,
    firstAfterMs: afterMs(first),
    lastAfterMs: afterMs(last),
    early,
    ...used(),
  };
}

/** Messages that are stored for later in a second. */
async function scheduling(
  options: BenchOptions,
  producer: Producer,
  topics: readonly Topic<Uint8Array>[],
): Promise<object> {
  const load = new SendLoad({
    send: ({ topic, body }) => producer.send({ topic, body, delayMs: FAR_MS }),
    topics,
    body: bodyOf(options.size),
    clock,
  });
  const { counts, tookMs, latencyMs, used } = await keepUp(options, load, "scheduling", "acknowledged");
  return { ...counts, messagesPerSecond: perSecond(counts.acked, tookMs), latencyMs, ...used };
}

/** What many pending messages cost: memory, beside that of as many that are not, and the time of a start after a clean stop and after a kill. */
async function pile(
  options: BenchOptions,
  producer: Producer,
  topics: readonly Topic<Uint8Array>[],
): Promise<object> {
  const { servers, pending } = options;
  if (servers === undefined)
    throw new LogwheelError("BAD_REQUEST", "--pending starts the broker again: it needs one of its own");
  const store = async (what: string, delayMs: (count: number) => number): Promise<number> => {
    let count = 0;
    const load = new SendLoad({
      send: ({ topic, body }) => producer.send({ topic, body, delayMs: delayMs(count++) }),
      topics,
      body: bodyOf(options.size),
      clock,
      limit: pending,
    });
    const sinceMs = clock.monotonicMs();
    load.start(SCHEDULE_IN_FLIGHT);
    let over = false;
    load.idle().then(() => (over = true));
    while (!over) await wait(options, what, 1, () => `${load.counts.acked} of ${pending}`);
    return Math.round(clock.monotonicMs() - sinceMs);
  };
  await servers.restart("SIGTERM");
  const before = servers.brokerMemoryBytes();
  await store("publishing", () => 0);
  const published = servers.brokerMemoryBytes();
  await servers.restart("SIGTERM");
  const scheduledMs = await store("piling up", (count) => FAR_MS - 25 * (count % 100_000));
  const piled = servers.brokerMemoryBytes();
  const killedMs = await servers.restart("SIGKILL");
  const afterKill = servers.brokerMemoryBytes();
  const stoppedMs = await servers.restart("SIGTERM");
  const afterStop = servers.brokerMemoryBytes();
  return {
    pending: { messages: pending, scheduledMs, startAfterKillMs: killedMs, startAfterStopMs: stoppedMs },
    memoryBytes: { before, published, piled, afterKill, afterStop },
  };
}

/** Wall clock with fractions. */
function preciseMs(): number {
  return ORIGIN_MS + clock.monotonicMs();
}

const ORIGIN_MS = performance.timeOrigin;

/** A body that says when it is due. */
function bodyDue(size: number, dueAtMs: number): Buffer {
  const body = bodyOf(Math.max(8, size));
  body.writeDoubleLE(dueAtMs);
  return body;
}

function dueIn(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset).getFloat64(0, true);
}

/** Fails where what should arrive does not. */
async function within(options: BenchOptions, all: Promise<void>, what: string): Promise<void> {
  const late = clock.sleep(60_000, options.signal).then(() => {
    throw new LogwheelError("TIMEOUT", `a minute after their time some ${what} have not arrived`);
  });
  await Promise.race([all, late]);
  late.catch(() => {});
}
