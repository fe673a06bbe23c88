/** In a pattern: any one character. */
const ONE = 256;
/** In a pattern: any characters, also none. */
const MANY = 257;

/** What a text has to look like: bytes of UTF-8, and what stands for others. */
export type Pattern = Int16Array;

/** A LIKE pattern: `%` any characters, `_` one, each itself behind `sign`. Undefined if nothing follows such a sign. */
export function likePattern(text: string, sign: string | undefined): Pattern | undefined {
  const parts: number[] = [];
  let literal = false;
  for (const character of text) {
    if (!literal && character === sign) {
      literal = true;
      continue;
    }
    if (literal || (character !== "%" && character !== "_")) parts.push(...Buffer.from(character));
    else if (character === "_") parts.push(ONE);
    else if (parts.at(-1) !== MANY) parts.push(MANY);
    literal = false;
  }
  return literal ? undefined : Int16Array.from(parts);
}

/** Texts in which `text` stands: anywhere, first or last. */
export function partPattern(text: string, where: "anywhere" | "first" | "last"): Pattern {
  const before = where === "first" ? [] : [MANY];
  const behind = where === "last" ? [] : [MANY];
  return Int16Array.from([...before, ...Buffer.from(text), ...behind]);
}

/** Whether the text `bytes[start..end)`, valid UTF-8, looks like the pattern. */
export function matches(pattern: Pattern, bytes: Buffer, start: number, end: number): boolean {
  let place = 0;
  let at = start;
  /** Behind the last `MANY`, and what it has been given so far: all that a mismatch has to go back to. */
  let again = -1;
  let given = 0;
  while (at < end) {
    const want = place < pattern.length ? pattern[place]! : -1;
    if (want === MANY) {
      again = ++place;
      given = at;
      if (place === pattern.length) return true;
    } else if (want === bytes[at]!) {
      place++;
      at++;
    } else if (want === ONE) {
      place++;
      at = behindCharacter(bytes, at, end);
    } else if (again < 0) return false;
    else {
      place = again;
      at = given = behindCharacter(bytes, given, end);
    }
  }
  return place === pattern.length || (place === pattern.length - 1 && pattern[place] === MANY);
}

function behindCharacter(bytes: Buffer, start: number, end: number): number {
  let at = start + 1;
  while (at < end && (bytes[at]! & 0xc0) === 0x80) at++;
  return at;
}
