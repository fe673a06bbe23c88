import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Terminal } from "./terminal.js";

/** Options of every verb that destroys something. */
export const DESTRUCTIVE_OPTIONS = {
  "dry-run": { type: "boolean", default: false, description: "Show what would happen and change nothing" },
  yes: { alias: "y", type: "boolean", default: false, description: "Do not ask" },
} as const;

/**
 * Makes sure that somebody wants what `question` describes: by `yes`, or by asking at a terminal. Throws ABORTED after
 * any other answer, and BAD_REQUEST where nobody can be asked.
 */
export async function confirm(terminal: Terminal, yes: boolean, question: string): Promise<void> {
  if (yes) return;
  if (!terminal.canAsk)
    throw new LogwheelError("BAD_REQUEST", `${question} Say --yes: without a terminal nobody can be asked`);
  const answer = await terminal.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new LogwheelError("ABORTED", "nothing was changed");
}
