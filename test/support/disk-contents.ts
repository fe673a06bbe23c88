import type { MemoryFiles } from "../../server/disk/memory-files.js";

const LOG = "log";

/** Every file of a store's data folder: by name, or by `log/` and name. */
export type Contents = ReadonlyMap<string, Buffer>;

/** The bytes of every file of a store's data folder. */
export async function contentsOf(files: MemoryFiles): Promise<Contents> {
  const contents = new Map<string, Buffer>();
  for (const name of await files.list()) contents.set(name, files.peek(name));
  const log = await files.folder(LOG);
  for (const name of await log.list()) contents.set(`${LOG}/${name}`, log.peek(name));
  return contents;
}

/** A copy of the disk on which one file of a data folder has other bytes, or is missing. */
export async function withFile(
  files: MemoryFiles,
  path: string,
  bytes: Buffer | undefined,
): Promise<MemoryFiles> {
  const copy = files.clone();
  const folder = path.startsWith(`${LOG}/`) ? await copy.folder(LOG) : copy;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (bytes !== undefined) folder.poke(name, bytes);
  else {
    await folder.remove(name);
    await folder.syncNames();
  }
  return copy;
}
