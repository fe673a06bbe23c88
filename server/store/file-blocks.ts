import type { File } from "../disk/files.js";
import type { BlockSource } from "./block-cache.js";

/** Bytes of a block of a segment file: as much reading as one hand-off to another thread is worth. */
export const FILE_BLOCK_BYTES = 256 << 10;

/** A file in blocks of equal size; the last one may be shorter. */
export class FileBlocks implements BlockSource {
  readonly #file: Pick<File, "read">;

  constructor(file: Pick<File, "read">) {
    this.#file = file;
  }

  /** Empty behind the end of the file. */
  async readBlock(number: number): Promise<Buffer> {
    const block = Buffer.allocUnsafeSlow(FILE_BLOCK_BYTES);
    const bytes = await this.#file.read(block, number * FILE_BLOCK_BYTES);
    return bytes === FILE_BLOCK_BYTES ? block : Buffer.from(block.subarray(0, bytes));
  }
}
