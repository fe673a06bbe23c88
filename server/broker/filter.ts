import { Envelope, scanMessage } from "../../proto/kernel/envelope.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { fnv1aOf } from "../../proto/kernel/hash.js";
import { MESSAGE_LIMITS } from "../../proto/kernel/limits.js";
import { recordContentStart } from "../../proto/kernel/record.js";

/** UTF-8 bytes of a filter expression at most. */
export const FILTER_BYTES_MAX = 1_024;

const envelope = new Envelope();

/** Which messages a subscription wants, by their tags. */
export class TagFilter {
  /** The same for every expression that wants the same: sorted, without repeats; `*` for all. */
  readonly expression: string;
  /** Hashes of the tags, for the consume index; undefined for all messages. */
  readonly hashes: ReadonlySet<number> | undefined;
  readonly #tags: readonly Buffer[];

  private constructor(tags: readonly string[]) {
    this.expression = tags.length === 0 ? "*" : tags.join(" || ");
    this.hashes = tags.length === 0 ? undefined : new Set(tags.map(fnv1aOf));
    this.#tags = tags.map((tag) => Buffer.from(tag));
  }

  /** Reads `a || b`; nothing or `*` stands for all messages. BAD_REQUEST says what is wrong with anything else. */
  static parse(text: string): TagFilter {
    if (Buffer.byteLength(text) > FILTER_BYTES_MAX)
      throw refused(text, `it is longer than ${FILTER_BYTES_MAX} bytes`);
    const parts = text.split("||").map((part) => part.trim());
    if (parts.length === 1 && (parts[0] === "" || parts[0] === "*")) return new TagFilter([]);
    for (const part of parts) checkTag(text, part);
    return new TagFilter([...new Set(parts)].sort());
  }

  /** Whether it wants the stored record `bytes[start..end)`, by the tag itself: hashes of different tags can be equal. */
  wants(bytes: Buffer, start: number, end: number): boolean {
    if (this.hashes === undefined) return true;
    scanMessage(bytes, recordContentStart(start), end, envelope);
    const { tagStart, tagEnd } = envelope;
    for (const tag of this.#tags)
      if (tag.length === tagEnd - tagStart && tag.compare(bytes, tagStart, tagEnd) === 0) return true;
    return false;
  }
}

function checkTag(text: string, tag: string): void {
  if (tag === "") throw refused(text, 'a tag is missing before or after "||"');
  if (tag === "*") throw refused(text, '"*" stands for all messages and cannot be one of several');
  if (Buffer.byteLength(tag) > MESSAGE_LIMITS.tagBytesMax)
    throw refused(text, `a tag in it is longer than ${MESSAGE_LIMITS.tagBytesMax} bytes`);
  for (let at = 0; at < tag.length; at++)
    if (tag.charCodeAt(at) < 0x20 || tag.charCodeAt(at) === 0x7f)
      throw refused(text, "a tag in it has a control character");
}

function refused(text: string, why: string): LogwheelError {
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  return new LogwheelError(
    "BAD_REQUEST",
    `the tag filter ${shown} is not valid: ${why}; write tags as "a || b", or "*" for all`,
  );
}
