import assert from "node:assert/strict";
import type { File, Files } from "../disk/files.js";

/** Whether `write` would make a file of this name with the very bytes that it has. Nothing is written. */
export async function wouldWriteSame(
  files: Files,
  name: string,
  write: (into: Files) => Promise<void>,
): Promise<boolean> {
  const comparison = new Comparison(await files.open(name));
  try {
    await write(sink(files.path, comparison));
    return await comparison.same();
  } finally {
    await comparison.existing.close();
  }
}

/** Takes what would be written to one file and compares it with what is there. */
class Comparison {
  readonly existing: File;
  #same = true;
  #end = 0;

  constructor(existing: File) {
    this.existing = existing;
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    const bytes = Buffer.concat(buffers);
    const there = Buffer.alloc(bytes.length);
    const read = await this.existing.read(there, position);
    this.#same &&= read === bytes.length && there.equals(bytes);
    this.#end = Math.max(this.#end, position + bytes.length);
  }

  async same(): Promise<boolean> {
    return this.#same && (await this.existing.size()) === this.#end;
  }
}

/** A folder in which one file is made, and nothing else can be done. */
function sink(path: string, comparison: Comparison): Files {
  const unused = (): never => assert.fail("a comparison only writes");
  const nothing = async (): Promise<void> => {};
  const file = (name: string): File => ({
    name,
    write: (buffers, position) => comparison.write(buffers, position),
    writeNow: unused,
    sync: nothing,
    read: unused,
    size: unused,
    resize: unused,
    close: nothing,
  });
  return {
    path,
    list: async () => [],
    folders: async () => [],
    open: unused,
    create: async (name) => file(name),
    rename: nothing,
    remove: nothing,
    syncNames: nothing,
    folder: unused,
    lock: unused,
    unlock: unused,
    space: unused,
  };
}
