import { readFile, rm, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { DISK_FAULTS_SOURCE } from "./disk-faults-source.js";
import { mustRun, runProgram } from "./program.js";

/** A call that fails in a real process. */
export interface DiskFault {
  /** What fails; `short`: a write takes half of its bytes, and only if `forever` later ones fail. */
  readonly call: "write" | "short" | "sync" | "syncNames" | "resize" | "rename" | "open" | "read";
  readonly code: "EIO" | "ENOSPC" | "EROFS" | "EMFILE";
  /** Which call of the kind, from 1. */
  readonly at: number;
  readonly forever: boolean;
}

/** Makes calls of real processes on their disk fail, as the system's library would say it. Linux with a C compiler. */
export class DiskFaults {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Why there can be none here; null if there can. */
  static async impossible(): Promise<string | null> {
    if (process.platform !== "linux") return "calls of a process can only be made to fail on Linux";
    const { code } = await runProgram("cc", ["--version"]);
    return code === 0 ? null : "calls of a process cannot be made to fail without a C compiler (cc)";
  }

  /** `folder` is for its own files, and is not the one whose calls fail. */
  static async make(folder: string): Promise<DiskFaults> {
    const faults = new DiskFaults(folder);
    const compile = ["-shared", "-fPIC", "-O1", "-x", "c", "-o", faults.#library, "-"];
    await mustRun("cc", compile, { input: DISK_FAULTS_SOURCE });
    return faults;
  }

  /** What a process is started with that has such a fault below `data`, once `arm` was called. Forgets what was hit before. */
  async environment(data: string, { call, code, at, forever }: DiskFault): Promise<Record<string, string>> {
    await rm(this.#told, { force: true });
    await rm(this.#arm, { force: true });
    return {
      LD_PRELOAD: this.#library,
      // Its calls would go around the library.
      UV_USE_IO_URING: "0",
      FAULT_FOLDER: data,
      FAULT_ARM: this.#arm,
      FAULT_LOG: this.#told,
      FAULT_CALL: call,
      FAULT_AT: String(at),
      FAULT_ERRNO: String(constants.errno[code]),
      FAULT_FOREVER: forever ? "1" : "0",
    };
  }

  /** From now on calls are counted. */
  async arm(): Promise<void> {
    await writeFile(this.#arm, "");
  }

  /** The file on which the call failed; undefined if none has yet. */
  async hit(): Promise<string | undefined> {
    return (await this.#lines("hit"))[0];
  }

  /** Files that were synced again after a sync of them had failed. */
  again(): Promise<string[]> {
    return this.#lines("again");
  }

  async #lines(what: string): Promise<string[]> {
    const told = await readFile(this.#told, "utf8").catch(() => "");
    const lines = told.split("\n").filter((line) => line.startsWith(`${what} `));
    return lines.map((line) => line.slice(what.length + 1));
  }

  get #library(): string {
    return join(this.#folder, "disk-faults.so");
  }

  get #arm(): string {
    return join(this.#folder, "armed");
  }

  get #told(): string {
    return join(this.#folder, "told");
  }
}
