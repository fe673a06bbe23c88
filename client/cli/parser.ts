import yargs, { type Argv } from "yargs";
import { packageVersion } from "../../proto/kernel/version.js";
import { HELP_WIDTH } from "./help.js";
import { NOUNS } from "./nouns.js";
import type { Parsed } from "./parsed.js";
import { usageSentence } from "./usage-sentence.js";
import { calledVerb, camelOf, type Verb } from "./verb.js";

type Noun = string | null;

/** Reads a command line that is about `noun`, of which `verbs` are known. */
export function parseWithYargs(argv: readonly string[], noun: Noun, verbs: readonly Verb[]): Promise<Parsed> {
  let verb: Verb | null = null;
  let args: unknown;
  const parser = parserFor(noun, verbs, (chosen, given) => {
    verb = chosen;
    args = given;
  });
  return new Promise((resolve) => {
    parser.parse(argv, {}, (error, _, output) => {
      const wrong = error?.message ?? noNumber(verb, args);
      const text = wrong === null ? output : "";
      const sentence =
        wrong === null ? null : usageSentence(wrong, noun === null ? null : calledVerb(argv, noun, verbs));
      resolve({ verb: text === "" ? verb : null, args, text, error: sentence });
    });
  });
}

/** The library takes any word for a number. */
function noNumber(verb: Verb | null, args: unknown): string | null {
  const given = (args ?? {}) as Readonly<Record<string, unknown>>;
  const name = Object.keys(verb?.options ?? {}).find((option) => Number.isNaN(given[option]));
  return name === undefined ? null : `--${name} takes a number`;
}

type Choose = (verb: Verb, args: unknown) => void;

/** A parser that knows every noun, and the verbs of the one that the command line is about. */
function parserFor(noun: Noun, verbs: readonly Verb[], choose: Choose): Argv {
  let parser = yargs()
    .scriptName("logwheel")
    .usage("$0 <noun> <verb> [options]")
    .locale("en")
    .parserConfiguration({
      "dot-notation": false,
      "greedy-arrays": false,
    })
    .strict()
    .demandCommand(1, "a noun is missing")
    .showHelpOnFail(false)
    .exitProcess(false)
    .version(packageVersion)
    .help()
    .alias("help", "h")
    .wrap(HELP_WIDTH);
  for (const [name, { describe, alone }] of Object.entries(NOUNS)) {
    const own = name === noun ? verbs : [];
    if (alone && own[0] !== undefined) parser = addVerb(parser, own[0], choose);
    else parser = parser.command(name, describe, (inner) => addVerbs(inner, name, own, choose));
  }
  return parser;
}

function addVerbs(parser: Argv, noun: string, verbs: readonly Verb[], choose: Choose): Argv {
  const usage = parser.usage(`$0 ${noun} <verb> [options]`).demandCommand(1, "a verb is missing");
  return verbs.reduce((inner, verb) => addVerb(inner, verb, choose), usage);
}

function addVerb(parser: Argv, verb: Verb, choose: Choose): Argv {
  return parser.command({
    command: verb.command,
    describe: verb.describe,
    builder: (inner) => {
      let built = inner;
      for (const [name, positional] of Object.entries(verb.positionals))
        built = built.positional(name, positional);
      return built.options({ ...verb.options });
    },
    handler: (given) => choose(verb, lastOnes(verb, given)),
  });
}

/** An option that takes one value and was given several times has the last. */
function lastOnes(verb: Verb, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const single = Object.entries(verb.options).filter(([, option]) => option.array !== true);
  const names = single.flatMap(([name]) => [name, camelOf(name)]);
  const last = names.map((name) => [name, given[name]] as const).filter(([, value]) => Array.isArray(value));
  return {
    ...given,
    ...Object.fromEntries(last.map(([name, value]) => [name, (value as unknown[]).at(-1)])),
  };
}
