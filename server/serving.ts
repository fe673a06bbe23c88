import type { Served } from "../proto/kernel/channel.js";
import type { Clock } from "../proto/kernel/clock.js";
import { LogwheelError } from "../proto/kernel/errors.js";
import { serve } from "../proto/kernel/grpc-server.js";
import { type TlsIdentity, tlsProblem } from "../proto/kernel/grpc-tls.js";
import { Health } from "../proto/kernel/health.js";
import type { Listening } from "../proto/kernel/listening.js";
import type { Logger } from "../proto/kernel/logger.js";
import { reflection } from "../proto/kernel/reflection.js";
import { readNamedFile } from "./settings/file.js";

/** Settings of every process that listens. */
export interface ListenerConfig {
  readonly listen: string;
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
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
    tls: tlsIdentity(config),
    limits: { connectionsMax, connectionsPerAddressMax, streamsMax },
  });
  return { listening, health, address: withPort(listen, listening.port) };
}

/** What `tlsCert` and `tlsKey` name; undefined without them. BAD_REQUEST says what is wrong with the files. */
function tlsIdentity({ tlsCert, tlsKey }: ListenerConfig): TlsIdentity | undefined {
  if (tlsCert === null || tlsKey === null) return undefined;
  const identity = { cert: readNamedFile("tlsCert", tlsCert), key: readNamedFile("tlsKey", tlsKey) };
  const problem = tlsProblem(identity);
  if (problem === null) return identity;
  throw new LogwheelError(
    "BAD_REQUEST",
    `tlsCert ${tlsCert} and tlsKey ${tlsKey} cannot be used (${problem}): they have to be PEM files of a certificate and of its own key, the key without a passphrase`,
  );
}

/** An address whose port was left open, as 0, with the port that was taken. */
export function withPort(address: string, port: number): string {
  return address.endsWith(":0") ? `${address.slice(0, -1)}${port}` : address;
}
