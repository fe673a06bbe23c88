import { PagedBytes } from "./paged-bytes.js";
import { type Change, fateOfFile, type PowerLoss, whole } from "./power-loss.js";
import { Unsynced } from "./unsynced.js";

/** A file without a name: what programs see of it, and what of that has reached the disk. */
export class MemoryInode {
  #seen = new PagedBytes();
  #stored = new PagedBytes();
  #unsynced = new Unsynced<Change>();

  /** A file whose bytes are all on the disk. */
  static of(bytes: PagedBytes): MemoryInode {
    const inode = new MemoryInode();
    inode.#seen = bytes;
    inode.#stored = bytes.clone();
    return inode;
  }

  get seen(): PagedBytes {
    return this.#seen;
  }

  /** Keeps `bytes`: they must not change afterwards. */
  write(bytes: Buffer, position: number): void {
    if (bytes.byteLength > 0) this.#change({ kind: "write", bytes, position });
  }

  resize(bytes: number): void {
    this.#change({ kind: "resize", bytes });
  }

  /** A sync of all changes so far begins; the returned function ends it. */
  startSync(): (succeeded: boolean) => void {
    return this.#unsynced.startSync((change) => whole(change, this.#stored));
  }

  afterPowerLoss(loss: PowerLoss): MemoryInode {
    const bytes = this.#stored.clone();
    const fate = fateOfFile(loss);
    for (const { change, certain } of this.#unsynced.changes()) (certain ? whole : fate)(change, bytes);
    return MemoryInode.of(bytes);
  }

  clone(): MemoryInode {
    const copy = new MemoryInode();
    copy.#seen = this.#seen.clone();
    copy.#stored = this.#stored.clone();
    copy.#unsynced = this.#unsynced.clone((change) => change);
    return copy;
  }

  #change(change: Change): void {
    whole(change, this.#seen);
    this.#unsynced.add(change);
  }
}
