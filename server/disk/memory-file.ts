import assert from "node:assert/strict";
import type { File } from "./files.js";
import { diskError, type MemoryDisk, type Operation } from "./memory-disk.js";
import type { MemoryInode } from "./memory-inode.js";

/** An open file of a simulated disk. Catches a caller that changes a buffer which is still being written. */
export class MemoryFile implements File {
  readonly name: string;
  readonly #disk: MemoryDisk;
  readonly #inode: MemoryInode;
  #running = 0;
  #closed: Promise<void> | null = null;
  #onIdle: (() => void) | null = null;

  constructor(name: string, disk: MemoryDisk, inode: MemoryInode) {
    this.name = name;
    this.#disk = disk;
    this.#inode = inode;
    disk.openFiles += 1;
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    const bytes = Buffer.concat(buffers);
    await this.#run(
      "write",
      () => this.#put(bytes, position),
      (thrown) => this.#put(bytes.subarray(0, thrown.writtenBytes ?? 0), position),
    );
    assert(Buffer.concat(buffers).equals(bytes), `a buffer was changed while ${this.name} took it`);
  }

  writeNow(buffer: Uint8Array, position: number): void {
    this.#assertOpen();
    const waits = this.#disk.enter("writeNow", this.name);
    assert(waits === undefined, "writeNow cannot wait");
    this.#put(Buffer.from(buffer), position);
  }

  async sync(): Promise<void> {
    const end = this.#inode.startSync();
    await this.#run(
      "sync",
      () => end(true),
      () => end(false),
    );
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#run("read", () => this.#inode.seen.read(into, position));
  }

  size(): Promise<number> {
    return this.#run("size", () => this.#inode.seen.size);
  }

  resize(bytes: number): Promise<void> {
    return this.#run("resize", () => this.#inode.resize(bytes));
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
    this.#disk.openFiles -= 1;
    await this.#disk.enter("close", this.name);
  }

  async #run<T>(
    call: Operation["call"],
    act: () => T,
    fail: (thrown: { writtenBytes?: number }) => void = () => {},
  ): Promise<T> {
    this.#assertOpen();
    this.#running += 1;
    try {
      await this.#enter(call, fail);
      return act();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  async #enter(call: Operation["call"], fail: (thrown: object) => void): Promise<void> {
    try {
      await this.#disk.enter(call, this.name);
    } catch (thrown) {
      fail(thrown as object);
      throw thrown;
    }
  }

  /** Writes what the disk has room for: old bytes need none. */
  #put(bytes: Buffer, position: number): void {
    const room = Math.max(this.#inode.seen.size - position, 0) + this.#disk.freeBytes;
    this.#inode.write(bytes.subarray(0, room), position);
    if (bytes.byteLength > room) throw diskError("ENOSPC");
  }

  #assertOpen(): void {
    assert(this.#closed === null, `${this.name} is closed`);
  }
}
