/** In a part: any one character. Everything else is a byte of UTF-8. */
export const ONE = 256;

const WORD_BITS = 32;

/**
 * A part of a pattern, without gaps. It is found by bit-parallel search (Baeza-Yates and Gonnet's shift-and): bit i of the
 * state says that the elements up to i fit what was read last, so every byte of a text is looked at once.
 */
export class PatternPart {
  readonly #elements: readonly number[];
  readonly #words: number;
  /** Elements that each byte fits, as bits: `#words` numbers for a byte. */
  readonly #fitting: Int32Array;
  /** Elements that are any character: these go on over the bytes that continue one. */
  readonly #any: Int32Array;
  readonly #state: Int32Array;

  constructor(elements: readonly number[]) {
    this.#elements = elements;
    this.#words = Math.ceil(elements.length / WORD_BITS);
    this.#fitting = new Int32Array(256 * this.#words);
    this.#any = new Int32Array(this.#words);
    this.#state = new Int32Array(this.#words);
    for (const [i, element] of elements.entries()) {
      const [word, bit] = [Math.floor(i / WORD_BITS), 1 << (i % WORD_BITS)];
      if (element === ONE) this.#any[word]! |= bit;
      for (let byte = 0; byte < 256; byte++)
        if (byte === element || (element === ONE && !continues(byte)))
          this.#fitting[byte * this.#words + word]! |= bit;
    }
  }

  /** Behind the part if it stands at `start`; else -1. */
  behind(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (const element of this.#elements) {
      if (at >= end) return -1;
      if (element !== ONE && element !== bytes[at]) return -1;
      at = element === ONE ? behindCharacter(bytes, at, end) : at + 1;
    }
    return at;
  }

  /** Where the part begins if it ends at `end`, from `start` on; else -1. */
  before(bytes: Buffer, start: number, end: number): number {
    let at = end;
    for (let i = this.#elements.length - 1; i >= 0; i--) {
      if (--at < start) return -1;
      const element = this.#elements[i]!;
      if (element === ONE) while (at > start && continues(bytes[at]!)) at--;
      else if (element !== bytes[at]) return -1;
    }
    return at;
  }

  /** Behind the first place from `start` on where the part stands; -1 if there is none. */
  find(bytes: Buffer, start: number, end: number): number {
    if (this.#elements.length === 0) return start;
    this.#state.fill(0);
    for (let at = start; at < end; at++) if (this.#read(bytes[at]!)) return behindCharacter(bytes, at, end);
    return -1;
  }

  /** Moves the state over a byte; whether the whole part fits now. */
  #read(byte: number): boolean {
    const state = this.#state;
    const words = this.#words;
    const goesOn = continues(byte);
    let carry = 1;
    for (let word = 0; word < words; word++) {
      const before = state[word]!;
      const moved = ((before << 1) | carry) & this.#fitting[byte * words + word]!;
      state[word] = goesOn ? moved | (before & this.#any[word]!) : moved;
      carry = before >>> (WORD_BITS - 1);
    }
    return (state[words - 1]! & (1 << ((this.#elements.length - 1) % WORD_BITS))) !== 0;
  }
}

/** Whether the byte is one behind the first of a character. */
function continues(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function behindCharacter(bytes: Buffer, start: number, end: number): number {
  let at = start + 1;
  while (at < end && continues(bytes[at]!)) at++;
  return at;
}
