/** One change of a batch; without a value the key goes. */
export interface ViewChange {
  readonly key: Buffer;
  readonly value?: Buffer;
}

/** A key of a view, and what stands there. */
export interface ViewEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * SEAM: the sorted keys and values in which views of the log are kept that do not fit the memory. Keys sort as bytes.
 *
 * Nothing here is the only copy. A power cut may take any batch that was written after the last `force` and not synced,
 * also one in the middle, but no part of one. Calls fail with LOG_CORRUPT for contents that are not what was written, else
 * with the error of what is below.
 */
export interface Views {
  /** All of it was checked when it was opened, so that nothing can be missing. */
  readonly whole: boolean;
  /** Applies all of the changes or none. Synced, they survive a power cut, whatever becomes of those before. */
  write(changes: readonly ViewChange[], options?: { readonly sync?: boolean }): Promise<void>;
  /** Makes all that was written before the call survive a power cut. Takes a disk's while. */
  force(): Promise<void>;
  /** The value at a key, in this turn: one block is read from the disk at most. */
  get(key: Buffer): Buffer | undefined;
  /** Up to `max` entries from key `from` on, in order, below key `to`. */
  scan(from: Buffer, to: Buffer, max: number): Promise<ViewEntry[]>;
  close(): Promise<void>;
}

/** Where views are kept, in a broker's data folder. */
export interface ViewsFolder {
  /** For people. */
  readonly path: string;
  /** Whether anything is there. */
  exists(): Promise<boolean>;
  /** Opens what is there, or makes it. LOG_CORRUPT if it is damaged. */
  open(): Promise<Views>;
  /** Takes away all that is there. A crash meanwhile leaves what `open` refuses, or nothing. */
  remove(): Promise<void>;
}
