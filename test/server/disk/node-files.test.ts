import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeFiles } from "../../../server/disk/node-files.js";
import { describeFiles } from "../../contract/files.js";

const folders: string[] = [];

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "logwheel-files-"));
  folders.push(folder);
  return folder;
}

after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describeFiles("node:fs", async (again) => NodeFiles.open(again?.path ?? (await temporary())));
