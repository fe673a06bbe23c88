import fc from "fast-check";
import { varintSize, WIRE, WireReader, writeVarint } from "../../proto/kernel/wire.js";

/** Fields that are messages, by number, and theirs. */
export interface Blocks {
  readonly [field: number]: Blocks;
}

/** What `mixed` chooses by. */
export const dice: fc.Arbitrary<() => number> = fc.infiniteStream(fc.nat(99)).map((stream) => () => {
  const { value } = stream.next();
  return value / 100;
});

/** Fields that no version knows, of every wire type. */
const UNKNOWN: readonly Buffer[] = [
  Buffer.from([0xc0, 0x3e, 0x05]),
  Buffer.from([0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8]),
  Buffer.from([0xc2, 0x3e, 0x02, 0xff, 0x08]),
  Buffer.from([0xc5, 0x3e, 1, 2, 3, 4]),
];

/** The message with its fields, and those of `blocks` in it, in another order, and unknown ones between them; `random` is from 0 to 1. */
export function mixed(bytes: Buffer, blocks: Blocks, random: () => number): Buffer {
  const reader = new WireReader().reset(bytes, 0, bytes.length);
  const fields: Buffer[] = [];
  while (reader.at < reader.end) {
    const start = reader.at;
    const tag = reader.tag();
    const inner = (tag & 7) === WIRE.BYTES ? blocks[tag >>> 3] : undefined;
    if (inner === undefined) reader.skip(tag);
    else {
      const end = reader.block();
      fields.push(block(tag, mixed(bytes.subarray(reader.at, end), inner, random)));
      reader.at = end;
      continue;
    }
    fields.push(bytes.subarray(start, reader.at));
  }
  fields.push(...UNKNOWN.filter(() => random() < 0.3));
  for (let i = fields.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [fields[i], fields[j]] = [fields[j]!, fields[i]!];
  }
  return Buffer.concat(fields);
}

/** A field that is a block. */
export function block(tag: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(varintSize(tag) + varintSize(content.length));
  writeVarint(head, writeVarint(head, 0, tag), content.length);
  return Buffer.concat([head, content]);
}
