import yargs, { type Argv } from "yargs";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { nearest } from "../../proto/kernel/nearest.js";
import { packageVersion } from "../../proto/kernel/version.js";
import { COMPLETE_FLAG, completions } from "./completions.js";
import { EXIT, errorLine, exitCodeOf } from "./exit-code.js";
import { NOUNS, nounOf } from "./nouns.js";
import { processTerminal, type Terminal } from "./terminal.js";
import { type Verb, wordOf } from "./verb.js";

/** Runs the process's command line and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const code = await run(argv, processTerminal());
  // What is still in the pipe goes out first; a handle that somebody forgot does not keep the process alive.
  process.stdout.write("", () => process.exit(code));
}

/** Runs one command line; resolves with its exit code. Whatever goes wrong is one line on the terminal. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const noun = nounOf(argv);
    const verbs = noun === null ? [] : ((await NOUNS[noun]?.load())?.verbs ?? []);
    if (argv[0] === COMPLETE_FLAG) {
      for (const word of completions(argv.slice(1), noun, verbs)) await terminal.out(word);
      return EXIT.ok;
    }
    const parsed = await parse(argv, noun, verbs);
    if (parsed.error !== null) {
      terminal.note(`logwheel: ${parsed.error}${meant(parsed.error, noun, verbs)}; see ${helpOf(argv)}`);
      return EXIT.usage;
    }
    if (parsed.verb === null) {
      await terminal.out(parsed.text);
      return EXIT.ok;
    }
    return (await parsed.verb.run(parsed.args, terminal)) ?? EXIT.ok;
  } catch (thrown) {
    // Whoever pressed Ctrl-C knows.
    if (LogwheelError.is(thrown, "ABORTED") && terminal.signal.aborted) return EXIT.interrupted;
    terminal.note(errorLine(thrown));
    return exitCodeOf(thrown);
  }
}

type Noun = string | null;

interface Parsed {
  /** What is to be run; null when there is only text to show. */
  readonly verb: Verb | null;
  readonly args: unknown;
  /** Help or a version. */
  readonly text: string;
  readonly error: string | null;
}

function parse(argv: readonly string[], noun: Noun, verbs: readonly Verb[]): Promise<Parsed> {
  let verb: Verb | null = null;
  let args: unknown;
  const parser = parserFor(noun, verbs, (chosen, given) => {
    verb = chosen;
    args = given;
  });
  return new Promise((resolve) => {
    parser.parse(argv, {}, (error, _, output) => {
      const text = error === undefined ? output : "";
      resolve({ verb: text === "" ? verb : null, args, text, error: error?.message.split("\n")[0] ?? null });
    });
  });
}

/** `, did you mean …?` for an unknown word that is almost one that exists. */
function meant(error: string, noun: Noun, verbs: readonly Verb[]): string {
  const [, word] = /^Unknown (?:argument|command)s?: ([^,\s]+)/.exec(error) ?? [];
  if (word === undefined) return "";
  const options = verbs.flatMap((verb) => Object.keys(verb.options).map((option) => `--${option}`));
  const known = noun === null ? Object.keys(NOUNS) : verbs.map((verb) => wordOf(verb));
  const found = nearest(word, known) ?? nearest(`--${word}`, options);
  return found === null ? "" : `, did you mean ${found}?`;
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
    .wrap(100);
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
  const names = single.flatMap(([name]) => [
    name,
    name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
  ]);
  const last = names.map((name) => [name, given[name]] as const).filter(([, value]) => Array.isArray(value));
  return {
    ...given,
    ...Object.fromEntries(last.map(([name, value]) => [name, (value as unknown[]).at(-1)])),
  };
}

function helpOf(argv: readonly string[]): string {
  const words = argv.filter((word, i) => i < 2 && !word.startsWith("-"));
  const noun = nounOf(words);
  return ["logwheel", ...(noun === null ? [] : words), "--help"].join(" ");
}
