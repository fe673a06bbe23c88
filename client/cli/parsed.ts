import type { Verb } from "./verb.js";

/** What a command line says. */
export interface Parsed {
  /** What is to be run; null when there is only text to show. */
  readonly verb: Verb | null;
  readonly args: unknown;
  /** Help or a version. */
  readonly text: string;
  readonly error: string | null;
}
