import { expect } from "chai";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { FILE_BLOCK_BYTES, FileBlocks } from "../../../server/store/file-blocks.js";

describe("FileBlocks", () => {
  it("gives whole blocks, what is left at the end, and nothing behind it", async () => {
    const file = await new MemoryFiles().create("a");
    await file.write(
      [Buffer.alloc(FILE_BLOCK_BYTES, 1), Buffer.alloc(FILE_BLOCK_BYTES, 2), Buffer.from("end")],
      0,
    );
    const blocks = new FileBlocks(file);
    expect((await blocks.readBlock(1)).equals(Buffer.alloc(FILE_BLOCK_BYTES, 2))).to.equal(true);
    expect((await blocks.readBlock(2)).toString()).to.equal("end");
    expect(await blocks.readBlock(3)).to.have.length(0);
  });
});
