import type { ArgumentsCamelCase, InferredOptionTypes, Options, PositionalOptions } from "yargs";
import type { Terminal } from "./terminal.js";

type Positionals = Readonly<Record<string, PositionalOptions>>;
type Flags = Readonly<Record<string, Options>>;

/** What a verb gets: its positionals and options, as yargs parsed them. */
export type Args<P extends Positionals, F extends Flags> = ArgumentsCamelCase<
  InferredOptionTypes<{ -readonly [K in keyof P]: P[K] }> &
    InferredOptionTypes<{ -readonly [K in keyof F]: F[K] }>
>;

/** One thing that the command line does. */
export interface Verb {
  /** As yargs reads it, for example `create <name>`; more names follow the first. */
  readonly command: readonly string[];
  readonly describe: string;
  readonly positionals: Positionals;
  readonly options: Flags;
  /** Resolves with an exit code, 0 when it is void; throws what went wrong. */
  // biome-ignore lint/suspicious/noExplicitAny: verbs of unlike options stand in one table
  readonly run: (args: any, terminal: Terminal) => Promise<number | undefined>;
}

/** Makes a verb whose `run` knows the types of its own options. */
export function verb<const P extends Positionals, const F extends Flags>(parts: {
  readonly command: string | readonly string[];
  readonly describe: string;
  readonly positionals?: P;
  readonly options?: F;
  readonly run: (args: Args<P, F>, terminal: Terminal) => Promise<number | undefined>;
}): Verb {
  const { command, positionals = {}, options = {}, ...rest } = parts;
  return { ...rest, command: typeof command === "string" ? [command] : command, positionals, options };
}

/** The word by which a verb is called. */
export function wordOf(verb: Verb): string {
  return verb.command[0]?.split(" ", 1)[0] ?? "";
}

/** The verb of `noun` that a command line calls, by any of its names; null where it calls none. */
export function calledVerb(argv: readonly string[], noun: string, verbs: readonly Verb[]): Verb | null {
  const [first] = verbs;
  if (first !== undefined && verbs.length === 1 && wordOf(first) === noun) return first;
  const word = argv[argv.indexOf(noun) + 1];
  return verbs.find(({ command }) => command.some((name) => name.split(" ", 1)[0] === word)) ?? null;
}

/** The other name by which a verb finds an option: `in-flight` is `inFlight`. */
export function camelOf(option: string): string {
  return option.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
