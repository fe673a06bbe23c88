import { expect } from "chai";
import fc from "fast-check";
import { TextCache } from "../../../proto/kernel/text-cache.js";
import { text } from "../../support/message-arbitraries.js";

describe("TextCache", () => {
  it("reads every text as it is, whatever it read before", () => {
    const cache = new TextCache();
    fc.assert(
      fc.property(fc.array(text), fc.nat(9), (values, start) => {
        for (const value of [...values, ...values]) {
          const bytes = Buffer.concat([Buffer.alloc(start, 1), Buffer.from(value), Buffer.alloc(4, 2)]);
          expect(cache.read(bytes, start, bytes.length - 4)).to.equal(Buffer.from(value).toString());
        }
      }),
    );
  });

  it("keeps texts of one length apart when they fall on one slot", () => {
    const cache = new TextCache();
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 20_000; i++) {
        const bytes = Buffer.from(String(10_000 + i));
        expect(cache.read(bytes, 0, bytes.length)).to.equal(String(10_000 + i));
      }
  });

  it("does not take bytes beyond ASCII for the characters of the same number", () => {
    const cache = new TextCache();
    const latin = Buffer.from("é", "latin1");
    expect(cache.read(latin, 0, 1)).to.equal("\ufffd");
    expect(cache.read(latin, 0, 1)).to.equal("\ufffd");
  });
});
