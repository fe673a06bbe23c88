import { Envelope, scanMessage } from "../../proto/kernel/envelope.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import { fnv1aOf } from "../../proto/kernel/hash.js";
import { recordContentStart } from "../../proto/kernel/record.js";
import type { MessageFilter } from "./filter.js";
import { checkFilterLength, invalidFilter } from "./filter-text.js";

const envelope = new Envelope();

/** Wants messages by their tags. */
export class TagFilter implements MessageFilter {
  readonly kind = "tags";
  readonly loose = false;
  /** Sorted, without repeats; `*` for all. */
  readonly expression: string;
  readonly hashes: ReadonlySet<number> | undefined;
  readonly #tags: readonly Buffer[];

  private constructor(tags: readonly string[]) {
    this.expression = tags.length === 0 ? "*" : tags.join(" || ");
    this.hashes = tags.length === 0 ? undefined : new Set(tags.map(fnv1aOf));
    this.#tags = tags.map((tag) => Buffer.from(tag));
  }

  /** Reads `a || b`; nothing or `*` stands for all messages. FILTER_INVALID says what is wrong with anything else. */
  static parse(text: string): TagFilter {
    checkFilterLength("tag", text);
    const parts = text.split("||").map((part) => part.trim());
    if (parts.length === 1 && (parts[0] === "" || parts[0] === "*")) return new TagFilter([]);
    for (const part of parts) checkTag(text, part);
    return new TagFilter([...new Set(parts)].sort());
  }

  /** By the tag itself: hashes of different tags can be equal. */
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
  for (let at = 0; at < tag.length; at++)
    if (tag.charCodeAt(at) < 0x20 || tag.charCodeAt(at) === 0x7f)
      throw refused(text, "a tag in it has a control character");
}

function refused(text: string, why: string): LogwheelError {
  return invalidFilter("tag", text, `${why}; write tags as "a || b", or "*" for all`);
}
