import type { Connect } from "../proto/kernel/channel.js";
import { grpcConnect } from "../proto/kernel/grpc-client.js";
import type { Logger } from "../proto/kernel/logger.js";
import { packageVersion } from "../proto/kernel/version.js";
import { Broker, type BrokerOptions } from "./broker/broker.js";
import { consumeCounters } from "./broker/counters.js";
import { type BrokerFigures, type Meter, NO_DELAYS, NO_TRANSACTIONS, silentMeter } from "./broker/meter.js";
import { type ReachabilityOptions, reachabilityWarning } from "./broker/reachability.js";
import { Shedding } from "./broker/shedding.js";
import type { BrokerConfig } from "./config.js";
import type { Files } from "./disk/files.js";
import { NodeFiles } from "./disk/node-files.js";
import type { Gateway } from "./gateway/gateway.js";
import { quiet } from "./logger.js";
import { LoopLag } from "./loop-lag.js";
import type { MetricsHttp } from "./metrics-http.js";
import type { ProcessContext, Running } from "./process.js";
import { brokerGateway, openGatewayWarning } from "./rocketmq.js";
import { type Serving, serveAll, withPort } from "./serving.js";

/** Time for calls that run when the broker stops taking new ones. */
const GRACE_MS = 5_000;

/** Of the time for a stop, what consumers have to finish: the rest is for calls, writes and name servers. */
const CONSUMERS_SHARE = 2 / 3;

/**
 * Starts a broker: recovers its log, serves, and enters the routes. When this resolves it is registered with every
 * name server that can be reached.
 */
export async function startBroker(config: BrokerConfig, context: ProcessContext): Promise<Running> {
  const { clock, random } = context;
  const logger = quiet(context.logger, clock);
  const connect = grpcConnect({ clock, random, logger, client: `broker/${packageVersion}` });
  const shedding = new Shedding(config.loopLagMs);
  const lag = new LoopLag(clock, (lagMs) => shedding.second(lagMs));
  const parts: Parts = { lag, stopping: false };
  const metered = config.metrics === null ? null : await openMetrics(config.metrics, parts);
  const meter = metered?.meter ?? silentMeter;
  const connections = (): number => parts.serving?.listening.connections() ?? 0;
  const files = await NodeFiles.open(config.data);
  const broker = await Broker.open(
    brokerOptions(config, {
      ...context,
      files,
      logger,
      connect,
      meter,
      shedding,
      connections,
      rocketmq: () => parts.gateway?.admin,
    }),
  );
  parts.broker = broker;
  let address = config.advertise;
  parts.gateway = config.rocketmq
    ? brokerGateway({
        broker,
        name: config.name,
        config,
        clock,
        random,
        logger,
        connect,
        address: () => address,
      })
    : undefined;
  const { gateway } = parts;
  const serving = await serveAll(config, [...broker.served, ...(gateway?.served ?? [])], { clock, logger });
  parts.serving = serving;
  address = withPort(config.advertise, serving.listening.port);
  broker.advertise(address);
  await lag.start();
  await broker.start();
  await gateway?.start();
  serving.health.serving = true;
  const open = config.rocketmq ? openGatewayWarning(config) : null;
  if (open !== null) logger.warn({ listen: config.listen }, open);
  const { startedAtMs } = broker;
  warnIfUnreachable({ ...config, advertise: address, startedAtMs, connect }, parts, logger);
  return {
    ready: readyLine(config, address, serving, broker, metered?.http.address),
    address,
    failed: broker.failed,
    async stop() {
      parts.stopping = true;
      serving.health.serving = false;
      await broker.drain(config.stopMs * CONSUMERS_SHARE);
      gateway?.drain();
      await serving.listening.stop(GRACE_MS);
      await gateway?.stop();
      await broker.stop();
      await lag.stop();
      await metered?.http.close();
    },
  };
}

/** What a broker needs that no setting says. */
export interface BrokerDeps extends Omit<ProcessContext, "logger"> {
  readonly files: Files;
  readonly logger: Logger;
  readonly connect: Connect;
  readonly meter: Meter;
  readonly shedding: Shedding;
  readonly connections: () => number;
  readonly rocketmq?: NonNullable<BrokerOptions["rocketmq"]>;
}

