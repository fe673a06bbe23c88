import { parseAddress } from "../../proto/kernel/address.js";
import type { ClusterDescription } from "../index.js";
import { CLIENT_OPTIONS, callOptions, withClient } from "./connection.js";
import { diagnose } from "./doctor.js";
import { EXIT } from "./exit-code.js";
import { optionValue } from "./option-value.js";
import { OUTPUT_OPTION, showOne, showRows } from "./output.js";
import { serverHealth } from "./server-health.js";
import { verb } from "./verb.js";

const OPTIONS = { ...CLIENT_OPTIONS, ...OUTPUT_OPTION } as const;

/** A cluster with the figures that people ask for first. */
function summary({ nameServers, brokers, unreachable }: ClusterDescription): object {
  return {
    nameServers: nameServers.map(({ address, reachable }) => ({ address, reachable })),
    brokers: [
      ...brokers.map(({ name, address, state, version, topics, groups, connections, diskFreeBytes }) => {
        return { name, address, state, version, topics, groups, connections, diskFreeBytes };
      }),
      ...unreachable.map(({ name, address, message }) => ({
        name,
        address,
        state: `unreachable: ${message}`,
      })),
    ],
  };
}

/** `logwheel cluster …`. */
export const verbs = [
  verb({
    command: "info",
    describe: "Show name servers and brokers",
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const cluster = await admin.cluster.describe(callOptions(args, terminal));
        await showOne(terminal, args.output, summary(cluster));
        return cluster.unreachable.length > 0 ? EXIT.partial : EXIT.ok;
      }),
  }),
  verb({
    command: "health",
    describe: "Say whether the cluster, or one server, can do its work; exit code 0 if so",
    options: {
      ...OPTIONS,
      server: {
        type: "string",
        requiresArg: true,
        description: "HOST:PORT of one name server or broker to ask instead of the cluster",
      },
    },
    async run(args, terminal) {
      const options = callOptions(args, terminal);
      const { server } = args;
      if (server !== undefined) optionValue("--server", () => parseAddress(server));
      const health =
        server === undefined
          ? await withClient(args, terminal, ({ admin }) => admin.cluster.health(options))
          : await serverHealth(server, options);
      if (args.output === "table") {
        await terminal.out(health.healthy ? "healthy" : "unhealthy");
        for (const problem of health.problems) await terminal.out(problem);
      } else await showOne(terminal, args.output, health);
      return health.healthy ? EXIT.ok : EXIT.unavailable;
    },
  }),
  verb({
    command: "doctor",
    describe: "Look for what is commonly wrong, from where you are, and say what to do",
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const findings = diagnose(await admin.cluster.describe(callOptions(args, terminal)));
        await showRows(terminal, args.output, findings, {
          level: (finding) => finding.level,
          where: (finding) => finding.where,
          finding: (finding) => finding.sentence,
        });
        return findings.some(({ level }) => level === "problem") ? EXIT.failure : EXIT.ok;
      }),
  }),
];
