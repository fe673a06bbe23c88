import type { Options } from "yargs";
import { helpOfAll } from "./help.js";
import type { Parsed } from "./parsed.js";
import { camelOf, type Verb, wordOf } from "./verb.js";

/**
 * Reads a command line without the library, which takes a hundred milliseconds: null unless it is an ordinary one. What
 * the library would refuse, explain or complete is left to it, and so is every form that is seldom used.
 */
export function parsePlain(
  argv: readonly string[],
  noun: string | null,
  verbs: readonly Verb[],
): Parsed | null {
  if (argv.length === 1 && (argv[0] === "--help" || argv[0] === "-h"))
    return { verb: null, args: undefined, text: helpOfAll(), error: null };
  const alone = verbs.length === 1 && wordOf(verbs[0]!) === noun;
  const words = alone ? 1 : 2;
  const verb = verbs.find((known) => wordOf(known) === argv[words - 1]);
  if (argv[0] !== noun || verb === undefined) return null;
  const line = split(verb, argv.slice(words));
  const places = line && placesOf(verb, line.places);
  const options = line && optionsOf(verb, line.options);
  if (!places || !options) return null;
  return { verb, args: { ...options, ...places }, text: "", error: null };
}

type Values = Map<string, readonly string[]>;

/** Values by option, and the words between them; null for what is no option of the verb, or has no value. */
function split(verb: Verb, words: readonly string[]): { options: Values; places: string[] } | null {
  const options: Values = new Map();
  const places: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (!word.startsWith("-")) {
      places.push(word);
      continue;
    }
    const name = optionNamed(verb, word);
    if (name === undefined) return null;
    const next = words[at + 1];
    const before = options.get(name) ?? [];
    if (verb.options[name]?.type === "boolean" && next !== "true" && next !== "false")
      options.set(name, ["true"]);
    else if (next === undefined || next.startsWith("-")) return null;
    else {
      options.set(name, [...before, next]);
      at++;
    }
  }
  return { options, places };
}

function optionNamed({ options }: Verb, word: string): string | undefined {
  if (word.startsWith("--")) return Object.hasOwn(options, word.slice(2)) ? word.slice(2) : undefined;
  return Object.keys(options).find((name) => `-${options[name]?.alias}` === word);
}

/** Options under both of their names, defaults included; null where the library has something to say. */
function optionsOf({ options }: Verb, given: Values): Record<string, unknown> | null {
  const args: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const texts = given.get(name);
    if (texts === undefined && option.demandOption === true) return null;
    const values = texts?.map((text) => parsed(option, text));
    if (values?.includes(undefined)) return null;
    const value = option.array === true ? values : values?.at(-1);
    args[name] = args[camelOf(name)] = value ?? option.default;
  }
  return args;
}

/** An option's value; undefined for a text that it does not take. */
function parsed({ type, choices }: Options, text: string): unknown {
  if (choices !== undefined && !choices.includes(text)) return undefined;
  if (type === "boolean") return text === "true";
  if (type === "number") return /^(0|[1-9]\d{0,14})(\.\d{1,6})?$/.test(text) ? Number(text) : undefined;
  return type === "string" || choices !== undefined ? text : undefined;
}

/** Positionals by name, as `<one>`, `[none or one]` and `[any...]` of the verb's command have them. */
function placesOf({ command, positionals }: Verb, places: readonly string[]): Record<string, unknown> | null {
  const args: Record<string, unknown> = {};
  let at = 0;
  for (const [place, , name = "", many] of (command[0] ?? "").matchAll(/([<[])([\w-]+)(\.\.\.)?/g)) {
    const texts = many === undefined ? places.slice(at, at + 1) : places.slice(at);
    const values = texts.map((text) => (text === "" ? undefined : parsed(positionals[name] ?? {}, text)));
    if (values.includes(undefined) || (place.startsWith("<") && values.length === 0)) return null;
    args[name] = args[camelOf(name)] = many === undefined ? values[0] : values;
    at += texts.length;
  }
  return at === places.length ? args : null;
}
