import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogwheelError } from "../../../proto/kernel/errors.js";

/** A new folder for what a measurement writes. BAD_REQUEST where the temporary files of this machine cannot go. */
export async function benchFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "logwheel-bench-"));
  } catch (thrown) {
    const { message } = thrown as Error;
    throw new LogwheelError(
      "BAD_REQUEST",
      `no folder to measure in: ${message}; set TMPDIR to one with room`,
    );
  }
}
