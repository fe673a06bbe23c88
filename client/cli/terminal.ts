import { setMaxListeners } from "node:events";
import { createInterface } from "node:readline";

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
  /** What was piped in, line by line. */
  lines(): AsyncIterable<string>;
  /** Asks a person for an answer. */
  ask(question: string): Promise<string>;
  /** Aborts at the first Ctrl-C; looking at it is what makes Ctrl-C polite. */
  readonly signal: AbortSignal;
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  let interrupted: AbortSignal | null = null;
  ignoreClosedPipe(stdout);
  ignoreClosedPipe(stderr);
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
    lines: () => createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY }),
    ask: (question) => {
      const reader = createInterface({ input: stdin, output: stderr });
      return new Promise((resolve) => {
        reader.once("close", () => resolve(""));
        reader.question(question, (answer) => {
          resolve(answer);
          reader.close();
        });
      });
    },
    get signal() {
      interrupted ??= firstInterrupt();
      return interrupted;
    },
  };
}

/** A reader that has seen enough (`| head`) is no failure. */
function ignoreClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

function firstInterrupt(): AbortSignal {
  const stop = new AbortController();
  // Everything under way listens to it.
  setMaxListeners(0, stop.signal);
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => {
      stop.abort();
      process.once(name, () => process.exit(130));
    });
  return stop.signal;
}
