import { expect } from "chai";
import fc from "fast-check";
import { likePattern, type Pattern, partPattern } from "../../../../server/broker/sql/sql-pattern.js";

function fits(pattern: Pattern, text: string): boolean {
  const bytes = Buffer.from(`ü${text}ü`);
  return pattern.fits(bytes, 2, bytes.length - 2);
}

const like = (pattern: string, text: string): boolean => fits(likePattern(pattern, undefined)!, text);

describe("patterns in SQL filters", () => {
  it("fit what a regular expression of the same meaning fits", () => {
    const characters = (all: string, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...all), maxLength });
    fc.assert(
      fc.property(characters("abü日%__%", 8), characters("abü日", 10), (pattern, text) => {
        const meaning = pattern.replaceAll("%", ".*").replaceAll("_", ".");
        expect(like(pattern, text)).to.equal(new RegExp(`^${meaning}$`, "su").test(text));
      }),
      { numRuns: 50_000 },
    );
  });

  it("find parts of any length", () => {
    for (const length of [1, 31, 32, 33, 63, 64, 65, 200])
      for (const character of ["a", "ü", "_"]) {
        const part = `${"a".repeat(length - 1)}${character}`;
        const meant = part.replace("_", "日");
        expect(like(`%${part}%`, `aa${meant}aa`), `${length} ${character}`).to.equal(true);
        expect(like(`%x${part}%`, `aa${meant}aa`)).to.equal(false);
        expect(like(`%${part}x%`, `aa${meant}aa`)).to.equal(false);
        expect(like(`%${part}%${part}`, `${meant}-${meant}`)).to.equal(true);
        expect(like(`%${part}%${part}%b`, `${meant}-${meant}`)).to.equal(false);
      }
  });

  it("do not use a character twice", () => {
    expect(like("aa%aa", "aaa")).to.equal(false);
    expect(like("aa%aa", "aaaa")).to.equal(true);
    expect(like("%ab%ba%", "aba")).to.equal(false);
    expect(like("a%_", "a")).to.equal(false);
    expect(like("", "")).to.equal(true);
    expect(like("", "a")).to.equal(false);
  });

  it("look for a text anywhere, first or last", () => {
    const where = (text: string) =>
      (["anywhere", "first", "last"] as const).map((place) => fits(partPattern("a%", place), text));
    expect(where("a%")).to.deep.equal([true, true, true]);
    expect(where("a%b")).to.deep.equal([true, true, false]);
    expect(where("ba%")).to.deep.equal([true, false, true]);
    expect(where("ab")).to.deep.equal([false, false, false]);
  });

  it("take the sign before what it stands for, itself included", () => {
    expect(fits(likePattern("10!%!_!!", "!")!, "10%_!")).to.equal(true);
    expect(fits(likePattern("10!%", "!")!, "10x")).to.equal(false);
    expect(likePattern("10!", "!")).to.equal(undefined);
    expect(likePattern("10!!", "!")).to.not.equal(undefined);
  });
});
