import type { Connect } from "../proto/kernel/channel.js";
import { grpcConnect } from "../proto/kernel/grpc-client.js";
import type { Logger } from "../proto/kernel/logger.js";
import { packageVersion } from "../proto/kernel/version.js";
import { Broker } from "./broker/broker.js";
import type { BrokerFigures, Meter } from "./broker/meter.js";
import { reachabilityWarning } from "./broker/reachability.js";
import type { BrokerConfig } from "./config.js";
import { NodeFiles } from "./disk/node-files.js";
import { quiet } from "./logger.js";
import { LoopLag } from "./loop-lag.js";
import { brokerMetrics } from "./metrics.js";
import { serveMetrics } from "./metrics-http.js";
import type { ProcessContext, Running } from "./process.js";
import { type Serving, serveAll, withPort } from "./serving.js";

/** Time for calls that run when the broker stops taking new ones. */
const GRACE_MS = 5_000;

/**
 * Starts a broker: recovers its log, serves, and enters the routes. When this resolves it is registered with every
 * name server that can be reached.
 */
export async function startBroker(config: BrokerConfig, context: ProcessContext): Promise<Running> {
  const { clock, random } = context;
  const logger = quiet(context.logger, clock);
  const connect = grpcConnect({ clock, random, logger, client: `broker/${packageVersion}` });
  const lag = new LoopLag(clock);
  const state: { broker?: Broker; serving?: Serving; stopping: boolean } = { stopping: false };
  const metrics = brokerMetrics(async () => (await state.broker?.figures()) ?? NOTHING_YET);
  const unready = (): string | null => unreadyReason(state, lag);
  const http =
    config.metrics === null ? null : await serveMetrics({ listen: config.metrics, metrics, unready });
  const connections = (): number => state.serving?.listening.connections() ?? 0;
  const broker = await openBroker(config, {
    ...context,
    logger,
    connect,
    meter: metrics.meter,
    lag,
    connections,
  });
  state.broker = broker;
  const serving = await serveAll(config, broker.served, { clock, logger });
  state.serving = serving;
  const address = withPort(config.advertise, serving.listening.port);
  broker.advertise(address);
  await lag.start();
  await broker.start();
  serving.health.serving = true;
  warnIfUnreachable(config, address, { broker, connect, logger });
  return {
    ready: readyLine(config, address, serving, broker, http?.address),
    address,
    failed: broker.failed,
    async stop() {
      state.stopping = true;
      serving.health.serving = false;
      await broker.drain();
      await serving.listening.stop(GRACE_MS);
      await broker.stop();
      await lag.stop();
      await http?.close();
    },
  };
}

interface OpenDeps extends Omit<ProcessContext, "logger"> {
  readonly logger: Logger;
  readonly connect: Connect;
  readonly meter: Meter;
  readonly lag: LoopLag;
  readonly connections: () => number;
}

async function openBroker(config: BrokerConfig, deps: OpenDeps): Promise<Broker> {
  const { clock, random, logger, connect, meter, lag, connections } = deps;
  return Broker.open({
    files: await NodeFiles.open(config.data),
    clock,
    random,
    logger,
    connect,
    meter,
    name: config.name,
    version: packageVersion,
    flush: config.flush,
    segmentBytes: config.segmentBytes,
    retentionMs: config.retentionMs,
    ...(config.retentionBytes === null ? {} : { retentionBytes: config.retentionBytes }),
    ...(config.acceptDamage === null ? {} : { acceptDamage: config.acceptDamage }),
    disk: {
      warnPercent: config.diskWarnPercent,
      refusePercent: config.diskRefusePercent,
      freeBytesMin: config.diskFreeBytesMin,
    },
    autoCreate: config.autoCreateTopics,
    autoCreateQueues: config.autoCreateQueues,
    topicsMax: config.topicsMax,
    queuesMax: config.queuesPerTopicMax,
    acceptedBytesMax: config.acceptedBytesMax,
    sendWaitMs: config.sendWaitMs,
    loopLagMsMax: config.loopLagMs,
    nameServers: config.namesrv,
    heartbeatMs: config.heartbeatMs,
    loopLagMs: () => lag.lagMs,
    connections,
    machine: () => ({ memoryBytes: process.memoryUsage.rss(), nodeVersion: process.version }),
  });
}

/** Above this delay of the event loop, milliseconds, the broker should get no new traffic. */
const UNREADY_LAG_MS = 1_000;

function unreadyReason(
  state: { broker?: Broker; serving?: Serving; stopping: boolean },
  lag: LoopLag,
): string | null {
  if (state.stopping) return "the broker is stopping";
  if (state.broker === undefined) return "the broker recovers its log";
  if (state.serving?.health.serving !== true) return "the broker is starting";
  return lag.lagMs > UNREADY_LAG_MS ? `the event loop is ${Math.round(lag.lagMs)} ms late` : null;
}

/** Not waited for: an address that only works from outside must not keep the broker from serving. */
function warnIfUnreachable(
  config: BrokerConfig,
  advertise: string,
  { broker, connect, logger }: { broker: Broker; connect: Connect; logger: Logger },
): void {
  const { name, listen } = config;
  reachabilityWarning({ name, startedAtMs: broker.startedAtMs, listen, advertise, connect }).then(
    (warning) => warning !== null && logger.warn({ advertise }, warning),
    () => {},
  );
}

function readyLine(
  { name, data, flush }: BrokerConfig,
  address: string,
  serving: Serving,
  broker: Broker,
  metrics: string | undefined,
): string {
  const { nameServers } = broker;
  const registered = nameServers.filter(({ connected }) => connected).length;
  const at = serving.address === address ? address : `${serving.address}, advertised as ${address}`;
  const parts = [
    `logwheel ${packageVersion} broker ${name} ready at ${at}`,
    `registered with ${registered} of ${nameServers.length} name servers`,
    `data ${data}`,
    `flush ${flush}`,
    ...(metrics === undefined ? [] : [`metrics at ${metrics}`]),
  ];
  return parts.join(", ");
}

const NOTHING_YET: BrokerFigures = {
  topics: 0,
  groups: 0,
  connections: 0,
  members: 0,
  unflushedBytes: 0,
  logBytes: 0,
  segments: 0,
  diskBytes: 0,
  diskFreeBytes: 0,
  diskTotalBytes: 0,
  progress: [],
};
