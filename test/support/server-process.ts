import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The compiled command line. */
export const launcher = fileURLToPath(new URL("../../client/cli/logwheel.cjs", import.meta.url));

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A broker on a busy machine would turn sends away; a test of that sets its own. */
const PATIENT = { LOGWHEEL_LOOP_LAG_MS: "10s" };

const running = new Set<ServerProcess>();

/** A real `logwheel` process. */
export class ServerProcess {
  readonly ended: Promise<End>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = "";
  #stderr = "";
  #ended = false;

  private constructor(args: readonly string[], environment: Readonly<Record<string, string>>) {
    const env = { ...PATIENT, ...process.env, ...environment };
    this.#child = spawn(process.execPath, [launcher, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout.on("data", (bytes: Buffer) => {
      this.#stdout += bytes;
    });
    this.#child.stderr.on("data", (bytes: Buffer) => {
      this.#stderr += bytes;
    });
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        this.#ended = true;
        running.delete(this);
        resolve({ code, signal });
      });
    });
    running.add(this);
  }

  /** Starts `logwheel` with these arguments; resolves when it says that it is ready. Throws if it ends before. */
  static async start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    const server = new ServerProcess(args, environment);
    await server.#whenReady();
    return server;
  }

  /** Runs `logwheel` to its end. */
  static async run(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<End & { readonly stdout: string; readonly stderr: string }> {
    const server = new ServerProcess(args, environment);
    return { ...(await server.ended), stdout: server.stdout, stderr: server.stderr };
  }

  /** Kills what tests have left behind; for `after` hooks. */
  static async killAll(): Promise<void> {
    await Promise.all([...running].map((server) => server.kill()));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The line that says it is ready. */
  get readyLine(): string {
    return this.#stdout.split("\n").find((line) => / ready\b/.test(line)) ?? "";
  }

  /** Address behind a word of the ready line, `ready at` by default. */
  address(word = "ready at"): string {
    return new RegExp(`${word} ([^\\s,]+:\\d+)`).exec(this.readyLine)?.[1] ?? "";
  }

  /** Sends it a signal that it lives on after. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to stop; resolves when it has ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<End> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** Ends it as a power cut of the process would: no line of its code runs any more. */
  kill(): Promise<End> {
    return this.stop("SIGKILL");
  }

  async #whenReady(): Promise<void> {
    while (this.readyLine === "" && !this.#ended)
      await Promise.race([this.ended, new Promise((resolve) => this.#child.stdout.once("data", resolve))]);
    if (this.readyLine === "") throw new Error(`it did not start: ${this.#stderr}${this.#stdout}`);
  }
}
