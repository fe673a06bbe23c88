import { LogwheelError } from "../../proto/kernel/errors.js";
import { assertFileName } from "./file-name.js";
import type { File, Files } from "./files.js";
import { type Before, diskError, MemoryDisk, type Operation } from "./memory-disk.js";
import { MemoryFile } from "./memory-file.js";
import type { MemoryFolder } from "./memory-folder.js";
import type { MemoryInode } from "./memory-inode.js";
import type { PowerLoss } from "./power-loss.js";

/** One process's view of a folder of a simulated disk, which loses power and fails when told to. */
export class MemoryFiles implements Files {
  readonly path: string;
  /** Limits, faults and counts; the same for all folders. */
  readonly disk: MemoryDisk;
  readonly #folder: MemoryFolder;

  constructor(disk = new MemoryDisk(), folder = disk.root, path = "/memory") {
    this.disk = disk;
    this.path = path;
    this.#folder = folder;
  }

  /** Shorthand for the disk's own. */
  set before(before: Before | null) {
    this.disk.before = before;
  }

  /** The whole disk as a machine finds it that lost power now; this one goes on as if nothing had been. */
  losePower(loss: PowerLoss): MemoryFiles {
    return new MemoryFiles(this.disk.afterPowerLoss(loss));
  }

  /** The whole disk as another process finds it after this one was killed now; also a snapshot. */
  clone(): MemoryFiles {
    return new MemoryFiles(this.disk.clone());
  }

  /** The same folder for another process. */
  reopen(): MemoryFiles {
    return new MemoryFiles(this.disk, this.#folder, this.path);
  }

  /** A copy of a file's bytes, past all faults. */
  peek(name: string): Buffer {
    return this.#find(name).seen.toBuffer();
  }

  /** Gives a file other bytes, past all faults and on the disk at once. Who has it open keeps the old ones. */
  poke(name: string, bytes: Uint8Array): void {
    this.#folder.put(name, bytes);
  }

  list(): Promise<string[]> {
    return this.#run("list", null, () => this.#folder.names);
  }

  folders(): Promise<string[]> {
    return this.#run("folders", null, () => this.#folder.folderNames);
  }

  open(name: string): Promise<File> {
    return this.#run("open", name, () => new MemoryFile(name, this.disk, this.#find(name)));
  }

  create(name: string): Promise<File> {
    return this.#run("create", name, () => {
      if (this.#folder.find(name) !== undefined) throw diskError("EEXIST");
      return new MemoryFile(name, this.disk, this.#folder.create(name));
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#run("rename", from, () => {
      assertFileName(to);
      this.#folder.rename(from, to, this.#find(from));
    });
  }

  remove(name: string): Promise<void> {
    return this.#run("remove", name, () => this.#folder.remove(name, this.#find(name)));
  }

  async syncNames(): Promise<void> {
    const end = this.#folder.startSync();
    try {
      await this.disk.enter("syncNames", "");
    } catch (thrown) {
      end(false);
      throw thrown;
    }
    end(true);
  }

  folder(name: string): Promise<MemoryFiles> {
    return this.#run("folder", name, () => {
      return new MemoryFiles(this.disk, this.#folder.folder(name), `${this.path}/${name}`);
    });
  }

  lock(): Promise<void> {
    return this.#run("lock", null, () => {
      if (this.#folder.holder !== null) {
        throw new LogwheelError("CONFLICT", `The folder ${this.path} is used by another.`);
      }
      this.#folder.holder = this;
    });
  }

  unlock(): Promise<void> {
    return this.#run("unlock", null, () => {
      if (this.#folder.holder === this) this.#folder.holder = null;
    });
  }

  space(): Promise<{ freeBytes: number; totalBytes: number }> {
    return this.#run("space", null, () => {
      const { freeBytes, totalBytes } = this.disk;
      return { freeBytes, totalBytes };
    });
  }

  /** `name` is null for calls on the folder. */
  async #run<T>(call: Operation["call"], name: string | null, act: () => T): Promise<T> {
    if (name !== null) assertFileName(name);
    await this.disk.enter(call, name ?? "");
    return act();
  }

  #find(name: string): MemoryInode {
    const inode = this.#folder.find(name);
    if (inode === undefined) throw diskError("ENOENT");
    return inode;
  }
}
