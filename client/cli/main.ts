import { LogwheelError } from "../../proto/kernel/errors.js";
import { nearest } from "../../proto/kernel/nearest.js";
import { COMPLETE_FLAG, completions } from "./completions.js";
import { EXIT, errorLine, exitCodeOf } from "./exit-code.js";
import { NOUNS, nounOf } from "./nouns.js";
import type { Parsed } from "./parsed.js";
import { parsePlain } from "./plain.js";
import { processTerminal, type Terminal } from "./terminal.js";
import { calledVerb, type Verb, wordOf } from "./verb.js";

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
    const parsed = parsePlain(argv, noun, verbs) ?? (await parse(argv, noun, verbs));
    if (parsed.error !== null) {
      terminal.note(
        `logwheel: ${parsed.error}${meant(parsed.error, noun, verbs)}; see ${helpOf(argv, noun, verbs)}`,
      );
      return EXIT.usage;
    }
    if (parsed.verb === null) {
      await terminal.out(parsed.text);
      return EXIT.ok;
    }
    return (await parsed.verb.run(parsed.args, terminal)) ?? EXIT.ok;
  } catch (thrown) {
    // Whoever pressed Ctrl-C knows.
    if (isAbort(thrown) && terminal.signal.aborted) return EXIT.interrupted;
    terminal.note(errorLine(thrown));
    return exitCodeOf(thrown);
  }
}

function isAbort(thrown: unknown): boolean {
  return LogwheelError.is(thrown, "ABORTED") || (thrown instanceof Error && thrown.name === "AbortError");
}

/** Yargs takes longer to load than most command lines take to run. */
async function parse(argv: readonly string[], noun: string | null, verbs: readonly Verb[]): Promise<Parsed> {
  const { parseWithYargs } = await import("./parser.js");
  return parseWithYargs(argv, noun, verbs);
}

/** `, did you mean …?` for an unknown word that is almost one that exists. */
function meant(error: string, noun: string | null, verbs: readonly Verb[]): string {
  const [, word] = /^Unknown (?:argument|command)s?: ([^,\s]+)/.exec(error) ?? [];
  if (word === undefined) return "";
  const options = verbs.flatMap((verb) => Object.keys(verb.options).map((option) => `--${option}`));
  const known = noun === null ? Object.keys(NOUNS) : verbs.map((verb) => wordOf(verb));
  const found = nearest(word, known) ?? nearest(`--${word}`, options);
  return found === null ? "" : `, did you mean ${found}?`;
}

/** The most that is known of what was meant. */
function helpOf(argv: readonly string[], noun: string | null, verbs: readonly Verb[]): string {
  if (noun === null) return "logwheel --help";
  const verb = calledVerb(argv, noun, verbs);
  const word = verb === null ? noun : wordOf(verb);
  return word === noun ? `logwheel ${noun} --help` : `logwheel ${noun} ${word} --help`;
}
