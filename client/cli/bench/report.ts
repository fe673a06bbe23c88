import type { BenchServers } from "./servers.js";
import { ownUsage, type Usage } from "./usage.js";

/** What each process used while it was measured. */
export interface ProcessFigures {
  readonly client: Usage;
  /** Absent where the broker is not this command's own process. */
  readonly broker?: Usage;
}

/** Begins to count; the returned function tells what was used since. Peaks are those of the whole life. */
export function usageSince(servers: BenchServers | undefined): () => ProcessFigures {
  const client = ownUsage();
  const broker = servers?.brokerUsage();
  return () => {
    const nowBroker = servers?.brokerUsage();
    return {
      client: since(client, ownUsage()),
      ...(broker === undefined || nowBroker === undefined ? {} : { broker: since(broker, nowBroker) }),
    };
  };
}

function since(before: Usage, now: Usage): Usage {
  return {
    cpuSeconds: Math.round((now.cpuSeconds - before.cpuSeconds) * 1_000) / 1_000,
    peakMemoryBytes: now.peakMemoryBytes,
  };
}

/** Messages per second, whole. */
export function perSecond(messages: number, ms: number): number {
  return Math.round((messages * 1_000) / ms);
}
