import { HpackError } from "./hpack-error.js";

/**
 * Bits of the code of each byte and, last, of the end of a string (RFC 7541 appendix B). The code is canonical, so
 * that lengths say it all: shorter codes count up before longer ones, and those of one length by their symbols.
 */
// biome-ignore format: a table
const CODE_BITS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const END_OF_STRING = 256;

/** The shortest code has five bits. */
const GROWTH_MAX = 8 / 5;
const PADDING_BITS_MAX = 7;

/**
 * The tree of the code, two children for each of its 256 inner nodes: a node, or the complement of a symbol. The nodes
 * on the way to the end of the string, which is nothing but ones, are numbered first: node n is n ones from the root.
 */
function tree(): Int16Array {
  const children = new Int16Array(2 * END_OF_STRING);
  let nodes = 1;
  const grow = (symbol: number, code: number, bits: number): void => {
    let node = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const child = 2 * node + ((code >>> bit) & 1);
      if (children[child] === 0) children[child] = nodes++;
      node = children[child]!;
    }
    children[2 * node + (code & 1)] = ~symbol;
  };
  const endBits = CODE_BITS[END_OF_STRING]!;
  grow(END_OF_STRING, 2 ** endBits - 1, endBits);
  let code = 0;
  for (let bits = 1; bits <= endBits; bits++, code <<= 1)
    for (let symbol = 0; symbol < END_OF_STRING; symbol++)
      if (CODE_BITS[symbol] === bits) grow(symbol, code++, bits);
  return children;
}

/** Where a step keeps what it brings; a negative one met the end of the string. */
const STEP = { NODE: 0xff, SYMBOL: 8, BROUGHT: 16, ENDED: 1 << 31 } as const;

/** What each half of a byte does at each node: leads to another node and brings a symbol or none. */
function steps(): Int32Array {
  const children = tree();
  const all = new Int32Array(256 * 16);
  for (let at = 0; at < all.length; at++) {
    let node = at >>> 4;
    let brought = 0;
    for (let bit = 3; bit >= 0; bit--) {
      const child = children[2 * node + ((at >>> bit) & 1)]!;
      node = Math.max(child, 0);
      if (child < 0)
        brought = ~child === END_OF_STRING ? STEP.ENDED : (1 << STEP.BROUGHT) | (~child << STEP.SYMBOL);
    }
    all[at] = brought | node;
  }
  return all;
}

const STEPS = steps();

/** Where strings of usual length are put together. */
const SCRATCH = Buffer.allocUnsafeSlow(4_096);

/**
 * The text of `bytes[start..end)` in the code of RFC 7541 appendix B, a character for each byte.
 *
 * Throws HpackError where the code of the end of a string occurs, or if what fills the last byte is longer than 7 bits
 * or not all ones (RFC 7541 5.2).
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string {
  // A step writes a symbol, whether it brings one or not.
  const room = Math.ceil((end - start) * GROWTH_MAX) + 1;
  const text = room <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafe(room);
  let length = 0;
  let step = 0;
  let ended = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    step = STEPS[((step & STEP.NODE) << 4) | (byte >>> 4)]!;
    text[length] = step >>> STEP.SYMBOL;
    length += (step >>> STEP.BROUGHT) & 1;
    ended |= step;
    step = STEPS[((step & STEP.NODE) << 4) | (byte & 15)]!;
    text[length] = step >>> STEP.SYMBOL;
    length += (step >>> STEP.BROUGHT) & 1;
    ended |= step;
  }
  if (ended < 0) throw new HpackError("the code of the end of a string within a string");
  if ((step & STEP.NODE) > PADDING_BITS_MAX) throw new HpackError("a string that ends within a code");
  return text.toString("latin1", 0, length);
}
