/**
 * SEAM: the disk. One `Files` is one folder and what lies directly in it; names are plain file names.
 *
 * Every call may fail with the operating system's error (`code`: EIO, ENOSPC, …). What survives a power cut: bytes
 * covered by a later successful `sync` of their file; names covered by a later successful `syncNames`.
 */
export interface Files {
  /** Where this is: for people, and for LevelDB, which opens its files itself. */
  readonly path: string;
  /** Names of the files, sorted. Folders are left out. */
  list(): Promise<string[]>;
  /** Names of the folders within, sorted. */
  folders(): Promise<string[]>;
  /** Opens an existing file for reading and writing; ENOENT if there is none. */
  open(name: string): Promise<File>;
  /** Makes a file; EEXIST if there is one. */
  create(name: string): Promise<File>;
  /** Moves a file over whatever has the new name. */
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Makes creates, renames and removals durable. */
  syncNames(): Promise<void>;
  /** A folder within this one, made if it is missing. */
  folder(name: string): Promise<Files>;
  /** Takes the folder for this process until `unlock`; CONFLICT, naming the holder, if another live process has it. */
  lock(): Promise<void>;
  unlock(): Promise<void>;
  /** Free and total bytes of the disk. */
  space(): Promise<{ freeBytes: number; totalBytes: number }>;
}

/** An open file. Positions are byte offsets from its start. */
export interface File {
  readonly name: string;
  /** Writes all of the buffers, one behind the other, from `position` on. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** The same in this turn of the event loop: for a few KiB that go to the page cache. */
  writeNow(buffer: Uint8Array, position: number): void;
  /** Makes everything written before the call durable (fdatasync). */
  sync(): Promise<void>;
  /** Fills `into` from `position` on; returns how many bytes there were, fewer only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  size(): Promise<number>;
  /** Sets the size; bytes that were not there read as zero. */
  resize(bytes: number): Promise<void>;
  close(): Promise<void>;
}
