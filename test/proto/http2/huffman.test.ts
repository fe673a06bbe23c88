import { expect } from "chai";
import fc from "fast-check";
import { HpackError } from "../../../proto/http2/hpack-error.js";
import { decodeHuffman } from "../../../proto/http2/huffman.js";
import { bitsOf, huffman } from "../../support/hpack-peer.js";

function decode(bytes: Buffer): string {
  return decodeHuffman(bytes, 0, bytes.length);
}

describe("Huffman's code", () => {
  it("has the code of RFC 7541 for each byte", () => {
    for (let byte = 0; byte < 256; byte++) {
      const text = String.fromCharCode(byte);
      expect(decode(huffman(text))).to.equal(text);
    }
  });

  it("gives every text back, wherever it stands and however long", () => {
    const text = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.constantFrom(1, 1_000), fc.nat(3), (part, times, start) => {
        const coded = huffman(part.repeat(times));
        const bytes = Buffer.concat([Buffer.alloc(start), coded, Buffer.alloc(2)]);
        expect(decodeHuffman(bytes, start, start + coded.length)).to.equal(part.repeat(times));
      }),
    );
  });

  it("has room for the shortest codes, eight of them in five bytes", () => {
    for (let length = 5_000; length < 5_008; length++)
      expect(decode(huffman("0".repeat(length)))).to.equal("0".repeat(length));
  });

  it("is filled up with at most seven ones", () => {
    const [zero, ones] = ["00000", "1".repeat(8)];
    expect(decode(bitsOf(`${zero}111`))).to.equal("0");
    expect(decode(bitsOf("11111000"))).to.equal("&");
    expect(decode(bitsOf(`${"00011".repeat(5)}${"1".repeat(7)}`))).to.equal("aaaaa");
    for (const bits of [`${zero}110`, `${zero}000`, `${zero}111${ones}`, ones, "00011000", "0".repeat(8)])
      expect(() => decode(bitsOf(bits)), bits).to.throw(HpackError, "ends within a code");
  });

  it("never has the end of a string", () => {
    const end = "1".repeat(30);
    for (const bits of [`${end}11`, `00000${end}00000`, `${end}${"0".repeat(50)}`])
      expect(() => decode(bitsOf(bits)), bits).to.throw(HpackError, "end of a string");
  });

  it("is refused or read, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = read(Buffer.from(bytes));
        if (text !== undefined) expect(huffman(text).equals(bytes)).to.equal(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

function read(bytes: Buffer): string | undefined {
  try {
    return decode(bytes);
  } catch (thrown) {
    expect(thrown).to.be.instanceOf(HpackError);
    return undefined;
  }
}
