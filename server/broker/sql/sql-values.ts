/** Digits that a double holds whatever they are, and the powers of ten that it holds exactly. */
const DIGITS_EXACT = 15;
const POWERS = Array.from({ length: DIGITS_EXACT + 1 }, (_, i) => 10 ** i);

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Longer texts are no numbers. */
const NUMBER_BYTES_MAX = 64;

const ZERO = 0x30;
const ABSENT = -1;
const POINT = 0x2e;

/**
 * The number that the text `bytes[start..end)` writes in decimal, rounded to a double; NaN if it is none, too large for
 * one, or longer than 64 characters. Blanks, hexadecimal and words such as "Infinity" are no numbers.
 */
export function numberIn(bytes: Buffer, start: number, end: number): number {
  const sign = bytes[start]!;
  const signed = sign === 0x2d || sign === 0x2b;
  let value = 0;
  let digits = 0;
  let point = ABSENT;
  for (let at = signed ? start + 1 : start; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      if (++digits > DIGITS_EXACT) return slowNumberIn(bytes, start, end);
    } else if (bytes[at] === POINT && point === ABSENT) point = digits;
    else return slowNumberIn(bytes, start, end);
  }
  if (start >= end || digits === 0) return Number.NaN;
  if (point !== ABSENT) value /= POWERS[digits - point]!;
  return sign === 0x2d ? -value : value;
}

function slowNumberIn(bytes: Buffer, start: number, end: number): number {
  if (end - start > NUMBER_BYTES_MAX) return Number.NaN;
  const text = bytes.toString("latin1", start, end);
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** Whether the text `bytes[start..end)` says true or false, in letters of any case; undefined if neither. */
export function booleanIn(bytes: Buffer, start: number, end: number): boolean | undefined {
  if (says("true", bytes, start, end)) return true;
  return says("false", bytes, start, end) ? false : undefined;
}

function says(word: string, bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) if ((bytes[start + i]! | 0x20) !== word.charCodeAt(i)) return false;
  return true;
}
