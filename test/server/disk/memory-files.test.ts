import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import type { File } from "../../../server/disk/files.js";
import { diskError, failAt } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { codeOf, describeFiles } from "../../contract/files.js";

describeFiles("memory", async (again) =>
  again === undefined ? new MemoryFiles() : (again as MemoryFiles).reopen(),
);

const NAME = "a";

/** A disk with a durable file "a" of these bytes. */
async function withFile(text: string): Promise<{ files: MemoryFiles; file: File }> {
  const files = new MemoryFiles();
  const file = await files.create(NAME);
  await file.write([Buffer.from(text)], 0);
  await file.sync();
  await files.syncNames();
  return { files, file };
}

/** What different images show of a file after `count` seeded power losses; "-" where it is missing. */
async function outcomes(files: MemoryFiles, name: string, count = 400): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let seed = 0; seed < count; seed++) {
    const image = files.losePower(seeded(seed));
    seen.add((await image.list()).includes(name) ? image.peek(name).toString("latin1") : "-");
  }
  return seen;
}

describe("MemoryFiles that loses power", () => {
  it("keeps what was synced and, by choice, none or all of the rest", async () => {
    const { files, file } = await withFile("synced");
    await file.write([Buffer.from("UNSYNCED")], 0);
    expect(files.losePower("nothing").peek(NAME).toString()).to.equal("synced");
    expect(files.losePower("everything").peek(NAME).toString()).to.equal("UNSYNCED");
    expect(files.peek(NAME).toString()).to.equal("UNSYNCED");
  });

  it("tears a write at any byte, leaves its length without its bytes, loses an early one and keeps a late one", async () => {
    const { files, file } = await withFile("....");
    await file.write([Buffer.from("abcd")], 0);
    await file.write([Buffer.from("efgh")], 4);
    const seen = await outcomes(files, NAME);
    for (const text of [
      "....",
      "a...",
      "ab..",
      "abc.",
      "abcd",
      "abcde",
      "abcdefgh",
      "....efgh",
      "....\0\0\0\0",
    ]) {
      expect(seen, JSON.stringify(text)).to.include(text);
    }
  });

  it("loses sectors within one write", async () => {
    const { files, file } = await withFile("");
    await file.write([Buffer.alloc(1536, "x")], 0);
    const gap = "x".repeat(512) + "\0".repeat(512) + "x".repeat(512);
    expect(await outcomes(files, NAME)).to.include(gap);
  });

  it("cuts or does not cut", async () => {
    const { files, file } = await withFile("abcdef");
    await file.resize(2);
    expect(await outcomes(files, NAME)).to.deep.equal(new Set(["abcdef", "ab"]));
  });

  it("never touches what a sync covered, and a write that begins during a sync is not covered", async () => {
    const { files, file } = await withFile("");
    await file.write([Buffer.from("first")], 0);
    let release = (): void => {};
    files.before = ({ call }) => (call === "sync" ? new Promise((go) => (release = go)) : undefined);
    const syncing = file.sync();
    await file.write([Buffer.from("second")], 5);
    expect(files.losePower("nothing").peek(NAME).toString()).to.equal("");
    release();
    await syncing;
    expect(files.losePower("nothing").peek(NAME).toString()).to.equal("first");
    for (const text of await outcomes(files, NAME)) expect(text).to.match(/^first/);
  });

  it("does not make durable later what a failed sync has covered, but shows it", async () => {
    const { files, file } = await withFile("....");
    await file.write([Buffer.from("ab")], 0);
    files.before = failAt(files.disk.count(), "EIO");
    expect(await codeOf(file.sync())).to.equal("EIO");
    await file.write([Buffer.from("cd")], 2);
    await file.sync();
    expect(files.clone().peek(NAME).toString()).to.equal("abcd");
    expect(files.losePower("nothing").peek(NAME).toString()).to.equal("..cd");
    expect(files.losePower("everything").peek(NAME).toString()).to.equal("abcd");
    await file.write([Buffer.from("ab")], 0);
    await file.sync();
    expect(files.losePower("nothing").peek(NAME).toString()).to.equal("abcd");
  });

  it("forgets names that were not synced, with all that was synced below them", async () => {
    const { files } = await withFile("old");
    const file = await files.create("b");
    await file.write([Buffer.from("new")], 0);
    await file.sync();
    expect(await files.losePower("nothing").list()).to.deep.equal([NAME]);
    expect(await outcomes(files, "b")).to.deep.equal(new Set(["-", "new"]));
    await files.syncNames();
    expect(await outcomes(files, "b")).to.deep.equal(new Set(["new"]));
  });

  it("undoes a rename, or does it whole: the old file, the new one, never none", async () => {
    const { files } = await withFile("old");
    const file = await files.create("b");
    await file.write([Buffer.from("new")], 0);
    await file.sync();
    await files.syncNames();
    await files.rename("b", NAME);
    expect(await outcomes(files, NAME)).to.deep.equal(new Set(["old", "new"]));
  });

  it("brings back a removed file whose removal was not synced", async () => {
    const { files } = await withFile("old");
    await files.remove(NAME);
    expect(files.losePower("nothing").peek(NAME).toString()).to.equal("old");
    expect(await outcomes(files, NAME)).to.deep.equal(new Set(["old", "-"]));
    await files.syncNames();
    expect(await outcomes(files, NAME)).to.deep.equal(new Set(["-"]));
  });

  it("shows empty bytes where a synced name leads to unsynced ones", async () => {
    const { files } = await withFile("old");
    const file = await files.create("b");
    await file.write([Buffer.from("new")], 0);
    await files.rename("b", NAME);
    await files.syncNames();
    expect(files.losePower("nothing").peek(NAME).toString()).to.equal("");
  });

  it("loses power in inner folders too", async () => {
    const files = new MemoryFiles();
    const inner = await files.folder("inner");
    const file = await inner.create(NAME);
    await inner.syncNames();
    await file.write([Buffer.from("x")], 0);
    const image = await files.losePower("nothing").folder("inner");
    expect(image.peek(NAME).toString()).to.equal("");
  });

  it("gives the same image for the same seed", async () => {
    const { files, file } = await withFile("....");
    for (let at = 0; at < 20; at++) await file.write([Buffer.from(`${at}`)], at);
    const once = files.losePower(seeded(7)).peek(NAME);
    expect(files.losePower(seeded(7)).peek(NAME).equals(once)).to.equal(true);
  });
});

