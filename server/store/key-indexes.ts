import { fnv1aOf } from "../../proto/kernel/hash.js";
import { keysOf } from "../../proto/kernel/message-codec.js";
import type { Files } from "../disk/files.js";
import { KeyIndex, keyIndexName, writeKeyIndex } from "./key-index.js";
import { OpenKeys } from "./open-keys.js";
import { replay } from "./replay.js";
import type { Segment } from "./segment.js";
import type { Segments } from "./segments.js";
import { State } from "./state.js";

/** Log offsets of messages with a key, over all segments: the open one's in memory, a file beside each sealed one. */
export class KeyIndexes {
  readonly #files: Files;
  readonly #segments: Segments;
  readonly #memory = new Map<number, OpenKeys>();
  #openStart: number;
  #open = new OpenKeys();

  /** The segment at `openStart` is being written. */
  constructor(files: Files, segments: Segments, openStart: number) {
    this.#files = files;
    this.#segments = segments;
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

  /** Writes the key index of a sealed segment; it leaves the memory after that. */
  async seal(segment: Segment): Promise<void> {
    const keys = this.#memory.get(segment.start);
    if (keys === undefined || segment.start === this.#openStart) return;
    await writeKeyIndex(this.#files, segment.start, keys);
    this.#memory.delete(segment.start);
  }

  /** Makes the files that sealed segments lack: a crash came before they were written. */
  async repair(): Promise<void> {
    const names = new Set(await this.#files.list());
    for (const segment of this.#segments.all)
      if (segment.start < this.#openStart && !names.has(keyIndexName(segment.start)))
        await this.rebuild(segment);
  }

  /** Makes a sealed segment's key index again from its records. */
  async rebuild(segment: Segment): Promise<void> {
    const keys = new OpenKeys();
    await replay(segment, segment.end, new State(), {
      add(_queue, header, position, bytes, start, end) {
        if (header.keyed)
          for (const key of keysOf(bytes, start, end)) keys.add(hashOf(header.topic, key), position);
      },
    });
    await writeKeyIndex(this.#files, segment.start, keys);
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
    if ((await this.#files.list()).includes(keyIndexName(segment.start)))
      await this.#files.remove(keyIndexName(segment.start));
  }

  async #findSealed(segment: Segment, hash: number): Promise<number[]> {
    let index: KeyIndex;
    try {
      index = await KeyIndex.open(this.#files, segment.start);
    } catch {
      await this.rebuild(segment);
      index = await KeyIndex.open(this.#files, segment.start);
    }
    try {
      return await index.find(hash);
    } finally {
      await index.close();
    }
  }
}

function hashOf(topic: number, key: string): number {
  return (fnv1aOf(key) ^ Math.imul(topic, 0x9e3779b1)) >>> 0;
}
