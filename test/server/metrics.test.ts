import { expect } from "chai";
import { consumeCounters } from "../../server/broker/counters.js";
import type { BrokerFigures } from "../../server/broker/meter.js";
import { brokerMetrics, gatewayMetrics, nameServerMetrics } from "../../server/metrics.js";

const figures: BrokerFigures = {
  topics: 3,
  groups: 2,
  connections: 5,
  members: 4,
  unflushedBytes: 17,
  logBytes: 4_096,
  segments: 2,
  diskBytes: 8_192,
  diskFreeBytes: 1e9,
  diskTotalBytes: 2e9,
  progress: [{ group: "g", topic: "t", lag: 12, ready: 7, inFlight: 5 }],
  consuming: { ...consumeCounters(), messagesUnread: 9 },
  delays: {
    pending: 5,
    delivered: 7,
    late: 1,
    lateSeconds: 2.5,
    cancelled: 3,
    dropped: 0,
    bytes: 640,
    copied: 11,
    copiedBytes: 1_280,
  },
  transactions: {
    open: 4,
    halves: 6,
    parked: 1,
    alone: 2,
    producers: 3,
    committed: 100,
    rolledBack: 10,
    questions: 7,
  },
};

describe("metrics", () => {
  it("counts messages and bytes in and out under the names of RocketMQ's exporter", async () => {
    const metrics = brokerMetrics(async () => figures);
    metrics.meter.taken(64, 65_536);
    metrics.meter.taken(1, 100);
    metrics.meter.delivered(10, 10_240);
    metrics.meter.refused(3, "DISK_FULL");
    const text = await metrics.expose();
    expect(text)
      .to.include("\nlogwheel_messages_in_total 65\n")
      .and.include("\nlogwheel_throughput_in_total 65636\n");
    expect(text)
      .to.include("\nlogwheel_messages_out_total 10\n")
      .and.include("\nlogwheel_throughput_out_total 10240\n");
    expect(text).to.include('\nlogwheel_messages_refused_total{reason="DISK_FULL"} 3\n');
  });

  it("measures sends, writes, syncs and batches in seconds and bytes", async () => {
    const metrics = brokerMetrics(async () => figures);
    metrics.meter.answered(2);
    metrics.meter.written(4_096, 0.2);
    metrics.meter.written(8_192, 0.2);
    metrics.meter.synced(1.5);
    const text = await metrics.expose();
    expect(text).to.include("\nlogwheel_send_latency_seconds_sum 0.002\n");
    expect(text).to.include("\nlogwheel_storage_batch_bytes_sum 12288\n");
    expect(text).to.include("\nlogwheel_storage_write_latency_seconds_count 2\n");
    expect(text).to.include("\nlogwheel_storage_flush_latency_seconds_count 1\n");
    expect(text).to.include('logwheel_storage_flush_latency_seconds_bucket{le="0.0025"} 1');
  });

  it("counts what happened to consumers as the broker does, at every scrape", async () => {
    const metrics = brokerMetrics(async () => figures);
    await metrics.expose();
    expect(await metrics.expose()).to.include("\nlogwheel_consumer_unread_messages_total 9\n");
  });

  it("tells of delayed messages: pending, delivered, how late, cancelled", async () => {
    const text = await brokerMetrics(async () => figures).expose();
    expect(text).to.include("\nlogwheel_delayed_pending 5\n");
    expect(text).to.include("\nlogwheel_delayed_delivered_total 7\n");
    expect(text).to.include("\nlogwheel_delayed_lateness_seconds_total 2.5\n");
    expect(text).to.include("\nlogwheel_delayed_late_total 1\n");
    expect(text).to.include("\nlogwheel_delayed_cancelled_total 3\n");
    expect(text).to.include("\nlogwheel_due_pending_bytes 640\n");
    expect(text).to.include("\nlogwheel_due_copied_total 11\n");
    expect(text).to.include("\nlogwheel_due_copied_bytes_total 1280\n");
  });

  it("shows transactions: what is undecided, parked or alone now, and what was decided and asked", async () => {
    const metrics = brokerMetrics(async () => figures);
    await metrics.expose();
    const text = await metrics.expose();
    for (const line of [
      "half_messages 6",
      "transactions_open 4",
      "transactions_parked 1",
      "transactions_alone 2",
      "transaction_producers 3",
      "transactions_committed_total 100",
      "transactions_rolled_back_total 10",
      "transaction_questions_total 7",
    ])
      expect(text).to.include(`\nlogwheel_${line}\n`);
  });

  it("reads the broker once per scrape for all its gauges", async () => {
    let readings = 0;
    const metrics = brokerMetrics(async () => {
      readings++;
      return figures;
    });
    const text = await metrics.expose();
    expect(readings).to.equal(1);
    expect(text)
      .to.include("\nlogwheel_topic_number 3\n")
      .and.include("\nlogwheel_storage_flush_behind_bytes 17\n");
    expect(text).to.include('\nlogwheel_consumer_lag_messages{consumer_group="g",topic="t"} 12\n');
    await metrics.expose();
    expect(readings).to.equal(2);
  });

  it("forgets a group that is gone", async () => {
    let progress = figures.progress;
    const metrics = brokerMetrics(async () => ({ ...figures, progress }));
    expect(await metrics.expose()).to.include("logwheel_consumer_ready_messages{");
    progress = [];
    expect(await metrics.expose()).to.not.include("logwheel_consumer_ready_messages{");
  });

  it("shows who is at a gateway, and what clients have", async () => {
    const counts = { clients: 3, consumers: 2, outstanding: 17, connections: 4 };
    const text = await gatewayMetrics(() => counts).expose();
    for (const line of [
      "gateway_clients 3",
      "gateway_consumers 2",
      "gateway_inflight_messages 17",
      "connections 4",
    ])
      expect(text).to.include(`\nlogwheel_${line}\n`);
  });

  it("shows the process: memory, CPU, delay of the event loop", async () => {
    const text = await nameServerMetrics(() => ({ brokers: 2, topics: 9, watchers: 1 })).expose();
    for (const name of [
      "process_resident_memory_bytes",
      "process_cpu_seconds_total",
      "nodejs_eventloop_lag_p99_seconds",
    ])
      expect(text).to.include(`\nlogwheel_${name} `);
    expect(text).to.include("\nlogwheel_broker_number 2\n").and.include("\nlogwheel_topic_number 9\n");
  });
});
