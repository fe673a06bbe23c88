import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder for files that nobody needs later. */
export function makeTemporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "logwheel-"));
}

/** Removes a folder with all that is in it. */
export function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}
