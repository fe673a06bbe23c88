import assert from "node:assert/strict";
import {
  close,
  type Dirent,
  fdatasync,
  fstat,
  ftruncate,
  type NoParamCallback,
  open,
  read,
  type Stats,
  writeSync,
  writev,
} from "node:fs";
import { open as openHandle, readdir, rename, statfs, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { assertFileName } from "./file-name.js";
import type { File, Files } from "./files.js";
import { FolderLock } from "./folder-lock.js";
import { makeFolder } from "./make-folder.js";
import { noProgress, writeAll } from "./write-all.js";

const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/** A folder of the real disk. Errors are those of the operating system and name the path. */
export class NodeFiles implements Files {
  readonly path: string;
  #lock: FolderLock | null = null;

  private constructor(path: string) {
    this.path = path;
  }

  /** The folder at `path`, made durably, with its parents, if it is missing. BAD_REQUEST where there can be none. */
  static async open(path: string): Promise<NodeFiles> {
    const folder = resolve(path);
    const made = await usable(folder, makeFolder(folder, FOLDER_MODE));
    // Also when it was there: whoever made it may have died before this.
    await syncParents(folder, dirname(made ?? folder));
    return new NodeFiles(folder);
  }

  list(): Promise<string[]> {
    return this.#names((entry) => entry.isFile());
  }

  folders(): Promise<string[]> {
    return this.#names((entry) => entry.isDirectory());
  }

  async #names(wanted: (entry: Dirent) => boolean): Promise<string[]> {
    const entries = await readdir(this.path, { withFileTypes: true });
    return entries
      .filter(wanted)
      .map((entry) => entry.name)
      .sort();
  }

  /** Only for reading where the file system allows nothing else. */
  async open(name: string): Promise<File> {
    return this.#openFile(name, "r+").catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== "EROFS") throw thrown;
      return this.#openFile(name, "r");
    });
  }

  create(name: string): Promise<File> {
    return this.#openFile(name, "wx+");
  }

  async #openFile(name: string, flags: string): Promise<File> {
    const path = this.#pathOf(name);
    const fd = await call<number>(path, (done) => open(path, flags, FILE_MODE, done));
    return new NodeFile(name, path, fd);
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(this.#pathOf(from), this.#pathOf(to));
  }

  async remove(name: string): Promise<void> {
    await unlink(this.#pathOf(name));
  }

  syncNames(): Promise<void> {
    return syncFolder(this.path);
  }

  async folder(name: string): Promise<Files> {
    return NodeFiles.open(this.#pathOf(name));
  }

  async lock(): Promise<void> {
    this.#lock = await usable(this.path, FolderLock.take(this.path));
  }

  async unlock(): Promise<void> {
    const lock = this.#lock;
    this.#lock = null;
    await lock?.release();
  }

  async space(): Promise<{ freeBytes: number; totalBytes: number }> {
    const disk = await statfs(this.path);
    return { freeBytes: disk.bavail * disk.bsize, totalBytes: disk.blocks * disk.bsize };
  }

  #pathOf(name: string): string {
    assertFileName(name);
    return join(this.path, name);
  }
}

/**
 * An open file behind a bare descriptor: the hot path needs neither a handle's extra promises nor its garbage collection.
 *
 * Invariant: the descriptor is closed once, after the last call that uses it has ended. The number may belong to
 * another file right afterwards.
 */
class NodeFile implements File {
  readonly name: string;
  readonly #path: string;
  readonly #fd: number;
  #running = 0;
  #closed: Promise<void> | null = null;
  #onIdle: (() => void) | null = null;

  constructor(name: string, path: string, fd: number) {
    this.name = name;
    this.#path = path;
    this.#fd = fd;
  }

  write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return writeAll(
      (rest, at) => this.#run<number>((done) => writev(this.#fd, rest, at, done)),
      buffers,
      position,
    );
  }

  writeNow(buffer: Uint8Array, position: number): void {
    this.#assertOpen();
    for (let done = 0; done < buffer.byteLength; ) {
      const written = writeSync(this.#fd, buffer, done, buffer.byteLength - done, position + done);
      if (written === 0) throw noProgress(position + done);
      done += written;
    }
  }

  sync(): Promise<void> {
    return this.#run((done) => fdatasync(this.#fd, done as NoParamCallback));
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.byteLength) {
      const left = into.byteLength - done;
      const count = await this.#run<number>((end) => read(this.#fd, into, done, left, position + done, end));
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async size(): Promise<number> {
    return (await this.#run<Stats>((done) => fstat(this.#fd, done))).size;
  }

  resize(bytes: number): Promise<void> {
    return this.#run((done) => ftruncate(this.#fd, bytes, done as NoParamCallback));
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeWhenIdle();
    return this.#closed;
  }

  async #closeWhenIdle(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((idle) => {
        this.#onIdle = idle;
      });
    }
    await call<void>(this.#path, (done) => close(this.#fd, done as NoParamCallback));
  }

  async #run<T>(start: (done: Done<T>) => void): Promise<T> {
    this.#assertOpen();
    this.#running += 1;
    try {
      return await call(this.#path, start);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  #assertOpen(): void {
    assert(this.#closed === null, `${this.#path} is closed`);
  }
}

/** What the system says when a path is wrong or is not for this user, rather than when a disk fails. */
const UNUSABLE = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "EEXIST",
  "ENOTDIR",
  "ENOENT",
  "ELOOP",
  "ENAMETOOLONG",
]);

async function usable<T>(folder: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    const { code = "", message } = thrown as NodeJS.ErrnoException;
    if (!UNUSABLE.has(code)) throw thrown;
    const advice = "choose a folder that this user may write to";
    throw new LogwheelError("BAD_REQUEST", `${folder} cannot hold data: ${message}; ${advice}`, {
      cause: thrown,
    });
  }
}

/** Calls a function of `node:fs` that takes a callback. Its error learns the path, which calls on descriptors leave out. */
function call<T>(path: string, start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (!error) return resolve(value);
      if (error.path === undefined) Object.assign(error, { path, message: `${error.message} '${path}'` });
      reject(error);
    });
  });
}

async function syncFolder(path: string): Promise<void> {
  const handle = await openHandle(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names of folders durable: all on the way from `path` up to `top`, as far as this user may. */
async function syncParents(path: string, top: string): Promise<void> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    await syncFolder(folder).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== "EACCES") throw thrown;
    });
    if (folder === top) return;
  }
}
