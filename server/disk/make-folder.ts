import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes the folder with its parents, as far as they are missing; resolves with the topmost that was made, undefined if none
 * was. Node's own recursive `mkdir` never ends where a file system takes no folders, as in /proc, and tells of a missing folder
 * where one is read-only.
 */
export async function makeFolder(path: string, mode: number): Promise<string | undefined> {
  const missing: string[] = [];
  for (let folder = path; !(await isFolder(folder)); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      await mkdir(folder, { mode });
    } catch (thrown) {
      // Somebody else may make it at the same time.
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST" || !(await isFolder(folder))) throw thrown;
    }
  }
  return missing[0];
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw thrown;
  }
}
