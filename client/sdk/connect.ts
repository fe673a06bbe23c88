import { hostname } from "node:os";
import { parseAddress } from "../../proto/kernel/address.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { type Logger, silentLogger } from "../../proto/kernel/logger.js";
import { type Client, ClusterClient } from "./client.js";
import { atLeast } from "./consume-settings.js";
import { throwIfAborted } from "./deadline.js";
import type { ConnectOptions, Transport } from "./types.js";
import { warningLogger } from "./warning-logger.js";

const REQUEST_TIMEOUT_MS = 3_000;

/**
 * Connects to a cluster over its name servers. Rejects with BROKER_UNAVAILABLE when none of them answers within
 * `requestTimeoutMs`, and with UNSUPPORTED_VERSION when they are of another version; afterwards the client reconnects for
 * ever and tells `status()`.
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { signal } = options;
  throwIfAborted(signal, "connecting");
  const requestTimeoutMs = atLeast("requestTimeoutMs", options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS, 1);
  const logger = options.logger === false ? silentLogger : (options.logger ?? warningLogger);
  const transport = options.transport ?? overGrpc(logger, (...change) => client.connectionChanged(...change));
  const client: ClusterClient = new ClusterClient({
    ...transport,
    logger,
    endpoints: endpointsOf(options.endpoints),
    host: options.clientId ?? hostname(),
    requestTimeoutMs,
    retry: options.retry,
  });
  try {
    await client.start({ timeoutMs: requestTimeoutMs, ...(signal === undefined ? {} : { signal }) });
  } catch (thrown) {
    await client.close({ drain: false });
    throw thrown;
  }
  const close = (): void => {
    client.close().catch(() => {});
  };
  signal?.addEventListener("abort", close, { once: true });
  client.closed.then(() => signal?.removeEventListener("abort", close)).catch(() => {});
  return client;
}

function overGrpc(logger: Logger, changed: ClusterClient["connectionChanged"]): Transport {
  const { random } = Math;
  const connectTo = grpcConnect({
    clock: systemClock,
    logger,
    random,
    client: `node/${process.versions.node}`,
    onState: (address, state, error) => changed(address, state === "connected", error),
  });
  return { connect: connectTo, clock: systemClock, random };
}

function endpointsOf(given: string | readonly string[]): string[] {
  const texts = typeof given === "string" ? given.split(",") : given;
  const endpoints = texts.map((text) => text.trim()).filter((text) => text !== "");
  if (endpoints.length === 0)
    throw new LogwheelError(
      "BAD_REQUEST",
      "endpoints is empty: name at least one name server, such as localhost:9876",
    );
  for (const endpoint of endpoints) parseAddress(endpoint);
  return endpoints;
}
