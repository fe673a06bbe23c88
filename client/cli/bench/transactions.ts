import { systemClock as clock } from "../../../proto/kernel/clock.js";
import type { TxReceipt } from "../../index.js";
import { perSecond } from "./report.js";
import { type BenchOptions, bodyOf, type Figures, fillLog, keepUp, withTopics } from "./runs.js";
import { SendLoad } from "./sending.js";

/** Transactions of one message: a half, a local transaction that does nothing, its commit; each stored before the next. */
export async function benchTransactions(options: BenchOptions): Promise<Figures> {
  return withTopics(options, async (client, topics) => {
    if (options.steady) await fillLog(options, client, topics);
    const maxInFlight = Math.max(8_192, options.inFlight * 2);
    const transactional = client.transactional({
      group: "bench",
      topics,
      maxInFlight,
      check: () => "unknown",
    });
    const load = new SendLoad({
      send: (message) => transactional.send(message, commit).then(committed),
      topics,
      body: bodyOf(options.size),
      clock,
    });
    const { counts, tookMs, latencyMs, used } = await keepUp(options, load, "committing", "committed");
    await transactional.close();
    return {
      ...counts,
      seconds: tookMs / 1_000,
      transactionsPerSecond: perSecond(counts.acked, tookMs),
      latencyMs,
      ...used,
    };
  });
}

function commit(): "commit" {
  return "commit";
}

/** What the broker did not say to be stored does not count, whatever becomes of it later. */
function committed({ outcome, error }: TxReceipt): void {
  if (outcome !== "commit") throw error;
}
