import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { deadReasonName } from "../proto/kernel/dead-letter.js";
import type { ConsumeCounters } from "./broker/counters.js";
import type { BrokerFigures, DelayFigures, GroupFigures, Meter, TransactionFigures } from "./broker/meter.js";

/** Upper bounds of latency buckets, seconds: from a write to the page cache to the longest wait of a send. */
const LATENCY_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
];
const BYTES_BUCKETS = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384].map((kib) => kib * 1_024);

const PREFIX = "logwheel_";

/** What there is to scrape, for one process. */
export interface Metrics {
  readonly contentType: string;
  /** The exposition in Prometheus' text format. */
  expose(): Promise<string>;
}

/** Metrics of every process: CPU, memory, event-loop delay, garbage collection. */
function processRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  return registry;
}

function exposition(registry: Registry): Metrics {
  return { contentType: registry.contentType, expose: () => registry.metrics() };
}

/** Metrics of a name server, read from it at each scrape. */
export function nameServerMetrics(
  counts: () => { readonly brokers: number; readonly topics: number; readonly watchers: number },
): Metrics {
  const registry = processRegistry();
  const gauge = gauges(registry);
  gauge("broker_number", "Brokers in the routes.", () => counts().brokers);
  gauge("topic_number", "Topics that some broker has.", () => counts().topics);
  gauge("watcher_number", "Clients that watch routes.", () => counts().watchers);
  return exposition(registry);
}

/** Metrics of a gateway, read from it at each scrape. */
export function gatewayMetrics(
  counts: () => {
    readonly clients: number;
    readonly consumers: number;
    readonly outstanding: number;
    readonly connections: number;
  },
): Metrics {
  const registry = processRegistry();
  const gauge = gauges(registry);
  gauge("connections", "Connections of clients.", () => counts().connections);
  gauge("gateway_clients", "Clients that have told their settings.", () => counts().clients);
  gauge("gateway_consumers", "Memberships of clients in groups.", () => counts().consumers);
  gauge("gateway_inflight_messages", "Messages that clients have.", () => counts().outstanding);
  return exposition(registry);
}

/**
 * Metrics of a broker: what it tells `meter` per batch, and what `figures` says at each scrape. Names are those of
 * RocketMQ 5's exporter where it has the same thing, behind our own prefix; times are seconds.
 */
export function brokerMetrics(figures: () => Promise<BrokerFigures>): Metrics & { readonly meter: Meter } {
  const registry = processRegistry();
  const now = shared(figures);
  const gauge = gauges(registry);
  gauge("topic_number", "Topics.", async () => (await now()).topics);
  gauge("consumer_group_number", "Consumer groups.", async () => (await now()).groups);
  gauge("consumer_connections", "Members of all groups.", async () => (await now()).members);
  gauge("connections", "Connections of clients.", async () => (await now()).connections);
  gauge(
    "storage_flush_behind_bytes",
    "Appended and not on the disk yet.",
    async () => (await now()).unflushedBytes,
  );
  gauge("storage_log_bytes", "Bytes of the log, oldest to newest.", async () => (await now()).logBytes);
  gauge("storage_segments", "Segments of the log.", async () => (await now()).segments);
  gauge("storage_size", "Bytes that the data folder takes.", async () => (await now()).diskBytes);
  gauge("storage_disk_free_bytes", "Free bytes of the disk.", async () => (await now()).diskFreeBytes);
  gauge("storage_disk_total_bytes", "Size of the disk.", async () => (await now()).diskTotalBytes);
  const progress = progressGauges(registry, now);
  progress("consumer_lag_messages", "Messages that a group has not acknowledged.", (row) => row.lag);
  progress("consumer_ready_messages", "Messages that wait for a member.", (row) => row.ready);
  progress("consumer_inflight_messages", "Messages that are with a member.", (row) => row.inFlight);
  consumeCounters(registry, now);
  delayMetrics(registry, now);
  transactionMetrics(registry, now);
  return { ...exposition(registry), meter: meterOf(registry) };
}

/** Metrics of what consuming has done, read at each scrape. */
const CONSUMED: readonly (readonly [name: string, help: string, count: keyof ConsumeCounters])[] = [
  ["consumer_redelivered_messages_total", "Messages delivered again.", "messagesRedelivered"],
  ["consumer_acked_messages_total", "Messages acknowledged.", "messagesAcknowledged"],
  ["consumer_failed_messages_total", "Deliveries that failed.", "messagesFailed"],
  ["consumer_refused_acks_total", "Acknowledgements refused.", "acknowledgementsRefused"],
  ["consumer_expired_leases_total", "Leases that ran out.", "leasesExpired"],
  ["consumer_unread_messages_total", "Messages dropped before their group had them.", "messagesUnread"],
  ["consumer_held_up_queues_total", "Queues held up by one message for long.", "queuesHeldUp"],
  ["consumer_assignments_total", "Queues given to members.", "assignments"],
];

function consumeCounters(registry: Registry, now: () => Promise<BrokerFigures>): void {
  for (const [name, help, count] of CONSUMED)
    totalOf(registry, name, help, async () => (await now()).consuming[count]);
}

/** Of delayed messages: what was done since the start. */
const DELAYED: readonly (readonly [name: string, help: string, figure: keyof DelayFigures])[] = [
  ["delayed_delivered_total", "Delayed messages delivered.", "delivered"],
  ["delayed_late_total", "Delayed messages delivered more than a second late.", "late"],
  ["delayed_lateness_seconds_total", "By how much delayed messages were late, summed up.", "lateSeconds"],
  ["delayed_cancelled_total", "Delayed messages cancelled.", "cancelled"],
  ["delayed_dropped_total", "Delayed messages that were due after their topic was deleted.", "dropped"],
  ["due_copied_total", "Delayed and half messages copied so that their segments could go.", "copied"],
  ["due_copied_bytes_total", "Bytes of these copies.", "copiedBytes"],
];