/** A broker's settings as it takes them. */
export function brokerOptions(config: BrokerConfig, deps: BrokerDeps): BrokerOptions {
  return {
    ...deps,
    name: config.name,
    version: packageVersion,
    flush: config.flush,
    flushMs: config.flushMs,
    flushBytes: config.flushBytes,
    unflushedBytesMax: config.unflushedBytesMax,
    segmentBytes: config.segmentBytes,
    retentionMs: config.retentionMs,
    ...(config.retentionBytes === null ? {} : { retentionBytes: config.retentionBytes }),
    pendingPercent: config.pendingPercent,
    ...(config.acceptDamage === null ? {} : { acceptDamage: config.acceptDamage }),
    disk: {
      warnPercent: config.diskWarnPercent,
      refusePercent: config.diskRefusePercent,
      freeBytesMin: config.diskFreeBytesMin,
      reserveBytes: config.diskReserveBytes,
    },
    autoCreate: config.autoCreateTopics,
    autoCreateQueues: config.autoCreateQueues,
    topicsMax: config.topicsMax,
    queuesMax: config.queuesPerTopicMax,
    acceptedBytesMax: config.acceptedBytesMax,
    sendWaitMs: config.sendWaitMs,
    bodyBytesMax: config.bodyBytesMax,
    oldReadBytes: config.oldReadBytes,
    pullWaitMsMax: config.pullWaitMsMax,
    groupsMax: config.groupsMax,
    subscriptionsMax: config.subscriptionsMax,
    memberHeartbeatMs: config.memberHeartbeatMs,
    memberExpiryMs: config.memberExpiryMs,
    nameServers: config.namesrv,
    heartbeatMs: config.heartbeatMs,
    due: {
      delayLevels: config.delayLevels,
      delayMsMax: config.delayMsMax,
      delayedMax: config.delayedMax,
      transactionCheckAfterMs: config.transactionCheckAfterMs,
      transactionCheckEveryMs: config.transactionCheckEveryMs,
      transactionChecksMax: config.transactionChecksMax,
      transactionsMax: config.transactionsMax,
      memberHeartbeatMs: config.memberHeartbeatMs,
      memberExpiryMs: config.memberExpiryMs,
    },
    machine: () => ({ memoryBytes: process.memoryUsage.rss(), nodeVersion: process.version }),
  };
}

/** What there is of a broker so far. */
interface Parts {
  broker?: Broker;
  /** Undefined for good with `--rocketmq false`. */
  gateway?: Gateway | undefined;
  serving?: Serving;
  readonly lag: LoopLag;
  stopping: boolean;
}

/** The metrics library takes time and memory, so it is imported only where it is wanted. */
async function openMetrics(listen: string, parts: Parts): Promise<{ meter: Meter; http: MetricsHttp }> {
  const { brokerMetrics } = await import("./metrics.js");
  const { serveMetrics } = await import("./metrics-http.js");
  const metrics = brokerMetrics(async () => (await parts.broker?.figures()) ?? NOTHING_YET);
  return {
    meter: metrics.meter,
    http: await serveMetrics({ listen, metrics, unready: () => unreadyReason(parts) }),
  };
}

/** Above this delay of the event loop, milliseconds, the broker should get no new traffic. */
const UNREADY_LAG_MS = 1_000;

function unreadyReason({ broker, serving, lag, stopping }: Parts): string | null {
  if (stopping) return "the broker is stopping";
  if (broker === undefined) return "the broker recovers its log";
  if (serving?.health.serving !== true) return "the broker is starting";
  return lag.lagMs > UNREADY_LAG_MS ? `the event loop is ${Math.round(lag.lagMs)} ms late` : null;
}

/** Not waited for: an address that only works from outside must not keep the broker from serving. */
function warnIfUnreachable(options: ReachabilityOptions, parts: Parts, logger: Logger): void {
  reachabilityWarning(options).then(
    (warning) =>
      warning !== null && !parts.stopping && logger.warn({ advertise: options.advertise }, warning),
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
  consuming: consumeCounters(),
  delays: NO_DELAYS,
  transactions: NO_TRANSACTIONS,
};
