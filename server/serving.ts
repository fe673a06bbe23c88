import type { Served } from "../proto/kernel/channel.js";
import type { Clock } from "../proto/kernel/clock.js";
import { serve } from "../proto/kernel/grpc-server.js";
import { Health } from "../proto/kernel/health.js";
import type { Listening } from "../proto/kernel/listening.js";
import type { Logger } from "../proto/kernel/logger.js";
import { reflection } from "../proto/kernel/reflection.js";

/** Settings of every process that listens. */
export interface ListenerConfig {
  readonly listen: string;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly streamsPerConnectionMax: number;
}

/** A listener with its health, which says nothing good until `health.serving` is set. */
export interface Serving {
  readonly listening: Listening;
  readonly health: Health;
  /** The configured address, with the port that was taken where it was left open. */
  readonly address: string;
}

/** Serves what a process has, and beside it the standard health and reflection services. */
export async function serveAll(
  config: ListenerConfig,
  served: readonly Served[],
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Serving> {
  const names = served.map(({ name }) => name);
  const health = new Health(names);
  const { listen, connectionsMax, connectionsPerAddressMax, streamsPerConnectionMax: streamsMax } = config;
  const listening = await serve({
    listen,
    served: [...served, health.served, ...reflection([...names, health.served.name])],
    clock,
    logger,
    limits: { connectionsMax, connectionsPerAddressMax, streamsMax },
  });
  return { listening, health, address: withPort(listen, listening.port) };
}

/** An address whose port was left open, as 0, with the port that was taken. */
export function withPort(address: string, port: number): string {
  return address.endsWith(":0") ? `${address.slice(0, -1)}${port}` : address;
}
