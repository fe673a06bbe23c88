import { expect } from "chai";
import fc from "fast-check";
import { HpackDecoder } from "../../../proto/http2/hpack-decoder.js";
import { encodeHeaders } from "../../../proto/http2/hpack-encoder.js";

describe("encodeHeaders", () => {
  it("uses the static table, and else writes what stands there", () => {
    const block = encodeHeaders([
      [":status", "200"],
      [":status", "418"],
      ["content-type", "application/grpc"],
      ["www-authenticate", "x"],
      ["grpc-status", "0"],
    ]);
    const expected = [
      Buffer.from([0x88]),
      Buffer.from("\x08\x03418"),
      Buffer.from("\x0f\x10\x10application/grpc"),
      Buffer.from("\x0f\x2e\x01x"),
      Buffer.from("\x00\x0bgrpc-status\x010"),
    ];
    expect(block.toString("hex")).to.equal(Buffer.concat(expected).toString("hex"));
    expect(encodeHeaders([])).to.have.length(0);
  });

  it("is read as it was meant, again and again, with texts of any length", () => {
    const name = fc.stringMatching(/^[a-z-]{1,20}$/);
    const value = fc
      .tuple(
        fc.string({ unit: fc.integer({ min: 33, max: 255 }).map((c) => String.fromCharCode(c)) }),
        fc.nat(20),
      )
      .map(([text, times]) => text.repeat(times * times));
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([text]) => text }), (fields) => {
        const block = encodeHeaders(fields);
        const decoder = new HpackDecoder({ tableBytesMax: 0, listBytesMax: 2 ** 30 });
        for (let round = 0; round < 2; round++)
          expect([...decoder.decode(block, 0, block.length).fields]).to.deep.equal(fields);
      }),
    );
  });
});
