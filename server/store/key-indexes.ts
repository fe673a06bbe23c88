import { LogwheelError } from "../../proto/kernel/errors.js";
import { fnv1aOf } from "../../proto/kernel/hash.js";
import { keysOf } from "../../proto/kernel/message-codec.js";
import type { Files } from "../disk/files.js";
import { KeyIndex, writeKeyIndex } from "./key-index.js";
import { OpenKeys } from "./open-keys.js";
import { messageAt } from "./record.js";
import { salvage } from "./salvage.js";
import type { Segment } from "./segment.js";
import type { Segments } from "./segments.js";
import { SideFiles } from "./side-files.js";

const OPEN_INDEXES_MAX = 16;

/** Log offsets of messages with a key, over all segments: the open one's in memory, a file beside each sealed one. */
export class KeyIndexes {
  readonly #files: Files;
  readonly #segments: Segments;
  readonly #indexes: SideFiles<KeyIndex>;
  /** By segment: the open one, and those whose file is not written yet. */
  readonly #memory = new Map<number, OpenKeys>();
  #openStart: number;
  #open = new OpenKeys();

  /** The segment at `openStart` is being written. */
  constructor(files: Files, segments: Segments, openStart: number) {
    this.#files = files;
    this.#segments = segments;
    this.#indexes = new SideFiles(files, segments, {
      suffix: "keys",
      open: (start) => KeyIndex.open(files, start),
      write: (segment) => writeKeysAgain(files, segment),
      openMax: OPEN_INDEXES_MAX,
    });
    this.#openStart = openStart;
    this.#memory.set(openStart, this.#open);
  }

  /** A message of the open segment has these keys. */
  add(topic: number, keys: readonly string[], position: number): void {
    for (const key of keys) this.#open.add(hashOf(topic, key), position);
  }

  /** The segment at `start` is being written from now on. */
  begin(start: number): void {
    this.#openStart = start;
    this.#open = new OpenKeys();
    this.#memory.set(start, this.#open);
  }

  /** Writes the key index of a sealed segment, after those that failed before; they leave the memory then. */
  async seal(segment: Segment): Promise<void> {
    for (const [start, keys] of [...this.#memory])
      if (start <= segment.start && start < this.#openStart) {
        await writeKeyIndex(this.#files, start, keys);
        this.#memory.delete(start);
      }
  }

  /** Clears up after a crash. Key indexes that are missing are made when they are asked for. */
  repair(): Promise<void> {
    return this.#indexes.sweep();
  }

  /** Makes a sealed segment's key index again from its records. */
  rebuild(segment: Segment): Promise<void> {
    return this.#indexes.rebuild(segment);
  }

  /** Log offsets of messages of a topic that may have a key (others may share its hash), newest first. */
  async *find(topic: number, key: string): AsyncGenerator<number> {
    const hash = hashOf(topic, key);
    for (const segment of [...this.#segments.all].reverse()) {
      const positions =
        this.#memory.get(segment.start)?.find(hash) ?? (await this.#findSealed(segment, hash));
      for (const position of positions.reverse()) yield segment.start + position;
    }
  }

  /** The index of a segment is gone with it. */
  async drop(segment: Segment): Promise<void> {
    this.#memory.delete(segment.start);
    await this.#indexes.drop(segment);
  }

  close(): Promise<void> {
    return this.#indexes.close();
  }

  async #findSealed(segment: Segment, hash: number): Promise<number[]> {
    try {
      return await this.#indexes.use(segment, (index) => index.find(hash));
    } catch (thrown) {
      if (LogwheelError.is(thrown, "OFFSET_OUT_OF_RANGE")) return [];
      throw thrown;
    }
  }
}

/** Writes a sealed segment's key index from its records, as far as they are whole. */
export async function writeKeysAgain(files: Files, segment: Segment): Promise<void> {
  const keys = new OpenKeys();
  await salvage(segment, segment.end, {
    record(header, bytes, at) {
      const message = messageAt(header.kind);
      if (!header.keyed || message === 0) return;
      for (const key of keysOf(bytes, at + message, at + header.length))
        keys.add(hashOf(header.topic, key), header.logOffset - segment.start);
    },
    damage() {},
  });
  await writeKeyIndex(files, segment.start, keys);
}

function hashOf(topic: number, key: string): number {
  return (fnv1aOf(key) ^ Math.imul(topic, 0x9e3779b1)) >>> 0;
}
