import { NOUNS } from "./nouns.js";
import { aligned } from "./output.js";

/** Characters of a line of help. */
export const HELP_WIDTH = 100;

const FLAGS = [
  ["      --version", "Show version number"],
  ["  -h, --help", "Show help"],
] as const;
const KIND = "[boolean]";

/** What `logwheel --help` says, as the library would say it. */
export function helpOfAll(): string {
  const nouns = Object.entries(NOUNS).map(([name, { describe }]) => [`  logwheel ${name}`, describe]);
  const flags = aligned(FLAGS).map((line) => line.padEnd(HELP_WIDTH - KIND.length) + KIND);
  return [
    "logwheel <noun> <verb> [options]",
    "",
    "Commands:",
    ...aligned(nouns),
    "",
    "Options:",
    ...flags,
  ].join("\n");
}
