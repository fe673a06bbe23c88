import { BROKER_SETTINGS } from "../../server/settings/broker.js";
import { KINDS } from "../../server/settings/kinds.js";
import { NAME_SERVER_SETTINGS } from "../../server/settings/name-server.js";
import { defaultText } from "../../server/settings/options.js";
import { flagOf, type Setting, type Table, variableOf } from "../../server/settings/table.js";

/** docs/config.md, from the tables of settings. */
export function configDocument(): string {
  return `# Settings

Printed from the tables in \`server/settings/\` by \`npm run docs\`; change them there.

A setting comes from its flag, else from its environment variable, else from the JSON file named by \`--config FILE\` (or
\`LOGWHEEL_CONFIG\`), else it has its default. In the file the names of the first column are the keys of one object. An unknown
key or variable is an error, and so is a value out of its bounds. \`logwheel config print broker\` shows what holds and where
it came from, \`logwheel config validate broker FILE\` checks a file; the same with \`namesrv\`.

Sizes are written \`65536\`, \`64KiB\`, \`256MiB\`, \`1GiB\`; durations \`500ms\`, \`3s\`, \`5m\`, \`2h\`, \`3d\`, a bare number being
milliseconds; lists with commas (in the file also as an array).

## \`logwheel server namesrv\`

${rows(NAME_SERVER_SETTINGS)}

## \`logwheel server broker\`

${rows(BROKER_SETTINGS)}

## Example file

\`\`\`json
${JSON.stringify({ name: "broker-a", listen: "0.0.0.0:10911", advertise: "10.0.0.5:10911", namesrv: ["10.0.0.3:9876", "10.0.0.4:9876"], data: "/var/lib/logwheel", retentionMs: "7d" }, null, 2)}
\`\`\`
`;
}

function rows(table: Table): string {
  const lines = Object.entries(table).map(
    ([key, setting]) =>
      `| \`${key}\` | ${flag(key, setting)} | \`${variableOf(key)}\` | ${code(defaultText(setting))} | ${bounds(setting)} | ${setting.doc} |`,
  );
  return `| setting | flag | variable | default | bounds | |\n| --- | --- | --- | --- | --- | --- |\n${lines.join("\n")}`;
}

function flag(key: string, setting: Setting): string {
  return setting.kind === "secret" ? "" : `\`--${flagOf(key)} ${placeholder(setting)}\``;
}

function placeholder(setting: Setting): string {
  return setting.choices?.join("\\|") ?? KINDS[setting.kind].placeholder.replaceAll("|", "\\|");
}

function bounds(setting: Setting): string {
  const write = (bound: number | undefined): string =>
    bound === undefined ? "" : KINDS[setting.kind].write(bound as never);
  if (setting.min === undefined && setting.max === undefined) return "";
  return `${write(setting.min)} to ${write(setting.max)}`;
}

function code(text: string | null): string {
  return text === null ? "" : `\`${text}\``;
}
