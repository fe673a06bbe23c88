import type { Files } from "../../server/disk/files.js";
import { BlockCache } from "../../server/store/block-cache.js";
import { KeyIndex, keyIndexName, writeKeyIndex } from "../../server/store/key-index.js";
import { OpenKeys } from "../../server/store/open-keys.js";
import {
  type QueueEntries,
  SegmentIndex,
  segmentIndexName,
  writeSegmentIndex,
} from "../../server/store/segment-index.js";

/** A kind of file beside a sealed segment. */
export interface BlockFileKind {
  /** The file's name for the segment at `start`. */
  nameOf(start: number): string;
  /** Writes a small file with content that depends on `version`. */
  write(files: Files, start: number, version: number): Promise<void>;
  /** Opens the file, asks it everything, closes it, and gives the answers. */
  ask(files: Files, start: number): Promise<unknown>;
}

/** Numbers of entries that tell where they belong. */
export function entriesOf(count: number, mark: number): Uint32Array {
  return Uint32Array.from({ length: count * 4 }, (_, at) => (mark * 100_003 + at) >>> 0);
}

/** What a consume index has of one queue: `count` entries whose numbers tell where they belong. */
export function queueEntries(
  topic: number,
  queueId: number,
  baseOffset: number,
  count: number,
): QueueEntries {
  return { topic, queueId, baseOffset, count, entries: entriesOf(count, topic * 31 + queueId) };
}

/** The keys of a segment. */
export function keysOf(pairs: readonly (readonly [hash: number, position: number])[]): OpenKeys {
  const keys = new OpenKeys();
  for (const [hash, position] of pairs) keys.add(hash, position);
  return keys;
}

export const CONSUME_INDEX: BlockFileKind = {
  nameOf: segmentIndexName,
  write(files: Files, start: number, version: number) {
    return writeSegmentIndex(files, start, [
      queueEntries(1, 0, version, 3),
      queueEntries(1, 1, 9, 0),
      queueEntries(4, 0, 2 ** 40, 5 + version),
    ]);
  },
  async ask(files: Files, start: number) {
    const index = await SegmentIndex.open(files, start, new BlockCache(1 << 20));
    try {
      const places = [
        await index.find(1, 0),
        await index.find(1, 1),
        await index.find(4, 0),
        await index.find(4, 1),
      ];
      const entries = [];
      for (const place of places)
        if (place !== undefined) entries.push([...(await index.entries(place, 0, 100))]);
      return { places, entries, topics: await index.topics() };
    } finally {
      await index.close();
    }
  },
};

export const KEY_INDEX: BlockFileKind = {
  nameOf: keyIndexName,
  write(files: Files, start: number, version: number) {
    const keys = keysOf(
      Array.from({ length: 150 }, (_, at) => [(at % 7) * 0x12345678, at * 100 + version] as const),
    );
    return writeKeyIndex(files, start, keys);
  },
  async ask(files: Files, start: number) {
    const index = await KeyIndex.open(files, start);
    try {
      const found = [];
      for (let each = 0; each < 8; each++) found.push(await index.find(each * 0x12345678));
      return found;
    } finally {
      await index.close();
    }
  },
};
