import { TABLES } from "../../server/config.js";
import { flagsOf, optionsOf } from "../../server/settings/options.js";
import { verb } from "./verb.js";

const CONFIG_OPTION = {
  config: { type: "string", requiresArg: true, description: "JSON file with settings" },
} as const;

/** `logwheel server …`. */
export const verbs = [
  verb({
    command: "namesrv",
    describe: "Start a name server",
    options: { ...optionsOf(TABLES.namesrv), ...CONFIG_OPTION },
    async run({ config: configPath, ...rest }, { environment }) {
      const { runNameServer } = await import("../../server/main.js");
      return runNameServer({ flags: flagsOf(TABLES.namesrv, rest), environment, configPath });
    },
  }),
  verb({
    command: "broker",
    describe: "Start a broker",
    options: { ...optionsOf(TABLES.broker), ...CONFIG_OPTION },
    async run({ config: configPath, ...rest }, { environment }) {
      const { runBroker } = await import("../../server/main.js");
      return runBroker({ flags: flagsOf(TABLES.broker, rest), environment, configPath });
    },
  }),
  verb({
    command: "gateway",
    describe: "Start a gateway: clients of RocketMQ 5 reach all brokers through it",
    options: { ...optionsOf(TABLES.gateway), ...CONFIG_OPTION },
    async run({ config: configPath, ...rest }, { environment }) {
      const { runGateway } = await import("../../server/main.js");
      return runGateway({ flags: flagsOf(TABLES.gateway, rest), environment, configPath });
    },
  }),
];
