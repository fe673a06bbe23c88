import { MemoryInode } from "./memory-inode.js";
import { PagedBytes } from "./paged-bytes.js";
import { type PowerLoss, survivingNames } from "./power-loss.js";
import { Unsynced } from "./unsynced.js";

type Names = Map<string, MemoryInode>;

/** A change of a folder's names. `inode` is what it is about: it is void where the name means another. */
type NameChange =
  | { readonly kind: "create" | "remove"; readonly name: string; readonly inode: MemoryInode }
  | { readonly kind: "rename"; readonly name: string; readonly to: string; readonly inode: MemoryInode };

/** A folder of a simulated disk: names as programs see them, and as they have reached the disk. */
export class MemoryFolder {
  #seen: Names = new Map();
  #stored: Names = new Map();
  #unsynced = new Unsynced<NameChange>();
  #folders = new Map<string, MemoryFolder>();
  /** Who has it locked; goes with the process. */
  holder: object | null = null;

  get names(): string[] {
    return [...this.#seen.keys()].sort();
  }

  get folderNames(): string[] {
    return [...this.#folders.keys()].sort();
  }

  find(name: string): MemoryInode | undefined {
    return this.#seen.get(name);
  }

  create(name: string): MemoryInode {
    const inode = new MemoryInode();
    this.#change({ kind: "create", name, inode });
    return inode;
  }

  rename(name: string, to: string, inode: MemoryInode): void {
    this.#change({ kind: "rename", name, to, inode });
  }

  remove(name: string, inode: MemoryInode): void {
    this.#change({ kind: "remove", name, inode });
  }

  /** Puts a file with these bytes under the name, all of it on the disk at once. */
  put(name: string, bytes: Uint8Array): void {
    const content = new PagedBytes();
    content.write(bytes, 0);
    const inode = MemoryInode.of(content);
    this.#seen.set(name, inode);
    this.#stored.set(name, inode);
  }

  /** Folders reach the disk as they are made. */
  folder(name: string): MemoryFolder {
    const found = this.#folders.get(name) ?? new MemoryFolder();
    this.#folders.set(name, found);
    return found;
  }

  /**
   * A sync of all changes of names so far begins; the returned function ends it. Names are a file system's own data, kept
   * in a journal: what a failed sync leaves, a later one that succeeds takes with it, unlike a file's bytes.
   */
  startSync(): (succeeded: boolean) => void {
    const end = this.#unsynced.startSync((change) => apply(change, this.#stored));
    return (succeeded) => {
      if (succeeded) end(true);
    };
  }

  get usedBytes(): number {
    let used = 0;
    for (const inode of this.#seen.values()) used += inode.seen.size;
    for (const folder of this.#folders.values()) used += folder.usedBytes;
    return used;
  }

  afterPowerLoss(loss: PowerLoss): MemoryFolder {
    const left: Names = new Map(this.#stored);
    const survives = survivingNames(loss);
    for (const { change, certain } of this.#unsynced.changes()) {
      if (certain || survives()) apply(change, left);
    }
    const image = new MemoryFolder();
    for (const name of [...left.keys()].sort()) image.#seen.set(name, left.get(name)!.afterPowerLoss(loss));
    image.#stored = new Map(image.#seen);
    for (const [name, folder] of this.#folders) image.#folders.set(name, folder.afterPowerLoss(loss));
    return image;
  }

  clone(): MemoryFolder {
    const clones = new Map<MemoryInode, MemoryInode>();
    const cloned = (inode: MemoryInode): MemoryInode => {
      const copy = clones.get(inode) ?? inode.clone();
      clones.set(inode, copy);
      return copy;
    };
    const copy = new MemoryFolder();
    for (const [name, inode] of this.#seen) copy.#seen.set(name, cloned(inode));
    for (const [name, inode] of this.#stored) copy.#stored.set(name, cloned(inode));
    copy.#unsynced = this.#unsynced.clone((change) => ({ ...change, inode: cloned(change.inode) }));
    for (const [name, folder] of this.#folders) copy.#folders.set(name, folder.clone());
    return copy;
  }

  #change(change: NameChange): void {
    apply(change, this.#seen);
    this.#unsynced.add(change);
  }
}

function apply(change: NameChange, names: Names): void {
  if (change.kind === "create") {
    names.set(change.name, change.inode);
    return;
  }
  if (names.get(change.name) !== change.inode) return;
  names.delete(change.name);
  if (change.kind === "rename") names.set(change.to, change.inode);
}
