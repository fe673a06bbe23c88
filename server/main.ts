import { systemClock } from "../proto/kernel/clock.js";
import { LogwheelError } from "../proto/kernel/errors.js";
import { brokerConfig, type Given, gatewayConfig, nameServerConfig } from "./config.js";
import type { DevConfig } from "./dev-process.js";
import { openLogger } from "./logger.js";
import { startNameServer } from "./name-server-process.js";
import { type ProcessContext, type ProcessPort, type Running, runRole } from "./process.js";

/** Runs a name server until it is told to stop; resolves with the exit code of the process. Rejects if it cannot start. */
export function runNameServer(given: Given): Promise<number> {
  return runWith(() => nameServerConfig(given), startNameServer);
}

/** Runs a broker until it is told to stop; resolves with the exit code of the process. Rejects if it cannot start. */
export function runBroker(given: Given): Promise<number> {
  return runWith(
    () => brokerConfig(given),
    async (config, context) => (await import("./broker-process.js")).startBroker(config, context),
  );
}

/** Runs a gateway until it is told to stop; resolves with the exit code of the process. Rejects if it cannot start. */
export function runGateway(given: Given): Promise<number> {
  return runWith(
    () => gatewayConfig(given),
    async (config, context) => (await import("./gateway-process.js")).startGateway(config, context),
  );
}

/** What `runDev` needs besides settings. */
export type Dev = Pick<DevConfig, "probe" | "hints">;

/** The same with a name server and a broker in one process. */
export function runDev(given: Given, dev: Dev): Promise<number> {
  const read = () => {
    const broker = brokerConfig(given);
    const listen = broker.namesrv[0] ?? broker.listen;
    const nameServer = nameServerConfig({ environment: {}, flags: { listen, logLevel: broker.logLevel } });
    return { ...dev, nameServer, broker, logLevel: broker.logLevel, stopMs: broker.stopMs };
  };
  return runWith(read, async (config, context) =>
    (await import("./dev-process.js")).startDev(config, context),
  );
}

async function runWith<
  C extends { readonly logLevel: Parameters<typeof openLogger>[0]; readonly stopMs: number },
>(read: () => C, start: (config: C, context: ProcessContext) => Promise<Running>): Promise<number> {
  const port = processPort();
  const config = read();
  const context = { clock: systemClock, random: Math.random, logger: openLogger(config.logLevel) };
  guardAgainstBugs(context, port);
  return runRole(() => start(config, context), context, port, config.stopMs);
}

function processPort(): ProcessPort {
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    onSignal(listener) {
      const signals = ["SIGTERM", "SIGINT"] as const;
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
  };
}

/**
 * What nobody caught ends the process: its state cannot be trusted, and what it acknowledged is safe. The log has the
 * stack, the person at the terminal gets a sentence.
 */
function guardAgainstBugs({ logger }: ProcessContext, port: ProcessPort): void {
  process.once("uncaughtException", (thrown) => {
    logger.error({ err: thrown }, "uncaught");
    logger.flush();
    port.err(`logwheel: stopped by a bug: ${LogwheelError.from(thrown).message}; the log has the details`);
    process.exit(1);
  });
}
