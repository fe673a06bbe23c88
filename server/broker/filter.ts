import type { ReadLimits } from "../store/queue-reader.js";
import { invalidFilter } from "./filter-text.js";
import { SqlFilter } from "./sql/sql-filter.js";
import { TagFilter } from "./tag-filter.js";

/** Messages and bytes of one read that a loose filter is asked of, so that one that fits nothing does not hold the process. */
const LOOSE_MESSAGES_MAX = 1_024;
const LOOSE_BYTES_MAX = 512 << 10;

/** Which messages of a topic are wanted. */
export interface MessageFilter {
  /** The language of `expression`. */
  readonly kind: "tags" | "SQL";
  /** Equal texts of one kind want the same. */
  readonly expression: string;
  /** Hashes of the tags that a wanted message can have, for the consume index; undefined for any. */
  readonly hashes: ReadonlySet<number> | undefined;
  /** Whether much that the index lets through is not wanted: then not the first messages that are read make a batch. */
  readonly loose: boolean;
  /** Whether it wants the stored record `bytes[start..end)`. */
  wants(bytes: Buffer, start: number, end: number): boolean;
}

/** The filter that a request gives as tags or in SQL; neither stands for all messages. FILTER_INVALID says what is wrong. */
export function parseFilter({ tags, sql }: { tags: string; sql: string }): MessageFilter {
  if (!sql) return TagFilter.parse(tags);
  if (!tags) return SqlFilter.parse(sql);
  throw invalidFilter(
    "SQL",
    sql,
    `there is a tag filter beside it, ${JSON.stringify(tags)}; give one of them, SQL can ask for tags too: "tag IN ('a', 'b')"`,
  );
}

/**
 * What the store is asked to read where there is room for so much and `span` messages are left: with a loose filter more
 * than there is room for, and the sink says when it has enough.
 */
export function readLimits(
  { hashes, loose }: MessageFilter,
  room: { readonly maxMessages: number; readonly maxBytes: number },
  span: number,
): ReadLimits {
  const limits = loose
    ? { maxMessages: Math.min(span, LOOSE_MESSAGES_MAX), maxBytes: LOOSE_BYTES_MAX }
    : room;
  return hashes === undefined ? limits : { ...limits, tagHashes: hashes };
}
