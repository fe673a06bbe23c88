import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { NodeFiles } from "../../../server/disk/node-files.js";
import { describeFiles } from "../../contract/files.js";
import { refusal } from "../../support/refusal.js";
import { skip } from "../../support/skip.js";

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

describe("NodeFiles", () => {
  it("makes missing folders on the way", async () => {
    const path = join(await temporary(), "some", "where");
    const files = await NodeFiles.open(path);
    await (await files.create("a")).close();
    expect(await readdir(path)).to.deep.equal(["a"]);
  });

  it("says where there can be no folder, and in what time", async function () {
    if (process.platform !== "linux") skip(this, "there is no /proc");
    const link = join(await temporary(), "link");
    await symlink("nowhere", link);
    const file = join(await temporary(), "file");
    await writeFile(file, "");
    for (const path of ["/proc/x", "/proc/x/y", "/sys/x", link, file, join(file, "x")])
      expect(await refusal(NodeFiles.open(path))).to.match(
        /^BAD_REQUEST: \/.* cannot hold data: E.*; choose/,
      );
    expect(await refusal((await NodeFiles.open("/proc")).lock())).to.match(
      /^BAD_REQUEST: \/proc cannot hold/,
    );
  });

  it("makes one folder for all who ask at once", async () => {
    const path = join(await temporary(), "a", "b", "c");
    const all = await Promise.all(Array.from({ length: 8 }, () => NodeFiles.open(path)));
    expect(all.map((files) => files.path)).to.deep.equal(all.map(() => path));
  });

  it("gives an absolute path for a relative one", async () => {
    expect((await NodeFiles.open(".")).path).to.equal(process.cwd());
  });

  it("lists neither links nor folders nor the lock", async () => {
    const path = await temporary();
    const files = await NodeFiles.open(path);
    await files.lock();
    await writeFile(join(path, "a"), "");
    await symlink("a", join(path, "b"));
    expect(await files.list()).to.deep.equal(["a"]);
    await files.unlock();
  });

  it("lets no stranger read what it stores", async () => {
    const files = await NodeFiles.open(join(await temporary(), "data"));
    await (await files.create("a")).close();
    expect((await stat(files.path)).mode & 0o007).to.equal(0);
    expect((await stat(join(files.path, "a"))).mode & 0o007).to.equal(0);
  });

  it("reports what ends a write half-way, with the file, which a descriptor does not know", async () => {
    const path = await temporary();
    const program = `
      const { NodeFiles } = await import(${JSON.stringify(new URL("../../../server/disk/node-files.js", import.meta.url).href)});
      const file = await (await NodeFiles.open(${JSON.stringify(path)})).create("a");
      const outcome = await file.write([Buffer.alloc(5000), Buffer.alloc(5000)], 0).then(() => "written", (e) => e.code + " " + e.path);
      console.log(outcome, await file.size());`;
    const limited = ["-c", 'ulimit -f 8 && exec "$0" --input-type=module -e "$1"', process.execPath, program];
    const { stdout } = await promisify(execFile)("sh", limited);
    expect(stdout).to.match(new RegExp(`^EFBIG ${join(path, "a")} (4096|8192)\n$`));
  });
});
