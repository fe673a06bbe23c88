import { packageVersion } from "../proto/kernel/version.js";
import type { NameServerConfig } from "./config.js";
import { quiet } from "./logger.js";
import type { MetricsHttp } from "./metrics-http.js";
import { NameServer } from "./nameserver/name-server.js";
import type { ProcessContext, Running } from "./process.js";
import { serveAll } from "./serving.js";

const GRACE_MS = 1_000;

/** Starts a name server: it serves when this resolves. */
export async function startNameServer(config: NameServerConfig, context: ProcessContext): Promise<Running> {
  const { clock } = context;
  const logger = quiet(context.logger, clock);
  const nameServer = new NameServer({ clock, logger, brokerExpiryMs: config.brokerExpiryMs });
  const { listening, health, address } = await serveAll(config, nameServer.served, { clock, logger });
  await nameServer.start();
  const http = config.metrics === null ? null : await openMetrics(config.metrics, nameServer);
  health.serving = true;
  return {
    ready: `logwheel ${packageVersion} name server ready at ${address}${http === null ? "" : `, metrics at ${http.address}`}`,
    address,
    failed: new Promise(() => {}),
    async stop() {
      health.serving = false;
      await nameServer.stop();
      await listening.stop(GRACE_MS);
      await http?.close();
    },
  };
}

/** The metrics library takes time and memory, so it is imported only where it is wanted. */
async function openMetrics(listen: string, nameServer: NameServer): Promise<MetricsHttp> {
  const { nameServerMetrics } = await import("./metrics.js");
  const { serveMetrics } = await import("./metrics-http.js");
  const metrics = nameServerMetrics(() => nameServer.counts);
  return serveMetrics({ listen, metrics, unready: () => null });
}
