import { ONE, PatternPart } from "./sql-pattern-part.js";

/** What a text has to look like: parts that follow each other, with any characters, also none, between them. */
export class Pattern {
  readonly #parts: readonly PatternPart[];

  /** The first part stands at the beginning of the text and the last one at its end; an empty one stands anywhere. */
  constructor(parts: readonly (readonly number[])[]) {
    this.#parts = parts.map((part) => new PatternPart(part));
  }

  /** Whether the text `bytes[start..end)`, valid UTF-8, looks so. In steps that grow with the text, not with its square. */
  fits(bytes: Buffer, start: number, end: number): boolean {
    const parts = this.#parts;
    const last = parts.length - 1;
    let at = parts[0]!.behind(bytes, start, end);
    if (at < 0 || last === 0) return at === end;
    for (let i = 1; i < last; i++) {
      at = parts[i]!.find(bytes, at, end);
      if (at < 0) return false;
    }
    return parts[last]!.before(bytes, at, end) >= 0;
  }
}

/** A LIKE pattern: `%` any characters, `_` one, each itself behind `sign`. Undefined if nothing follows such a sign. */
export function likePattern(text: string, sign: string | undefined): Pattern | undefined {
  const parts: number[][] = [[]];
  let literal = false;
  for (const character of text) {
    if (!literal && character === sign) {
      literal = true;
      continue;
    }
    if (!literal && character === "%") parts.push([]);
    else parts.at(-1)!.push(...(!literal && character === "_" ? [ONE] : Buffer.from(character)));
    literal = false;
  }
  return literal ? undefined : new Pattern(parts);
}

/** Texts in which `text` stands: anywhere, first or last. */
export function partPattern(text: string, where: "anywhere" | "first" | "last"): Pattern {
  const part = [...Buffer.from(text)];
  if (where === "anywhere") return new Pattern([[], part, []]);
  return new Pattern(where === "first" ? [part, []] : [[], part]);
}
