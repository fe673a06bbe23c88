import { expect } from "chai";
import { readSources, sourceFile } from "../tidy/source-file.js";
import { SCENARIOS } from "./scenarios.js";
import { quotesIn } from "./scenarios-document.js";

describe("scenarios", () => {
  it("every id that a test quotes is one of the table", async () => {
    const known = new Set(SCENARIOS.map(({ id }) => id));
    const unknown = quotesIn(await readSources()).filter(({ id }) => !known.has(id));
    expect(unknown).to.deep.equal([]);
  });

  it("finds ids in titles, several in one, also on a line of their own", () => {
    const text =
      'it("goes (A1-01, A1-02)", () => {});\nit(\n  `comes back (A2-01)`,\n  () => {},\n);\n// A3-01';
    expect(quotesIn([sourceFile("test/server/x.test.ts", text)])).to.deep.equal([
      { id: "A1-01", title: "goes", path: "test/server/x.test.ts" },
      { id: "A1-02", title: "goes", path: "test/server/x.test.ts" },
      { id: "A2-01", title: "comes back", path: "test/server/x.test.ts" },
    ]);
  });
});