function delayMetrics(registry: Registry, now: () => Promise<BrokerFigures>): void {
  const gauge = gauges(registry);
  gauge(
    "delayed_pending",
    "Delayed messages that were not delivered yet.",
    async () => (await now()).delays.pending,
  );
  gauge(
    "due_pending_bytes",
    "Bytes of delayed and half messages that are pending.",
    async () => (await now()).delays.bytes,
  );
  for (const [name, help, figure] of DELAYED)
    totalOf(registry, name, help, async () => (await now()).delays[figure]);
}

/** Of transactions: what there is now, and what was done since the start. */
const TRANSACTIONS: readonly (readonly [name: string, help: string, figure: keyof TransactionFigures])[] = [
  ["half_messages", "Half messages whose transactions are undecided.", "halves"],
  ["transactions_open", "Transactions that are undecided.", "open"],
  ["transactions_parked", "Undecided transactions that nobody is asked about any more.", "parked"],
  ["transactions_alone", "Undecided transactions without a live producer for two minutes.", "alone"],
  ["transaction_producers", "Producers that can be asked about transactions.", "producers"],
];
const TRANSACTED: typeof TRANSACTIONS = [
  ["transactions_committed_total", "Transactions committed.", "committed"],
  ["transactions_rolled_back_total", "Transactions rolled back.", "rolledBack"],
  ["transaction_questions_total", "Questions that were put to producers.", "questions"],
];

function transactionMetrics(registry: Registry, now: () => Promise<BrokerFigures>): void {
  const gauge = gauges(registry);
  for (const [name, help, figure] of TRANSACTIONS)
    gauge(name, help, async () => (await now()).transactions[figure]);
  for (const [name, help, figure] of TRANSACTED)
    totalOf(registry, name, help, async () => (await now()).transactions[figure]);
}

/** A counter that the broker keeps. */
function totalOf(registry: Registry, name: string, help: string, read: () => Promise<number>): void {
  new Counter({
    name: `${PREFIX}${name}`,
    help,
    registers: [registry],
    async collect() {
      this.reset();
      this.inc(await read());
    },
  });
}

function meterOf(registry: Registry): Meter {
  const counter = (name: string, help: string): Counter =>
    new Counter({ name: `${PREFIX}${name}`, help, registers: [registry] });
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name: `${PREFIX}${name}`, help, buckets, registers: [registry] });
  const messagesIn = counter("messages_in_total", "Messages taken.");
  const bytesIn = counter("throughput_in_total", "Bytes taken.");
  const messagesOut = counter("messages_out_total", "Messages delivered.");
  const bytesOut = counter("throughput_out_total", "Bytes delivered.");
  const name = `${PREFIX}messages_refused_total`;
  const refusals = new Counter({
    name,
    help: "Messages not taken, by error code.",
    labelNames: ["reason"],
    registers: [registry],
  });
  const dead = new Counter({
    name: `${PREFIX}dead_letters_total`,
    help: "Messages moved to the dead letters of their group.",
    labelNames: ["consumer_group", "reason"],
    registers: [registry],
  });
  const expired = new Counter({
    name: `${PREFIX}messages_expired_total`,
    help: "Messages that a group did not get because they had expired.",
    labelNames: ["topic"],
    registers: [registry],
  });
  const sendLatency = histogram(
    "send_latency_seconds",
    "From a frame of sends to its answer.",
    LATENCY_BUCKETS,
  );
  const writeLatency = histogram("storage_write_latency_seconds", "One write of the log.", LATENCY_BUCKETS);
  const flushLatency = histogram("storage_flush_latency_seconds", "One sync of the log.", LATENCY_BUCKETS);
  const batchBytes = histogram("storage_batch_bytes", "Bytes of one write of the log.", BYTES_BUCKETS);
  return {
    taken(messages, bytes) {
      messagesIn.inc(messages);
      bytesIn.inc(bytes);
    },
    delivered(messages, bytes) {
      messagesOut.inc(messages);
      bytesOut.inc(bytes);
    },
    refused: (messages, reason) => refusals.inc({ reason }, messages),
    deadLettered: (group, reason) => dead.inc({ consumer_group: group, reason: deadReasonName(reason) }),
    expired: (topic, messages) => expired.inc({ topic }, messages),
    answered: (ms) => sendLatency.observe(ms / 1_000),
    written(bytes, ms) {
      batchBytes.observe(bytes);
      writeLatency.observe(ms / 1_000);
    },
    synced: (ms) => flushLatency.observe(ms / 1_000),
  };
}

function gauges(
  registry: Registry,
): (name: string, help: string, read: () => number | Promise<number>) => void {
  return (name, help, read) => {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  };
}

type ProgressGauge = (name: string, help: string, read: (row: GroupFigures) => number) => void;

function progressGauges(registry: Registry, now: () => Promise<BrokerFigures>): ProgressGauge {
  return (name, help, read) => {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      labelNames: ["consumer_group", "topic"],
      registers: [registry],
      async collect() {
        this.reset();
        for (const row of (await now()).progress)
          this.set({ consumer_group: row.group, topic: row.topic }, read(row));
      },
    });
  };
}

/** One reading for all gauges of one scrape: they are collected in the same turn. */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | null = null;
  return () => {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };
}
