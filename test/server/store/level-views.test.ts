import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Level } from "level";
import { NodeFiles } from "../../../server/disk/node-files.js";
import { levelViews } from "../../../server/store/level-views.js";
import type { ViewsFolder } from "../../../server/store/views.js";
import { codeOf } from "../../contract/files.js";
import { describeViews } from "../../contract/views.js";

const ENCODINGS = { keyEncoding: "buffer", valueEncoding: "buffer" } as const;
const folders: string[] = [];

async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "logwheel-views-"));
  folders.push(folder);
  return folder;
}

async function made(): Promise<ViewsFolder> {
  return levelViews(await NodeFiles.open(await dataFolder()));
}

after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

describeViews("LevelDB", made);

describe("LevelViews", () => {
  it("force leaves all that was written before in tables, and no table for nothing", async () => {
    const data = await dataFolder();
    const views = await levelViews(await NodeFiles.open(data)).open();
    const tables = async (): Promise<number> =>
      (await readdir(join(data, "views"))).filter((name) => name.endsWith(".ldb")).length;
    await views.write([{ key: Buffer.of(1), value: Buffer.alloc(100) }]);
    expect(await tables()).to.equal(0);
    await views.force();
    expect(await tables()).to.equal(1);
    await views.close();
  });

  it("is told from a sound folder when its files are damaged, and can be removed and made again", async () => {
    for (const name of ["CURRENT", "MANIFEST"]) {
      const data = await dataFolder();
      const folder = levelViews(await NodeFiles.open(data));
      await (await folder.open()).close();
      const names = await readdir(join(data, "views"));
      await writeFile(join(data, "views", names.find((each) => each.startsWith(name))!), "nonsense");
      expect(await codeOf(folder.open()), name).to.equal("LOG_CORRUPT");
      await folder.remove();
      await (await folder.open()).close();
    }
  });

  it("a removal that was interrupted leaves nothing that opens, or nothing", async () => {
    for (let stop = 0; stop < 6; stop++) {
      const data = await dataFolder();
      const files = await NodeFiles.open(data);
      const sound = levelViews(files);
      const views = await sound.open();
      await views.write([{ key: Buffer.of(1), value: Buffer.of(1) }]);
      await views.force();
      await views.write([{ key: Buffer.of(2), value: Buffer.of(2) }]);
      await views.close();
      const inner = await files.folder("views");
      let removed = 0;
      const stopping = Object.assign(Object.create(files), {
        path: files.path,
        folder: async () => ({
          list: () => inner.list(),
          syncNames: () => inner.syncNames(),
          remove: async (name: string) => {
            if (removed++ === stop) throw new Error("the process ends");
            await inner.remove(name);
          },
        }),
      });
      const ended = await levelViews(stopping)
        .remove()
        .then(
          () => true,
          () => false,
        );
      expect(ended, `after ${stop} files`).to.equal(false);
      const again = await sound.open().catch(() => undefined);
      if (stop > 0) expect(again, `after ${stop} files`).to.equal(undefined);
      await again?.close();
    }
  });

  it("does not give what is not what was written", async () => {
    const data = await dataFolder();
    const folder = levelViews(await NodeFiles.open(data));
    let views = await folder.open();
    await views.write([{ key: Buffer.of(1), value: Buffer.from("sound") }]);
    await views.close();
    const level = new Level<Buffer, Buffer>(join(data, "views"), ENCODINGS);
    const written = (await level.get(Buffer.of(1)))!;
    await level.put(Buffer.of(2), written);
    await level.put(Buffer.of(3), Buffer.of(1, 2));
    await level.close();
    views = await folder.open();
    expect(views.get(Buffer.of(1))?.toString()).to.equal("sound");
    for (const key of [2, 3]) {
      expect(() => views.get(Buffer.of(key))).to.throw("is not what was written");
      expect(await codeOf(views.scan(Buffer.of(key), Buffer.of(9), 1))).to.equal("LOG_CORRUPT");
    }
    await views.close();
  });

  it("two processes do not open one folder", async () => {
    const folder = await made();
    const views = await folder.open();
    const again = await folder.open().catch((thrown: Error) => thrown);
    expect(again).to.be.instanceOf(Error);
    await views.close();
  });
});