describe("MemoryFiles", () => {
  it("goes on apart from its images and clones", async () => {
    const { files, file } = await withFile("abc");
    const clone = files.clone();
    const image = files.losePower("everything");
    await file.write([Buffer.from("X")], 0);
    const other = await clone.open(NAME);
    await other.write([Buffer.from("Y")], 1);
    expect(files.peek(NAME).toString()).to.equal("Xbc");
    expect(clone.peek(NAME).toString()).to.equal("aYc");
    expect(image.peek(NAME).toString()).to.equal("abc");
    expect(clone.losePower("nothing").peek(NAME).toString()).to.equal("abc");
  });

  it("keeps unsynced changes unsynced in a clone", async () => {
    const { files, file } = await withFile("abc");
    await file.write([Buffer.from("X")], 0);
    await files.create("b");
    const clone = files.clone();
    expect(await clone.list()).to.deep.equal([NAME, "b"]);
    const image = clone.losePower("nothing");
    expect(image.peek(NAME).toString()).to.equal("abc");
    expect(await image.list()).to.deep.equal([NAME]);
  });

  it("fails the call that it is told to, once or for ever", async () => {
    const { files, file } = await withFile("abc");
    files.before = failAt(files.disk.count(), "EIO");
    expect(await codeOf(file.write([Buffer.from("X")], 0))).to.equal("EIO");
    expect(await codeOf(file.write([Buffer.from("X")], 0))).to.equal("none");
    files.before = failAt(files.disk.count(), "EROFS", { forever: true });
    expect(await codeOf(file.write([Buffer.from("Y")], 1))).to.equal("EROFS");
    expect(await codeOf(file.sync())).to.equal("none");
    expect(await codeOf(file.write([Buffer.from("Y")], 1))).to.equal("EROFS");
    expect(files.peek(NAME).toString()).to.equal("Xbc");
  });

  it("writes a part before it fails", async () => {
    const { files, file } = await withFile("abc");
    files.before = ({ call }) => {
      if (call === "write") throw diskError("EIO", 2);
    };
    expect(await codeOf(file.write([Buffer.from("XYZ")], 0))).to.equal("EIO");
    expect(files.peek(NAME).toString()).to.equal("XYc");
  });

  it("is full behind its size, but takes new bytes for old", async () => {
    const { files, file } = await withFile("abc");
    files.disk.totalBytes = 5;
    expect(await files.space()).to.deep.equal({ freeBytes: 2, totalBytes: 5 });
    expect(await codeOf(file.write([Buffer.from("12345")], 1))).to.equal("ENOSPC");
    expect(files.peek(NAME).toString()).to.equal("a1234");
    expect(await codeOf(file.write([Buffer.from("ABCDE")], 0))).to.equal("none");
  });

  it("counts calls and open files", async () => {
    const { files, file } = await withFile("abc");
    expect(files.disk.count("write")).to.equal(1);
    expect(files.disk.count("sync")).to.equal(1);
    expect(files.disk.count("syncNames")).to.equal(1);
    expect(files.disk.count()).to.equal(4);
    expect(files.disk.openFiles).to.equal(1);
    await file.close();
    expect(files.disk.openFiles).to.equal(0);
  });

  it("notices a buffer that is changed while it is written", async () => {
    const { file } = await withFile("abc");
    const slab = Buffer.from("slab");
    const writing = file.write([slab], 0);
    slab.fill("x");
    expect(await codeOf(writing)).to.equal("ERR_ASSERTION");
  });

  it("shows poked bytes to who opens the file afterwards", async () => {
    const { files } = await withFile("abc");
    files.poke(NAME, Buffer.from("damage"));
    expect(files.losePower("nothing").peek(NAME).toString()).to.equal("damage");
  });
});
