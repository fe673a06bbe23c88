import { LogwheelError } from "../../proto/kernel/errors.js";
import { CLIENT_OPTIONS, callOptions, withClient } from "./connection.js";
import { EXIT } from "./exit-code.js";
import { OUTPUT_OPTION, showOne, showRows } from "./output.js";
import { verb } from "./verb.js";

const OPTIONS = { ...CLIENT_OPTIONS, ...OUTPUT_OPTION } as const;

/** `logwheel broker …`. */
export const verbs = [
  verb({
    command: ["list", "ls"],
    describe: "List brokers",
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { brokers, unreachable } = await admin.cluster.describe(callOptions(args, terminal));
        const silent = unreachable.map(({ name, address }) => ({ name, address, state: "unreachable" }));
        type Row = (typeof silent)[number] & Partial<(typeof brokers)[number]>;
        await showRows<Row>(terminal, args.output, [...brokers, ...silent], {
          name: (broker) => broker.name,
          address: (broker) => broker.address,
          state: (broker) => broker.state,
          version: (broker) => broker.version,
          flush: (broker) => broker.flush,
          topics: (broker) => broker.topics,
          groups: (broker) => broker.groups,
        });
        for (const { name, message } of unreachable) terminal.note(`logwheel: ${name}: ${message}`);
        return unreachable.length > 0 ? EXIT.partial : EXIT.ok;
      }),
  }),
  verb({
    command: "describe <name>",
    describe: "Show a broker: log, disk, memory, connections",
    positionals: { name: { type: "string", demandOption: true, description: "Name of the broker" } },
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { brokers, unreachable } = await admin.cluster.describe(callOptions(args, terminal));
        const silent = unreachable.find(({ name }) => name === args.name);
        if (silent !== undefined)
          throw new LogwheelError("BROKER_UNAVAILABLE", `${silent.name}: ${silent.message}`);
        const found = brokers.find(({ name }) => name === args.name);
        if (found === undefined)
          throw new LogwheelError(
            "BROKER_NOT_FOUND",
            `no broker called ${args.name} is registered; see logwheel broker list`,
          );
        await showOne(terminal, args.output, found);
        return undefined;
      }),
  }),
];
