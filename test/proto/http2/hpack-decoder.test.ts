import { expect } from "chai";
import fc from "fast-check";
import { type DecodedHeaders, HpackDecoder, HpackError } from "../../../proto/http2/hpack-decoder.js";
import { HPACK_EXAMPLES } from "../../support/hpack-examples.js";
import { HpackPeer, type Literal, literal, number, string } from "../../support/hpack-peer.js";

function decoder(tableBytesMax = 4_096, listBytesMax = 2 ** 30): HpackDecoder {
  return new HpackDecoder({ tableBytesMax, listBytesMax });
}

/** Decodes with something else around it, which must not matter. */
function decode(by: HpackDecoder, ...parts: Buffer[]): DecodedHeaders {
  const block = Buffer.concat(parts);
  return by.decode(
    Buffer.concat([Buffer.from([0x82, 0xff]), block, Buffer.from([0x82])]),
    2,
    2 + block.length,
  );
}

function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ""), "hex");
}

/** Headers as lines. */
function lines({ fields }: DecodedHeaders): string[] {
  return [...fields].map(([name, value]) => `${name}: ${value}`);
}

describe("HpackDecoder", () => {
  for (const { name, table, blocks } of HPACK_EXAMPLES)
    it(`reads the example ${name} of RFC 7541`, () => {
      const by = decoder(table);
      for (const [block, ...headers] of blocks) {
        const decoded = decode(by, hex(block));
        expect(lines(decoded)).to.deep.equal(headers);
        // Each line has ": " for what counts 32.
        expect(decoded.bytes).to.equal(headers.reduce((sum, line) => sum + line.length + 30, 0));
      }
    });

  it("joins what comes twice", () => {
    const block = [
      literal("a", "1"),
      literal("cookie", "x=1"),
      literal("a", ""),
      literal("cookie", "y=2"),
      literal("a", "3"),
    ];
    expect(lines(decode(decoder(), ...block))).to.deep.equal(["a: 1, , 3", "cookie: x=1; y=2"]);
  });

  it("takes names of JavaScript for names", () => {
    const { fields } = decode(decoder(), literal("__proto__", "x"), literal("constructor", "y"));
    expect([...fields.keys()]).to.deep.equal(["__proto__", "constructor"]);
    expect(fields.get("toString")).to.equal(undefined);
  });

  const BROKEN: Readonly<Record<string, readonly [what: RegExp, ...blocks: Buffer[]]>> = {
    "an index without a header": [/no header/, hex("80"), hex("be"), hex("7e 0161"), hex("ff 80 7e")],
    "a number too large": [
      /four bytes/,
      hex("ff ff ff ff ff 01"),
      hex("ff 80 80 80 80 00"),
      hex("00 7f ff ff ff ff 0f"),
    ],
    "an end too early": [
      /ends within/,
      hex("ff"),
      hex("ff 80"),
      hex("40"),
      hex("40 01"),
      hex("40 01 61"),
      hex("04 02 61"),
      hex("00 7f"),
      hex("04 ff ff ff 7f"),
    ],
    "a larger table than ours": [/more than 4096/, number(0x20, 5, 4_097)],
    "a change of the table after a header": [/after a header/, hex("82 20")],
    "a broken code": [/ends within a code/, hex("04 81 00")],
    "an end of the string inside": [/end of a string/, hex("04 84 ff ff ff ff")],
  };
  for (const [name, [what, ...blocks]] of Object.entries(BROKEN))
    it(`gives up the connection for ${name}`, () => {
      for (const block of blocks)
        expect(() => decode(decoder(), block), block.toString("hex")).to.throw(HpackError, what);
    });

  it("changes the size of its table at the start of a block, also twice", () => {
    const by = decoder();
    decode(by, literal("a", "1", "indexed"));
    expect(lines(decode(by, number(0x20, 5, 4_096), hex("be")))).to.deep.equal(["a: 1"]);
    decode(by, number(0x20, 5, 0), number(0x20, 5, 4_096));
    expect(() => decode(by, hex("be"))).to.throw(HpackError);
  });

  it("keeps no headers beyond the limit, but their count and the table", () => {
    const by = decoder(4_096, 3 * 34);
    const more = decode(
      by,
      literal("a", "1"),
      literal("a", "2"),
      literal("a", "3"),
      literal("b", "4", "indexed"),
    );
    expect([lines(more), more.bytes, more.tooLarge]).to.deep.equal([["a: 1, 2, 3"], 4 * 34, true]);
    const less = decode(by, hex("be be be"));
    expect([lines(less), less.bytes, less.tooLarge]).to.deep.equal([["b: 4, 4, 4"], 3 * 34, false]);
  });

  it("counts a large header as often as one byte repeats it, and keeps what the limit allows", () => {
    const by = decoder(4_096, 16_384);
    decode(by, literal("a", "x".repeat(4_000), "indexed"));
    const decoded = decode(by, Buffer.alloc(100_000, 0xbe));
    expect([decoded.bytes, decoded.tooLarge]).to.deep.equal([403_300_000, true]);
    expect(decoded.fields.get("a")).to.have.length(4 * 4_000 + 3 * 2);
  });

  it("calls a request malformed for its first wrong header, and reads on", () => {
    const by = decoder();
    const decoded = decode(by, literal("A", "x"), literal("a", " "), literal("z", "1", "indexed"));
    expect(decoded.malformed).to.include("name");
    expect(decoded.fields.get("z")).to.equal("1");
    expect(decode(by, hex("be")).malformed).to.equal(undefined);
  });

  it("calls a request malformed whose pseudo headers come twice, after others, or are those of answers", () => {
    const wrong = [
      hex("82 83"),
      hex("82 84 82"),
      Buffer.concat([hex("82"), literal("a", "x"), hex("84")]),
      hex("88"),
    ];
    for (const block of wrong)
      expect(decode(decoder(), block).malformed, block.toString("hex")).to.include("pseudo");
    expect(decode(decoder(), hex("84 83 86 01 01 78"), literal("a", "x")).malformed).to.equal(undefined);
  });

  it("calls a request malformed whenever the header comes out of the table", () => {
    const by = decoder();
    decode(by, literal("A", "x", "indexed"), literal("b", "x\n", "indexed"));
    expect(decode(by, hex("bf")).malformed).to.include("name");
    expect(decode(by, hex("be")).malformed).to.include("value");
    expect(decode(by, number(0x40, 6, 63), string("x")).malformed).to.include("name");
    expect(decode(by, number(0x40, 6, 63), string("x")).malformed).to.equal(undefined);
  });

  it("reads what any encoder makes of headers, over many blocks", () => {
    const text = (from: number, to: number, maxLength: number) =>
      fc.string({
        unit: fc.integer({ min: from, max: to }).map((code) => String.fromCharCode(code)),
        maxLength,
      });
    const field = fc.record({
      name: fc.oneof(
        fc.constantFrom("a", "b", "c"),
        text(97, 122, 8).map((name) => `x${name}`),
      ),
      value: fc.oneof(fc.constantFrom("1", "2"), text(33, 255, 40)),
      kind: fc.constantFrom<Literal>("indexed", "indexed", "not indexed", "never indexed"),
      coded: fc.boolean(),
    });
    const block = fc.record({
      fields: fc.uniqueArray(field, { selector: ({ name }) => name }),
      limit: fc.option(fc.nat(300), { freq: 5 }),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 20 }), (blocks) => {
        const [peer, by] = [new HpackPeer(300), decoder(300)];
        for (const { fields, limit } of blocks) {
          const update = limit === null ? [] : [peer.resize(limit)];
          const parts = fields.map(({ name, value, kind, coded }) => peer.field(name, value, kind, coded));
          const decoded = decode(by, ...update, ...parts);
          expect([...decoded.fields]).to.deep.equal(fields.map(({ name, value }) => [name, value]));
          expect(decoded.malformed).to.equal(undefined);
        }
      }),
    );
  });

  it("reads or refuses any bytes", () => {
    const bytes = fc.oneof(fc.constantFrom(0x40, 0xbe, 0xbf, 0x82, 0x3f, 0x20, 0x81, 0xff), fc.nat(255));
    fc.assert(
      fc.property(fc.array(fc.array(bytes, { maxLength: 60 }), { maxLength: 4 }), (blocks) => {
        const by = decoder(200, 300);
        try {
          for (const block of blocks) {
            const decoded = decode(by, Buffer.from(block));
            const held = [...decoded.fields].reduce(
              (sum, [name, value]) => sum + name.length + value.length,
              0,
            );
            expect(held).to.be.at.most(300);
          }
        } catch (thrown) {
          expect(thrown).to.be.instanceOf(HpackError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
