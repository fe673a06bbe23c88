import { type ExecFileException, execFile } from "node:child_process";

/** How a program ended. */
export interface Ended {
  /** Null: it could not be started, or was stopped. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a program runs. */
export interface ProgramOptions {
  readonly folder?: string;
  /** Added to this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Milliseconds after which it is stopped; 60,000 by default. */
  readonly boundMs?: number;
  /** What it reads from stdin; nothing by default. */
  readonly input?: string;
  /** Its stdin ends when this is settled; at once by default. */
  readonly over?: Promise<unknown> | undefined;
}

const OUTPUT_BYTES_MAX = 16 << 20;

/** Runs a program to its end. Never rejects: a program that is missing ends with null too. */
export function runProgram(
  name: string,
  args: readonly string[],
  { folder, environment = {}, boundMs = 60_000, input = "", over }: ProgramOptions = {},
): Promise<Ended> {
  const options = {
    cwd: folder,
    env: { ...process.env, ...environment },
    timeout: boundMs,
    maxBuffer: OUTPUT_BYTES_MAX,
  };
  return new Promise((resolve) => {
    const child = execFile(name, args, options, (error: ExecFileException | null, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve({ code, stdout, stderr: stderr === "" && error !== null ? error.message : stderr });
    });
    // A program that could not be started, or read nothing, has closed it already.
    child.stdin?.on("error", () => {});
    const end = (): void => void child.stdin?.end(input);
    if (over === undefined) end();
    else over.then(end, end);
  });
}

/** The same; throws with its output if it ends with anything but 0. */
export async function mustRun(
  name: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(name, args, options);
  if (code !== 0) throw new Error(`${name} ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}
