import { grpcConnect } from "../proto/kernel/grpc-client.js";
import { counted } from "../proto/kernel/quantity.js";
import { packageVersion } from "../proto/kernel/version.js";
import type { GatewayConfig } from "./config.js";
import type { Gateway } from "./gateway/gateway.js";
import { NameServerSearch } from "./gateway/name-server-search.js";
import { quiet } from "./logger.js";
import type { MetricsHttp } from "./metrics-http.js";
import type { ProcessContext, Running } from "./process.js";
import { clusterGateway, openGatewayWarning } from "./rocketmq.js";
import { type Serving, serveAll } from "./serving.js";

/** Time for calls that run when the gateway stops taking new ones. */
const GRACE_MS = 5_000;

/** Of the time for a stop, what clients have to settle the messages that they have: the rest is for calls. */
const CLIENTS_SHARE = 2 / 3;

/**
 * Starts a gateway: it serves when this resolves, whether a name server can be reached or not. Without one its calls
 * are refused until there is one.
 */
export async function startGateway(config: GatewayConfig, context: ProcessContext): Promise<Running> {
  const { clock, random } = context;
  const logger = quiet(context.logger, clock);
  const connect = grpcConnect({ clock, random, logger, client: `gateway/${packageVersion}` });
  const { gateway, nameServers } = clusterGateway({
    config,
    clock,
    random,
    logger,
    connect,
  });
  const serving = await serveAll(config, gateway.served, { clock, logger });
  const search = new NameServerSearch({ clock, logger, nameServers, addresses: config.namesrv });
  const parts: Parts = { gateway, search, serving, stopping: false };
  await gateway.start();
  await search.look();
  const http = config.metrics === null ? null : await openMetrics(config.metrics, parts);
  serving.health.serving = true;
  const open = openGatewayWarning(config);
  if (open !== null) logger.warn({ listen: config.listen }, open);
  return {
    ready: readyLine(serving.address, search.brokers, http?.address),
    address: serving.address,
    failed: new Promise(() => {}),
    async stop() {
      parts.stopping = true;
      serving.health.serving = false;
      search.stop();
      await gateway.finish(config.stopMs * CLIENTS_SHARE);
      gateway.drain();
      await serving.listening.stop(GRACE_MS);
      await gateway.stop();
      await http?.close();
    },
  };
}

interface Parts {
  readonly gateway: Gateway;
  readonly search: NameServerSearch;
  readonly serving: Serving;
  stopping: boolean;
}

/** The metrics library takes time and memory, so it is imported only where it is wanted. */
async function openMetrics(listen: string, parts: Parts): Promise<MetricsHttp> {
  const { gatewayMetrics } = await import("./metrics.js");
  const { serveMetrics } = await import("./metrics-http.js");
  const { gateway, serving } = parts;
  const metrics = gatewayMetrics(() => ({
    ...gateway.counts,
    connections: serving.listening.connections(),
  }));
  return serveMetrics({ listen, metrics, unready: () => unreadyReason(parts) });
}

function unreadyReason({ search, stopping }: Parts): string | null {
  if (stopping) return "the gateway is stopping";
  return search.brokers === undefined ? "no name server has answered yet" : null;
}

function readyLine(address: string, brokers: number | undefined, metrics: string | undefined): string {
  const found =
    brokers === undefined ? "no name server answers yet" : `${counted(brokers, "broker")} in the routes`;
  const parts = [`logwheel ${packageVersion} gateway ready at ${address}`, found];
  return (metrics === undefined ? parts : [...parts, `metrics at ${metrics}`]).join(", ");
}
