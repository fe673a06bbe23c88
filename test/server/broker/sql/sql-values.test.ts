import { expect } from "chai";
import fc from "fast-check";
import { booleanIn, numberIn } from "../../../../server/broker/sql/sql-values.js";

/** As it would stand in a message: with bytes before and behind it that go on. */
const numberOf = (text: string): number => {
  const bytes = Buffer.from(`9${text}9`);
  return numberIn(bytes, 1, bytes.length - 1);
};

describe("values in SQL filters", () => {
  it("a number is the double that is nearest to what is written", () => {
    const digits = (maxLength: number) =>
      fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength });
    const text = fc
      .tuple(
        fc.constantFrom("", "+", "-"),
        digits(20),
        fc.constantFrom("", "."),
        digits(20),
        fc.constantFrom("", "e5", "E-7"),
      )
      .map(([sign, whole, point, rest, exponent]) => `${sign}${whole}${point}${rest}${exponent}`);
    fc.assert(
      fc.property(text, (written) => {
        expect(numberOf(written)).to.equal(Number(written));
      }),
      { numRuns: 20_000 },
    );
  });

  it("anything else is none", () => {
    for (const text of [
      "",
      ".",
      "+",
      "-",
      "1 ",
      " 1",
      "1.2.3",
      "--1",
      "1e",
      "e1",
      "0x1",
      "NaN",
      "Infinity",
      "1e999",
      "١",
    ])
      expect(numberOf(text), text).to.be.a("number").and.satisfy(Number.isNaN);
    expect(numberOf("1".repeat(64))).to.equal(Number("1".repeat(64)));
    expect(numberOf("1".repeat(65))).to.satisfy(Number.isNaN);
  });

  it("true and false are told in letters of any case, and nothing else", () => {
    const booleanOf = (text: string): boolean | undefined => {
      const bytes = Buffer.from(text);
      return booleanIn(bytes, 0, bytes.length);
    };
    expect(["true", "TRUE", "tRuE"].map(booleanOf)).to.deep.equal([true, true, true]);
    expect(["false", "False"].map(booleanOf)).to.deep.equal([false, false]);
    expect(["", "1", "yes", "true ", "tru", "falſe", "tru\u0045x"].map(booleanOf)).to.satisfy(
      (all: unknown[]) => all.every((value) => value === undefined),
    );
  });
});
