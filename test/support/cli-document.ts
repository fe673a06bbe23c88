import type { Options } from "yargs";
import { EXIT } from "../../client/cli/exit-code.js";
import { NOUNS } from "../../client/cli/nouns.js";
import type { Verb } from "../../client/cli/verb.js";
import { TABLES } from "../../server/config.js";
import { optionsOf } from "../../server/settings/options.js";

const EXITS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "done",
  failure: "failed",
  usage: "the command line or an argument is wrong",
  notFound: "there is no such topic, group, message, client or broker",
  denied: "not allowed",
  unavailable: "nobody answered, or the broker takes nothing now",
  conflict: "the state of things does not allow it, for example: it exists already",
  partial: "some brokers did it and some did not; see stderr",
  interrupted: "ended by Ctrl-C, or by a no to a question",
};

const SETTINGS = optionsOf({ ...TABLES.namesrv, ...TABLES.gateway, ...TABLES.broker });

/** docs/cli.md, from the table of nouns and their verbs. */
export async function cliDocument(): Promise<string> {
  const sections: string[] = [];
  for (const [name, noun] of Object.entries(NOUNS)) {
    const { verbs } = await noun.load();
    const blocks = verbs.map((verb) => section(noun.alone ? "" : `${name} `, verb));
    sections.push(`## ${name}\n\n${noun.describe}.\n\n${blocks.join("\n\n")}`);
  }
  const exits = Object.entries(EXIT).map(
    ([name, code]) => `| ${code} | ${EXITS[name as keyof typeof EXIT]} |`,
  );
  return `# Command line

Printed from the verbs in \`client/cli/\` by \`npm run docs\`; change them there.

\`logwheel <noun> <verb>\`. Data goes to stdout, everything else to stderr. \`-o json\` is one JSON value, \`-o jsonl\` an object per
line; names and meaning of JSON fields stay as they are. Durations are written \`500ms\`, \`3s\`, \`5m\`, \`2h\`, \`3d\`; times are RFC 3339 or
before now, as in \`-1h\`. Verbs that destroy something show first what they would do (\`--dry-run\` only shows) and ask; without a
terminal they want \`--yes\`. An error is one line: what, where, what to do, and a code of [errors.md](errors.md).

| exit code | meaning |
| --- | --- |
${exits.join("\n")}

\`LOGWHEEL_NAMESRV\` stands for \`--namesrv\` where that is not given. Completion: \`source <(logwheel completion bash)\`.

${sections.join("\n\n")}
`;
}

function section(prefix: string, verb: Verb): string {
  const [usage, ...aliases] = verb.command;
  const also = aliases.length === 0 ? "" : ` Also: ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`;
  const all = Object.entries(verb.options);
  const own = all.filter(([name, option]) => option.description !== SETTINGS[name]?.description);
  const settings = own.length < all.length ? " Settings as options: [config.md](config.md)." : "";
  const options = own.map(([name, option]) => row(name, option));
  const table =
    options.length === 0 ? "" : `\n\n| option | default | |\n| --- | --- | --- |\n${options.join("\n")}`;
  return `### \`logwheel ${prefix}${usage}\`\n\n${verb.describe}.${also}${settings}${table}`;
}

function row(name: string, option: Options): string {
  const alias = option.alias === undefined ? "" : `, \`-${option.alias}\``;
  const fallback = option.defaultDescription ?? (option.default || undefined);
  const choices = option.choices === undefined ? "" : ` (${option.choices.join(", ")})`;
  const required =
    option.demandOption === true ? "required" : fallback === undefined ? "" : `\`${fallback}\``;
  return `| \`--${name}\`${alias} | ${required} | ${(option.description ?? "").replaceAll("|", "\\|")}${choices} |`;
}
