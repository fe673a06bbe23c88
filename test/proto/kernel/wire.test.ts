import { expect } from "chai";
import fc from "fast-check";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import {
  checkUint64,
  int64Size,
  readFixed64,
  readText,
  textSize,
  varintSize,
  WireReader,
  WireWriter,
  writeFixed64,
  writeInt64,
  writeText,
  writeVarint,
} from "../../../proto/kernel/wire.js";
import { text, uint64 } from "../../support/message-arbitraries.js";

/** Varints by the book, in big integers. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function reader(bytes: Buffer): WireReader {
  return new WireReader().reset(bytes, 0, bytes.length);
}

function refuses(read: () => unknown): void {
  expect(read).to.throw(LogwheelError).with.property("code", "BAD_REQUEST");
}

describe("wire", () => {
  it("writes and reads numbers up to 2^53 - 1 as any protobuf does", () => {
    fc.assert(
      fc.property(uint64, (value) => {
        const expected = varint(BigInt(value));
        const bytes = Buffer.alloc(12);
        const end = writeVarint(bytes, 0, value);
        expect(bytes.subarray(0, end).equals(expected)).to.equal(true);
        expect(varintSize(value)).to.equal(expected.length);
        for (const tail of [0, 1, 2, 3, 8]) {
          const padded = Buffer.concat([expected, Buffer.alloc(tail, 0xff)]);
          const at = reader(padded);
          expect(at.uint64()).to.equal(value);
          expect(at.at).to.equal(expected.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("writes and reads signed numbers, negative ones in ten bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (value) => {
        const expected = varint(BigInt(value));
        const bytes = Buffer.alloc(12);
        const end = writeInt64(bytes, 0, value);
        expect(bytes.subarray(0, end).equals(expected)).to.equal(true);
        expect(int64Size(value)).to.equal(expected.length);
        expect(reader(expected).int64()).to.equal(value);
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses 64-bit numbers beyond 2^53 - 1 in place of rounding them", () => {
    for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 56n, 2n ** 63n, 2n ** 64n - 1n])
      refuses(() => reader(varint(value)).uint64());
    for (const value of [2n ** 53n, -(2n ** 53n), -(2n ** 63n)]) refuses(() => reader(varint(value)).int64());
    const fixed = Buffer.alloc(8);
    fixed.writeBigUInt64LE(2n ** 53n);
    refuses(() => reader(fixed).fixed64());
    fixed.writeBigUInt64LE(2n ** 53n - 1n);
    expect(reader(fixed).fixed64()).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it("reads numbers that are longer than they need be", () => {
    expect(reader(Buffer.from("85808080808080808000", "hex")).uint64()).to.equal(5);
    expect(reader(Buffer.from("85808000", "hex")).uint64()).to.equal(5);
    expect(reader(Buffer.from("85808000", "hex")).uint32()).to.equal(5);
  });

  it("refuses numbers that are cut off or longer than ten bytes", () => {
    for (const read of ["uint64", "uint32", "int64"] as const) {
      for (let length = 0; length < 10; length++) refuses(() => reader(Buffer.alloc(length, 0x80))[read]());
      refuses(() => reader(Buffer.concat([Buffer.alloc(10, 0x80), Buffer.alloc(1)]))[read]());
    }
    refuses(() => reader(Buffer.alloc(3)).fixed32());
    refuses(() => reader(Buffer.alloc(7)).fixed64());
  });

  it("takes the low 32 bits of longer numbers where 32 are asked for", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        expect(reader(varint(value)).uint32()).to.equal(Number(BigInt.asUintN(32, value)));
      }),
    );
  });

  it("keeps fixed 64-bit numbers", () => {
    fc.assert(
      fc.property(uint64, (value) => {
        const bytes = Buffer.alloc(8);
        writeFixed64(bytes, 0, value);
        expect(bytes.readBigUInt64LE()).to.equal(BigInt(value));
        expect(readFixed64(bytes, 0)).to.equal(value);
      }),
    );
  });

  it("writes text as UTF-8, halves of surrogate pairs as the replacement character", () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.constantFrom("\ud800", "a\udc00b")), (value) => {
        const expected = Buffer.from(value);
        expect(textSize(value)).to.equal(expected.length);
        const bytes = Buffer.alloc(expected.length);
        expect(writeText(bytes, 0, value, expected.length)).to.equal(expected.length);
        expect(bytes.equals(expected)).to.equal(true);
        expect(readText(bytes, 0, bytes.length)).to.equal(expected.toString());
      }),
    );
  });

  it("passes over unknown fields of every type, groups within groups too", () => {
    const fields = [
      "08ffffffffffffffffff01",
      "090102030405060708",
      "0a03616263",
      "0d01020304",
      "0b0b08010c0c",
    ];
    for (const hex of fields) {
      const at = reader(Buffer.from(hex, "hex"));
      at.skip(at.tag());
      expect(at.at, hex).to.equal(at.end);
    }
    for (const hex of ["0b", "0c", "0b14", "0e", "0f", "0a05", "09010203", "0d0102"]) {
      const at = reader(Buffer.from(hex, "hex"));
      refuses(() => at.skip(at.tag()));
    }
    const deep = reader(Buffer.alloc(100_000, 0x0b));
    refuses(() => deep.skip(deep.tag()));
    refuses(() => reader(Buffer.from([0x00])).tag());
  });

  it("grows and keeps what was written", () => {
    const writer = new WireWriter(4);
    for (let i = 0; i < 100; i++) {
      writer.reserve(1);
      writer.bytes[writer.at++] = i;
    }
    expect([...writer.bytes.subarray(0, writer.at)]).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
  });

  it("gives what was written away, and keeps no large buffer", () => {
    const writer = new WireWriter(4);
    for (const size of [3, 100_000, 5]) {
      writer.reserve(size);
      writer.bytes.fill(size & 0xff, 0, size);
      writer.at = size;
      const taken = writer.take();
      writer.reserve(1);
      writer.bytes[0] = 0;
      expect(taken.equals(Buffer.alloc(size, size & 0xff)), `${size}`).to.equal(true);
      expect(writer.at).to.equal(0);
      expect(writer.bytes.length).to.be.at.most(64 << 10);
    }
  });

  it("checks numbers that callers give", () => {
    for (const value of [0, 1, Number.MAX_SAFE_INTEGER]) checkUint64("n", value);
    for (const value of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])
      refuses(() => checkUint64("n", value));
  });
});
