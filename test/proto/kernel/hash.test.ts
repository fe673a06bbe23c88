import { expect } from "chai";
import fc from "fast-check";
import { fnv1a, fnv1aOf } from "../../../proto/kernel/hash.js";
import { text } from "../../support/message-arbitraries.js";

describe("fnv1a", () => {
  it("gives the published values, which stand in stored records", () => {
    expect(fnv1aOf("a")).to.equal(0xe40c292c);
    expect(fnv1aOf("foobar")).to.equal(0xbf9cf968);
    expect(fnv1aOf("chongo was here!\n")).to.equal(0xd49930d5);
  });

  it("is 0 for nothing and for nothing else", () => {
    expect(fnv1aOf("")).to.equal(0);
    expect(fnv1a(Buffer.from("abc"), 1, 1)).to.equal(0);
    // One of the few short inputs whose plain hash is 0.
    const zero = Buffer.from([0xcc, 0x24, 0x31, 0xc4]);
    expect(fnv1a(zero, 0, 4)).to.equal(1);
  });

  it("is the same for a text and for its bytes anywhere in a buffer", () => {
    fc.assert(
      fc.property(text, fc.nat(20), (value, start) => {
        const bytes = Buffer.concat([Buffer.alloc(start, 7), Buffer.from(value), Buffer.alloc(3, 9)]);
        expect(fnv1aOf(value)).to.equal(fnv1a(bytes, start, bytes.length - 3));
      }),
    );
  });
});
