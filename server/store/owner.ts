import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../disk/files.js";

/** The file with the name of the broker whose data a folder holds: ids and handles carry it. */
export const OWNER_NAME = "broker";
const MADE = "broker.new";
const BYTES_MAX = 1_024;

/** Keeps the name with the data; CONFLICT if the folder is another broker's. The folder is locked. */
export async function claim(files: Files, owner: string): Promise<void> {
  const known = await ownerOf(files);
  if (known === owner) return;
  if (known !== undefined)
    throw new LogwheelError(
      "CONFLICT",
      `${files.path} holds the data of broker ${known}, not of ${owner}: message ids carry the name, so start it as ${known}, or ${owner} on a folder of its own`,
    );
  const file = await again(files);
  try {
    await file.write([Buffer.from(`${owner}\n`)], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(MADE, OWNER_NAME);
  await files.syncNames();
}

async function ownerOf(files: Files): Promise<string | undefined> {
  if (!(await files.list()).includes(OWNER_NAME)) return undefined;
  const file = await files.open(OWNER_NAME);
  try {
    const bytes = Buffer.alloc(BYTES_MAX);
    return bytes.toString("utf8", 0, await file.read(bytes, 0)).trim();
  } finally {
    await file.close();
  }
}

async function again(files: Files): ReturnType<Files["create"]> {
  if ((await files.list()).includes(MADE)) await files.remove(MADE);
  return files.create(MADE);
}
