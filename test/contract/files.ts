import { expect } from "chai";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../../server/disk/files.js";

/** What every Files must do. `open` makes an empty one; called twice with the same `again`, it opens the same folder. */
export function describeFiles(name: string, open: (again?: Files) => Promise<Files>): void {
  describe(`Files contract: ${name}`, () => {
    let files: Files;

    beforeEach(async () => {
      files = await open();
    });

    it("reads back what was written, several buffers one behind the other", async () => {
      const file = await files.create("a");
      await file.write([Buffer.from("hello "), Buffer.alloc(0), Buffer.from("world")], 3);
      expect(await readText(file, 0, 20)).to.equal("\0\0\0hello world");
      expect(await file.size()).to.equal(14);
      await file.close();
    });

    it("reads fewer bytes only at the end, none behind it", async () => {
      const file = await files.create("a");
      await file.write([Buffer.from("0123456789")], 0);
      expect(await readText(file, 6, 100)).to.equal("6789");
      expect(await readText(file, 2, 3)).to.equal("234");
      expect(await readText(file, 10, 5)).to.equal("");
      expect(await readText(file, 1000, 5)).to.equal("");
      await file.close();
    });

    it("overwrites in place without changing what lies around", async () => {
      const file = await files.create("a");
      await file.write([Buffer.from("0123456789")], 0);
      file.writeNow(Buffer.from("abc"), 4);
      await file.write([Buffer.from("X")], 0);
      expect(await readText(file, 0, 10)).to.equal("X123abc789");
      await file.close();
    });

    it("takes more buffers than the operating system takes at once", async () => {
      const file = await files.create("a");
      const buffers = Array.from({ length: 3000 }, (_, index) => Buffer.from([index & 0xff, index >> 8]));
      await file.write(buffers, 1);
      const back = Buffer.alloc(6000);
      expect(await file.read(back, 1)).to.equal(6000);
      expect(back.equals(Buffer.concat(buffers))).to.equal(true);
      await file.close();
    });

    it("keeps the bytes of a buffer that is written over after the write ended", async () => {
      const file = await files.create("a");
      const slab = Buffer.from("first");
      await file.write([slab], 0);
      slab.write("other");
      file.writeNow(slab, 5);
      slab.write("third");
      expect(await readText(file, 0, 10)).to.equal("firstother");
      await file.close();
    });

    it("grows with zeros, shrinks, and does not bring back what was cut", async () => {
      const file = await files.create("a");
      await file.write([Buffer.from("abcdef")], 0);
      await file.resize(2);
      expect(await file.size()).to.equal(2);
      await file.resize(5);
      expect(await readText(file, 0, 9)).to.equal("ab\0\0\0");
      await file.close();
    });

    it("writes nothing for no bytes", async () => {
      const file = await files.create("a");
      await file.write([], 10);
      await file.write([Buffer.alloc(0)], 10);
      file.writeNow(Buffer.alloc(0), 10);
      expect(await file.size()).to.equal(0);
      await file.close();
    });

    it("shows the same bytes through every open file of a name", async () => {
      const first = await files.create("a");
      const second = await files.open("a");
      await first.write([Buffer.from("seen")], 0);
      expect(await readText(second, 0, 4)).to.equal("seen");
      await first.close();
      await second.close();
    });

    it("lists folders in order, without files", async () => {
      expect(await files.folders()).to.deep.equal([]);
      for (const each of ["views", "log"]) await files.folder(each);
      await (await files.create("a.log")).close();
      expect(await files.folders()).to.deep.equal(["log", "views"]);
    });

    it("lists names in order, without folders", async () => {
      for (const each of ["b", "a.log", "00000000000000000000.index"])
        await (await files.create(each)).close();
      await files.folder("inner");
      expect(await files.list()).to.deep.equal(["00000000000000000000.index", "a.log", "b"]);
    });

    it("refuses to open what is not there and to create what is", async () => {
      expect(await codeOf(files.open("a"))).to.equal("ENOENT");
      await (await files.create("a")).close();
      expect(await codeOf(files.create("a"))).to.equal("EEXIST");
    });

    it("renames over an existing file, and an open file goes along", async () => {
      const file = await files.create("new");
      await file.write([Buffer.from("new")], 0);
      await (await files.create("old")).close();
      await files.rename("new", "old");
      await file.write([Buffer.from("er")], 3);
      await file.close();
      expect(await files.list()).to.deep.equal(["old"]);
      const again = await files.open("old");
      expect(await readText(again, 0, 9)).to.equal("newer");
      await again.close();
      expect(await codeOf(files.rename("missing", "old"))).to.equal("ENOENT");
    });

    it("removes a name at once; who has the file open still reads it", async () => {
      const file = await files.create("a");
      await file.write([Buffer.from("here")], 0);
      await files.remove("a");
      expect(await files.list()).to.deep.equal([]);
      expect(await readText(file, 0, 4)).to.equal("here");
      await file.close();
      expect(await codeOf(files.remove("a"))).to.equal("ENOENT");
    });

    it("keeps a folder's files apart and finds the same folder again", async () => {
      const inner = await files.folder("inner");
      await (await inner.create("a")).close();
      expect(await files.list()).to.deep.equal([]);
      expect(await (await files.folder("inner")).list()).to.deep.equal(["a"]);
      expect(inner.path).to.equal(`${files.path}/inner`);
    });

    it("syncs files and names", async () => {
      const file = await files.create("a");
      await file.write([Buffer.from("a")], 0);
      await file.sync();
      await files.syncNames();
      await file.close();
    });

    it("treats a strange name as a bug", async () => {
      for (const bad of ["", ".", "..", "a/b", "../a", "A", "a b", "a\0", "ä", "x".repeat(101)]) {
        expect(await codeOf(files.create(bad)), bad).to.equal("ERR_ASSERTION");
        expect(await codeOf(files.open(bad)), bad).to.equal("ERR_ASSERTION");
        expect(await codeOf(files.remove(bad)), bad).to.equal("ERR_ASSERTION");
        expect(await codeOf(files.rename("a", bad)), bad).to.equal("ERR_ASSERTION");
        expect(await codeOf(files.folder(bad)), bad).to.equal("ERR_ASSERTION");
      }
    });

    it("lets calls end before a file is closed, and takes none afterwards", async () => {
      const file = await files.create("a");
      const writing = file.write([Buffer.alloc(100_000, 1)], 0);
      const closing = file.close();
      await writing;
      await closing;
      await file.close();
      expect(await codeOf(file.sync())).to.equal("ERR_ASSERTION");
      expect(await codeOf(file.write([Buffer.from("x")], 0))).to.equal("ERR_ASSERTION");
      expect(() => file.writeNow(Buffer.from("x"), 0)).to.throw(/closed/);
    });

    it("is locked for one at a time", async () => {
      await files.lock();
      const second = await open(files);
      expect(await codeOf(second.lock())).to.equal("CONFLICT");
      expect(await codeOf(files.lock())).to.equal("CONFLICT");
      await files.unlock();
      await second.lock();
      expect(await codeOf(files.lock())).to.equal("CONFLICT");
      await second.unlock();
      await files.lock();
      await files.unlock();
      await files.unlock();
      expect(await files.list()).to.deep.equal([]);
    });

    it("knows the disk's size", async () => {
      const { freeBytes, totalBytes } = await files.space();
      expect(totalBytes).to.be.greaterThan(0);
      expect(freeBytes).to.be.within(0, totalBytes);
    });
  });
}

/** The code of what a promise fails with; "none" when it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (thrown) {
    if (LogwheelError.is(thrown)) return thrown.code;
    return (thrown as NodeJS.ErrnoException).code ?? String(thrown);
  }
}

async function readText(
  file: { read(into: Uint8Array, position: number): Promise<number> },
  position: number,
  bytes: number,
): Promise<string> {
  const into = Buffer.alloc(bytes, "?");
  const count = await file.read(into, position);
  return into.toString("latin1", 0, count);
}
