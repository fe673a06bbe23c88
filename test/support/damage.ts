import { Mutator } from "./mutator.js";

const SECTOR_BYTES = 512;
const EXTREMES = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];

/** Bytes with one thing wrong, and what that is. */
export interface Damaged {
  readonly what: string;
  readonly bytes: Buffer;
}

/** Each bit turned, one after the other, within `[from, to)` bytes. */
export function* flips(bytes: Buffer, from = 0, to = bytes.byteLength): Generator<Damaged> {
  for (let bit = from * 8; bit < to * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    yield { what: `bit ${bit & 7} of byte ${bit >> 3} turned`, bytes: flipped };
  }
}

/** Cut off before each byte. */
export function* cuts(bytes: Buffer): Generator<Damaged> {
  for (let size = 0; size < bytes.byteLength; size++) {
    yield { what: `cut at ${size}`, bytes: bytes.subarray(0, size) };
  }
}

/** A write of `now` over `before` that ended before each byte. */
export function* torn(before: Buffer, now: Buffer): Generator<Damaged> {
  for (let size = 0; size <= now.byteLength; size++) {
    const bytes = Buffer.concat([now.subarray(0, size), before.subarray(size)]);
    yield { what: `torn at ${size}`, bytes };
  }
}

/** Whole sectors that are zero, old or in each other's place; a file that is there twice. */
export function* sectorDamage(bytes: Buffer, stale: Buffer): Generator<Damaged> {
  for (let at = 0; at < bytes.byteLength; at += SECTOR_BYTES) {
    const end = Math.min(bytes.byteLength, at + SECTOR_BYTES);
    yield { what: `zeros at ${at}`, bytes: patched(bytes, at, Buffer.alloc(end - at)) };
    yield { what: `stale sector at ${at}`, bytes: patched(bytes, at, stale.subarray(at, end)) };
    if (end + SECTOR_BYTES <= bytes.byteLength) {
      const [one, other] = [bytes.subarray(at, end), bytes.subarray(end, end + SECTOR_BYTES)];
      yield {
        what: `sectors at ${at} and ${end} swapped`,
        bytes: patched(bytes, at, Buffer.concat([other, one])),
      };
    }
  }
  yield { what: "doubled", bytes: Buffer.concat([bytes, bytes]) };
}

/** A few random changes, among them fixed-width fields at their extremes. */
export function mutated(bytes: Buffer, random: () => number): Buffer {
  if (random() < 0.8) return new Mutator(random).mutate(bytes, bytes);
  const field = Buffer.alloc(4);
  field.writeUInt32LE(EXTREMES[Math.floor(random() * EXTREMES.length)]!);
  return patched(bytes, 4 * Math.floor((random() * bytes.byteLength) / 4), field);
}

function patched(bytes: Buffer, at: number, piece: Buffer): Buffer {
  const result = Buffer.from(bytes);
  piece.copy(result, at);
  return result;
}
