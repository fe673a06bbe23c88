import { camelOf, type Verb } from "./verb.js";

/** What the library says of a wrong command line, in one line that names the option or the place as it is typed. */
export function usageSentence(message: string, verb: Verb | null): string {
  return (
    choiceSentence(message, verb) ??
    placeSentence(message, verb) ??
    missingSentence(message) ??
    unknownSentence(message) ??
    message.split("\n", 1)[0] ??
    message
  );
}

function choiceSentence(message: string, verb: Verb | null): string | null {
  const [, name = "", given, choices = ""] =
    /^Invalid values:\n\s*Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message) ?? [];
  if (given === undefined) return null;
  return `${typed(name, verb)}: ${given} is none of ${choices.replaceAll('"', "")}`;
}

function placeSentence(message: string, verb: Verb | null): string | null {
  const [, got] = /^Not enough non-option arguments: got (\d+)/.exec(message) ?? [];
  if (got === undefined || verb === null) return null;
  const places = (verb.command[0] ?? "").match(/<[\w-]+>/g) ?? [];
  return missing(places.slice(Number(got)));
}

function missingSentence(message: string): string | null {
  const [, valueless] = /^Not enough arguments following: (.+)/.exec(message) ?? [];
  if (valueless !== undefined) return `${dashed(valueless)} needs a value`;
  const [, names] = /^Missing required arguments?: (.+)/.exec(message) ?? [];
  return names === undefined ? null : missing(names.split(", ").map(dashed));
}

/** The library tells of `--some-word` under both names by which it would find it. */
function unknownSentence(message: string): string | null {
  const [, list] = /^Unknown arguments: ([^\n]+)/.exec(message) ?? [];
  if (list === undefined) return null;
  const names = list.split(", ");
  const typedNames = names.filter(
    (name) => !names.some((other) => other !== name && camelOf(other) === name),
  );
  return `Unknown argument${typedNames.length === 1 ? "" : "s"}: ${typedNames.join(", ")}`;
}

function missing(names: readonly string[]): string {
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} missing`;
}

function typed(name: string, verb: Verb | null): string {
  return Object.hasOwn(verb?.positionals ?? {}, name) ? `<${name}>` : dashed(name);
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
