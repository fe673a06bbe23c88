import { expect } from "chai";
import { HeaderField, HeaderName } from "../../../proto/http2/header-field.js";
import { HpackError } from "../../../proto/http2/hpack-error.js";
import { HpackTable } from "../../../proto/http2/hpack-table.js";

/** A header of 32 bytes and its name. */
function field(name: string): HeaderField {
  return new HeaderField(new HeaderName(name), "");
}

/** The names of its own headers, the newest first. */
function own(table: HpackTable): string[] {
  const names: string[] = [];
  try {
    for (let index = 62; ; index++) names.push(table.at(index).name.text);
  } catch (thrown) {
    expect(thrown).to.be.instanceOf(HpackError);
    return names;
  }
}

describe("HpackTable", () => {
  it("begins with 61 headers that are always there", () => {
    const table = new HpackTable(4_096);
    const shown = [1, 2, 3, 8, 14, 16, 31, 61].map((index) => {
      const { name, value } = table.at(index);
      return `${index} ${name.text}: ${value}`;
    });
    expect(shown).to.deep.equal([
      "1 :authority: ",
      "2 :method: GET",
      "3 :method: POST",
      "8 :status: 200",
      "14 :status: 500",
      "16 accept-encoding: gzip, deflate",
      "31 content-type: ",
      "61 www-authenticate: ",
    ]);
    for (const index of [0, 62, 2 ** 28])
      expect(() => table.at(index)).to.throw(HpackError, `index ${index}`);
  });

  it("drops the oldest headers for new ones", () => {
    const table = new HpackTable(100);
    for (const name of ["a", "b", "c"]) table.add(field(name));
    expect(own(table)).to.deep.equal(["c", "b", "a"]);
    for (let round = 0; round < 50; round++) table.add(field("x"));
    table.add(field("d"));
    expect(own(table)).to.deep.equal(["d", "x", "x"]);
    table.add(field("e".repeat(68)));
    expect(own(table)).to.deep.equal(["e".repeat(68)]);
  });

  it("is empty after a header that is larger than itself", () => {
    const table = new HpackTable(100);
    table.add(field("a"));
    table.add(field("b".repeat(69)));
    expect(own(table)).to.deep.equal([]);
    table.add(field("c"));
    expect(own(table)).to.deep.equal(["c"]);
  });

  it("holds as many of the smallest as fit", () => {
    for (const [bytes, count] of [
      [4_096, 128],
      [4_095, 127],
      [97, 3],
      [96, 3],
      [95, 2],
    ] as const) {
      const table = new HpackTable(bytes);
      for (let index = 0; index < 300; index++) table.add(field(""));
      expect(own(table)).to.have.length(count);
    }
  });

  it("changes its size up to what we allow", () => {
    const table = new HpackTable(100);
    for (const name of ["a", "b", "c"]) table.add(field(name));
    table.resize(67);
    expect(own(table)).to.deep.equal(["c", "b"]);
    table.resize(0);
    table.add(field("d"));
    expect(own(table)).to.deep.equal([]);
    table.resize(100);
    table.add(field("e"));
    expect(own(table)).to.deep.equal(["e"]);
    expect(() => table.resize(101)).to.throw(HpackError, "more than 100");
  });

  it("has 4,096 bytes until the other side asks for more", () => {
    const table = new HpackTable(8_192);
    table.add(field("a".repeat(4_065)));
    expect(own(table)).to.have.length(0);
    table.resize(8_192);
    table.add(field("a".repeat(4_065)));
    expect(own(table)).to.have.length(1);
  });
});
