import { setMaxListeners } from "node:events";
import { createInterface } from "node:readline";
import { addAbortSignal } from "node:stream";
import { byteLines } from "./byte-lines.js";
import { EXIT } from "./exit-code.js";

/** Where a verb writes, reads and asks: the process's streams, or in tests what stands for them. */
export interface Terminal {
  /** Whether a person sees the output. */
  readonly outIsTty: boolean;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Data, a line of it; resolves when there is room for more. */
  out(line: string): Promise<void>;
  /** Everything that is not data: notes, warnings, errors, progress. */
  note(line: string): void;
  /** Progress that replaces itself: only a person at a terminal sees it. */
  progress(line: string): void;
  /** What was piped in, line by line; ends with an AbortError at Ctrl-C. */
  lines(): AsyncIterable<Uint8Array>;
  /** Asks a person for an answer. */
  ask(question: string): Promise<string>;
  /** Aborts at the first Ctrl-C; looking at it is what makes Ctrl-C polite. */
  readonly signal: AbortSignal;
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  let interrupted: AbortSignal | null = null;
  endWithReader(stdout);
  endWithReader(stderr);
  const signal = (): AbortSignal => {
    interrupted ??= firstInterrupt();
    return interrupted;
  };
  return {
    outIsTty: stdout.isTTY === true,
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    environment: process.env,
    async out(line) {
      if (!stdout.write(`${line}\n`))
        await new Promise<void>((resolve) => stdout.once("drain", () => resolve()));
    },
    note: (line) => void stderr.write(`${line}\n`),
    progress: (line) => void (stderr.isTTY && stderr.write(`\r\x1b[K${line}`)),
    lines: () => byteLines(addAbortSignal(signal(), stdin)),
    ask: (question) => {
      const reader = createInterface({ input: stdin, output: stderr });
      return new Promise((resolve) => {
        // Ctrl-C or Ctrl-D: the line of the question is still open.
        const unanswered = (): void => {
          stderr.write("\n");
          resolve("");
        };
        reader.once("close", unanswered);
        reader.question(question, (answer) => {
          reader.off("close", unanswered);
          resolve(answer);
          reader.close();
        });
      });
    },
    get signal() {
      return signal();
    },
  };
}

/** A reader that has seen enough (`| head`) is no failure, a full disk behind `>` is one. */
function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok);
    if (stream !== process.stderr)
      process.stderr.write(`logwheel: the output cannot be written: ${error.message}\n`);
    process.exit(EXIT.failure);
  });
}

function firstInterrupt(): AbortSignal {
  const stop = new AbortController();
  // Everything under way listens to it.
  setMaxListeners(0, stop.signal);
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(name, () => {
      stop.abort();
      process.once(name, () => process.exit(130));
    });
  return stop.signal;
}
