import { expect } from "chai";
import fc from "fast-check";
import { seeded } from "../../../client/testing/seeded.js";
import {
  check,
  emptyHeader,
  findTags,
  HEADER_BYTES,
  type Header,
  KIND,
  RECORD_BYTES_MAX,
  readHeader,
  writeRecord,
} from "../../../server/store/record.js";
import { mutated } from "../../support/damage.js";

const U32 = fc.integer({ min: 0, max: 0xffffffff });

const HEADER: fc.Arbitrary<Header> = fc.record({
  length: fc.constant(0),
  epoch: U32,
  logOffset: fc.maxSafeNat(),
  kind: fc.constantFrom(...Object.values(KIND)),
  more: fc.boolean(),
  keyed: fc.boolean(),
  stands: fc.boolean(),
  joined: fc.boolean(),
  hasTtl: fc.boolean(),
  topic: U32,
  queueId: U32,
  queueOffset: fc.maxSafeNat(),
  storedAtMs: fc.maxSafeNat(),
  tagHash: U32,
  keyHash: U32,
  producerId: fc.maxSafeNat(),
  sequence: fc.maxSafeNat(),
});

function encoded(header: Header, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length);
  writeRecord(bytes, viewOf(bytes), 0, header, body, 0, body.length);
  return bytes;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

describe("record", () => {
  it("gives back every header and body, at its own log offset alone", () => {
    fc.assert(
      fc.property(HEADER, fc.uint8Array({ maxLength: 300 }), (header, body) => {
        const bytes = encoded(header, body);
        const found = emptyHeader();
        expect(check(bytes, viewOf(bytes), 0, header.logOffset, found)).to.equal("record");
        expect(found).to.deep.equal({ ...header, length: bytes.length });
        expect(readHeader(viewOf(bytes), 0, emptyHeader())).to.deep.equal(found);
        expect(bytes.subarray(HEADER_BYTES)).to.deep.equal(Buffer.from(body));
        const elsewhere = header.logOffset === 0 ? 1 : header.logOffset - 1;
        expect(check(bytes, viewOf(bytes), 0, elsewhere, found)).to.equal("bad");
      }),
    );
  });

  it("is a hole where nobody wrote, and short where it goes on behind the bytes", () => {
    const header = { ...emptyHeader(), kind: KIND.message, logOffset: 64, epoch: 1 };
    const bytes = encoded(header, Buffer.alloc(200, "x"));
    const found = emptyHeader();
    const zeros = Buffer.alloc(300);
    expect(check(zeros, viewOf(zeros), 0, 0, found)).to.equal("hole");
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      expect(check(cut, viewOf(cut), 0, 64, found), `${length} bytes`).to.equal("short");
    }
  });

  it("has a length within bounds, or is none", () => {
    const bytes = encoded({ ...emptyHeader(), kind: KIND.message, logOffset: 64 }, Buffer.alloc(10));
    for (const length of [1, HEADER_BYTES - 1, RECORD_BYTES_MAX + 1, 0xffffffff]) {
      bytes.writeUInt32LE(length, 4);
      expect(check(bytes, viewOf(bytes), 0, 64, emptyHeader()), `length ${length}`).to.equal("bad");
    }
  });

  it("T21: is found whole or not at all, whatever is done to its bytes", () => {
    const header = {
      ...emptyHeader(),
      kind: KIND.message,
      logOffset: 4_096,
      epoch: 3,
      topic: 7,
      sequence: 9,
    };
    const good = encoded(header, Buffer.from("a message of some length, with text in it"));
    for (let seed = 0; seed < 20_000; seed++) {
      const bytes = mutated(good, seeded(seed));
      const found = check(bytes, viewOf(bytes), 0, 4_096, emptyHeader());
      const whole = bytes.subarray(0, good.length).equals(good);
      expect(found === "record", `seed ${seed} is ${found}`).to.equal(whole);
    }
  });

  it("T5: is not found when any of its bits is turned", () => {
    const good = encoded(
      { ...emptyHeader(), kind: KIND.cursors, logOffset: 4_096 },
      Buffer.from("[[1,2,3]]"),
    );
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bytes = Buffer.from(good);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(check(bytes, viewOf(bytes), 0, 4_096, emptyHeader()), `bit ${bit}`).not.to.equal("record");
    }
  });

  it("is found by its tags at every place, among other bytes", () => {
    const record = encoded(
      { ...emptyHeader(), kind: KIND.message, logOffset: 5, epoch: 0x1d1d1d1d },
      Buffer.alloc(9),
    );
    const random = seeded(1);
    for (let at = 0; at < 200; at++) {
      const bytes = Buffer.from(Array.from({ length: 400 }, () => Math.floor(random() * 4) * 0x1d));
      record.copy(bytes, at);
      const found: number[] = [];
      for (let place = findTags(bytes, 0); place >= 0; place = findTags(bytes, place + 1)) found.push(place);
      expect(found).to.include(at);
    }
    expect(findTags(Buffer.alloc(1_000), 0)).to.equal(-1);
    expect(findTags(record.subarray(0, HEADER_BYTES - 60), 0)).to.equal(-1);
  });
});
