import { packageVersion } from "../proto/kernel/version.js";
import { startBroker } from "./broker-process.js";
import type { BrokerConfig, NameServerConfig } from "./config.js";
import { startNameServer } from "./name-server-process.js";
import type { ProcessContext, Running } from "./process.js";

/** What a development process serves. */
export interface DevConfig {
  readonly nameServer: NameServerConfig;
  /** Registers with that name server, whatever its own `namesrv` says. */
  readonly broker: BrokerConfig;
  /** Proves that the cluster works; it counts as ready when this resolves. */
  readonly probe: (nameServer: string) => Promise<void>;
  /** Lines below the ready line: what to try next. */
  readonly hints: (nameServer: string) => readonly string[];
}

/** Starts a name server and a broker in one process. */
export async function startDev(config: DevConfig, context: ProcessContext): Promise<Running> {
  const { clock } = context;
  const beganMs = clock.monotonicMs();
  const nameServer = await startNameServer(config.nameServer, context);
  const broker = await startBroker({ ...config.broker, namesrv: [nameServer.address] }, context);
  await Promise.race([config.probe(nameServer.address), rejectedBy(broker.failed)]);
  const tookMs = Math.round(clock.monotonicMs() - beganMs);
  const ready = `logwheel ${packageVersion} ready in ${tookMs} ms: name server ${nameServer.address}, broker ${broker.address}, data ${config.broker.data}`;
  return {
    ready: [ready, ...config.hints(nameServer.address)].join("\n"),
    address: nameServer.address,
    failed: broker.failed,
    async stop() {
      await broker.stop();
      await nameServer.stop();
    },
  };
}

async function rejectedBy(failed: Promise<Error>): Promise<never> {
  throw await failed;
}
