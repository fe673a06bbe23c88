import { brokerConfig, nameServerConfig, resolved, TABLES } from "../../server/config.js";
import { readSettingsFile } from "../../server/settings/file.js";
import { flagsOf, optionsOf } from "../../server/settings/options.js";
import { Secret } from "../../server/settings/secret.js";
import { OUTPUT_OPTION, showRows } from "./output.js";
import { verb } from "./verb.js";

const ROLE = {
  role: { choices: ["broker", "namesrv"], demandOption: true, description: "Whose settings" },
} as const;
const CONFIG_OPTION = {
  config: { type: "string", requiresArg: true, description: "JSON file with settings" },
} as const;

const CHECK = { broker: brokerConfig, namesrv: nameServerConfig } as const;

/** `logwheel config …`. */
export const verbs = [
  verb({
    command: "print <role>",
    describe: "Show every setting, its value, and where that came from",
    positionals: ROLE,
    options: { ...OUTPUT_OPTION, ...CONFIG_OPTION, ...optionsOf({ ...TABLES.namesrv, ...TABLES.broker }) },
    async run({ role, output, config: configPath, ...rest }, terminal) {
      const given = { flags: flagsOf(TABLES[role], rest), environment: terminal.environment, configPath };
      CHECK[role](given);
      const { values, origins } = resolved(TABLES[role], given) as {
        values: Record<string, unknown>;
        origins: Record<string, string>;
      };
      const rows = Object.entries(values).map(([setting, value]) => ({
        setting,
        value: value instanceof Secret ? String(value) : value,
        origin: origins[setting],
      }));
      await showRows(terminal, output, rows, {
        setting: (row) => row.setting,
        value: (row) => row.value,
        origin: (row) => row.origin,
      });
    },
  }),
  verb({
    command: "validate <role> <file>",
    describe: "Check a settings file; exit code 2 and a line that says why if it is wrong",
    positionals: {
      ...ROLE,
      file: { type: "string", demandOption: true, description: "JSON file with settings" },
    },
    async run({ role, file }, terminal) {
      readSettingsFile(file);
      CHECK[role]({ flags: {}, environment: {}, configPath: file });
      terminal.note(`${file} is right for a ${role === "broker" ? "broker" : "name server"}`);
    },
  }),
];
