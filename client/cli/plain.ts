import type { Options } from "yargs";
import type { Parsed } from "./parsed.js";
import { camelOf, type Verb, wordOf } from "./verb.js";

/**
 * Reads a command line without the library, which takes a sixth of a broker's start: null unless it is one that needs
 * nothing of it, that is a verb of texts and switches without defaults, each given as `--name value`. What the library
 * would refuse, explain or complete is left to it.
 */
export function parsePlain(
  argv: readonly string[],
  noun: string | null,
  verbs: readonly Verb[],
): Parsed | null {
  const alone = verbs.length === 1 && wordOf(verbs[0]!) === noun;
  const words = alone ? 1 : 2;
  const verb = verbs.find((known) => wordOf(known) === argv[words - 1]);
  if (argv[0] !== noun || verb === undefined || !isPlain(verb)) return null;
  const args: Record<string, string | boolean | string[]> = {};
  for (let at = words; at < argv.length; at += 2) {
    const name = argv[at]!.slice(2);
    const value = argv[at + 1];
    const option = argv[at]!.startsWith("--") ? verb.options[name] : undefined;
    if (option === undefined || value === undefined || !takes(option, value)) return null;
    const before = (args[name] as string[] | undefined) ?? [];
    const one = option.type === "boolean" ? value === "true" : value;
    args[name] = args[camelOf(name)] = option.array === true ? [...before, value] : one;
  }
  return { verb, args, text: "", error: null };
}

function isPlain({ positionals, options }: Verb): boolean {
  const plain = ({ type, alias, default: fallback, demandOption }: Options): boolean =>
    (type === "string" || type === "boolean") &&
    alias === undefined &&
    fallback === undefined &&
    demandOption !== true;
  return Object.keys(positionals).length === 0 && Object.values(options).every(plain);
}

function takes({ type, choices }: Options, value: string): boolean {
  if (type === "boolean") return value === "true" || value === "false";
  return !value.startsWith("-") && (choices === undefined || choices.includes(value));
}
