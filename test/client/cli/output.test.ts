import { expect } from "chai";
import { aligned, printable, showOne, showRows, showStream } from "../../../client/cli/output.js";
import { FakeTerminal } from "../../support/fake-terminal.js";

const rows = [
  { name: "orders", lag: 12, topics: ["a", "b"], at: new Date(0) },
  { name: "x", lag: 0, topics: [], at: undefined },
];
const columns = {
  name: (row: (typeof rows)[number]) => row.name,
  lag: (row: (typeof rows)[number]) => row.lag,
  topics: (row: (typeof rows)[number]) => row.topics,
  at: (row: (typeof rows)[number]) => row.at,
};

describe("output", () => {
  let terminal: FakeTerminal;
  beforeEach(() => {
    terminal = new FakeTerminal();
  });

  it("shows rows as aligned columns, with a dash for what is absent", async () => {
    await showRows(terminal, "table", rows, columns);
    expect(terminal.data).to.deep.equal([
      "NAME    LAG  TOPICS  AT",
      "orders  12   a,b     1970-01-01T00:00:00.000Z",
      "x       0    -       -",
    ]);
  });

  it("shows rows as one JSON array or an object per line", async () => {
    await showRows(terminal, "json", rows, columns);
    expect(JSON.parse(terminal.data.join("\n"))).to.have.length(2);
    terminal.data.length = 0;
    await showRows(terminal, "jsonl", rows, columns);
    expect(terminal.data.map((line) => JSON.parse(line).name)).to.deep.equal(["orders", "x"]);
  });

  it("shows one thing with its tables below", async () => {
    const thing = { name: "g", attributes: { a: "1" }, queues: [{ broker: "b", lag: 3 }], none: [] };
    await showOne(terminal, "table", thing);
    expect(terminal.data).to.deep.equal([
      "name        g",
      "attributes  a=1",
      "none        -",
      "",
      "queues",
      "BROKER  LAG",
      "b       3",
    ]);
    terminal.data.length = 0;
    await showOne(terminal, "jsonl", thing);
    expect(terminal.data).to.deep.equal([JSON.stringify(thing)]);
  });

  it("begins with the first table where there is nothing else to show", async () => {
    await showOne(terminal, "table", { queues: [{ lag: 3 }], brokers: [{ name: "b" }] });
    expect(terminal.data).to.deep.equal(["queues", "LAG", "3", "", "brokers", "NAME", "b"]);
  });

  it("shows what comes as a line each, or as one array that is whole even when it breaks off", async () => {
    async function* breaking(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      throw new Error("enough");
    }
    const how = { json: (number: number) => ({ number }), table: (number: number) => `<${number}>` };
    for (const format of ["json", "jsonl", "table"] as const) {
      terminal.data.length = 0;
      const thrown = await showStream(terminal, format, breaking(), how).catch(
        (error: Error) => error.message,
      );
      expect(thrown).to.equal("enough");
      if (format === "json")
        expect(JSON.parse(terminal.data.join(""))).to.deep.equal([{ number: 1 }, { number: 2 }]);
      else
        expect(terminal.data).to.deep.equal(
          format === "table" ? ["<1>", "<2>"] : ['{"number":1}', '{"number":2}'],
        );
    }
  });

  it("spells names as people do and rounds sizes, but not in JSON", async () => {
    const thing = {
      diskFreeBytes: 83_540_553_728,
      logEnd: 1_742,
      queueList: [{ firstOffset: 3, bodyBytes: 0 }],
    };
    await showOne(terminal, "table", thing);
    expect(terminal.data).to.deep.equal([
      "disk free bytes  77.8 GiB",
      "log end          1742",
      "",
      "queue list",
      "FIRST OFFSET  BODY BYTES",
      "3             0 B",
    ]);
    terminal.data.length = 0;
    await showOne(terminal, "jsonl", thing);
    expect(JSON.parse(terminal.data[0] ?? "")).to.deep.equal(thing);
  });

  it("never writes control characters of stored data to a terminal", async () => {
    const evil = "a\u001b[2Jb\u0007\u009bc";
    expect(printable(evil)).to.equal("a\ufffd[2Jb\ufffd\ufffdc");
    await showRows(terminal, "table", [{ name: evil }], { name: (row) => row.name });
    await showOne(terminal, "table", { name: evil, properties: { [evil]: evil } });
    expect(terminal.data.join("")).to.not.match(/\p{Cc}/u);
    expect(printable("a\u202eb\u2066c\u2028d\u200ee")).to.equal("a\ufffdb\ufffdc\ufffdd\ufffde");
  });

  it("cuts what is long in tables, and nowhere else", async () => {
    const row = { body: "x".repeat(2_000) };
    await showRows(terminal, "table", [row], { body: ({ body }) => body });
    expect(terminal.data[1]).to.equal(`${"x".repeat(500)}…`);
    terminal.data.length = 0;
    await showOne(terminal, "table", row);
    await showRows(terminal, "jsonl", [row], {});
    for (const line of terminal.data) expect(line).to.include(row.body);
  });

  it("pads all columns but the last", () => {
    expect(
      aligned([
        ["a", "bb"],
        ["ccc", "d"],
      ]),
    ).to.deep.equal(["a    bb", "ccc  d"]);
  });
});
