import { systemClock as clock } from "../../../proto/kernel/clock.js";
import { perSecond, usageSince } from "./report.js";
import { type BenchOptions, bodyOf, type Figures, wait, withTopics } from "./runs.js";
import { SendLoad } from "./sending.js";

/** Transactions of one message: a half, a local transaction that does nothing, its commit; each stored before the next. */
export async function benchTransactions(options: BenchOptions): Promise<Figures> {
  return withTopics(options, async (client, topics) => {
    const maxInFlight = Math.max(8_192, options.inFlight * 2);
    const transactional = client.transactional({
      group: "bench",
      topics,
      maxInFlight,
      check: () => "unknown",
    });
    const load = new SendLoad({
      send: (message) => transactional.send(message, commit),
      topics,
      body: bodyOf(options.size),
      clock,
    });
    load.start(options.inFlight);
    await wait(options, "warming up", options.warmup);
    load.reset();
    const used = usageSince(options.servers);
    const sinceMs = clock.monotonicMs();
    await wait(options, "committing", options.seconds, () => `${load.counts.acked} committed`);
    const counts = { ...load.counts };
    const tookMs = clock.monotonicMs() - sinceMs;
    const processes = used();
    const latencyMs = load.latencies.summary();
    await load.stop();
    await transactional.close();
    return {
      ...counts,
      seconds: tookMs / 1_000,
      transactionsPerSecond: perSecond(counts.acked, tookMs),
      latencyMs,
      ...processes,
    };
  });
}

function commit(): "commit" {
  return "commit";
}
