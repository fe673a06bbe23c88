import { expect } from "chai";
import { byteLines } from "../../../client/cli/byte-lines.js";

describe("lines of piped bytes", () => {
  async function linesOf(...chunks: (string | Buffer)[]): Promise<string[]> {
    async function* input(): AsyncGenerator<Buffer> {
      for (const chunk of chunks) yield Buffer.from(chunk);
    }
    const lines: string[] = [];
    for await (const line of byteLines(input())) lines.push(line.toString("latin1"));
    return lines;
  }

  const cases: [what: string, chunks: (string | Buffer)[], lines: string[]][] = [
    ["nothing", [], []],
    ["an empty line", ["\n"], [""]],
    ["a last line without a line feed", ["a\nb"], ["a", "b"]],
    ["lines over several chunks", ["a", "b\nc", "", "d", "\n", "e"], ["ab", "cd", "e"]],
    ["carriage returns before line feeds only", ["a\r\nb\rc\r", "\n\r\n"], ["a", "b\rc", ""]],
    ["a carriage return at the end", ["a\r"], ["a\r"]],
    ["separators of text that are none of bytes", ["a\u2028b"], ["a\u00e2\u0080\u00a8b"]],
    ["bytes that are no text", [Buffer.from([0xff, 0, 0x0a, 0xfe])], ["\u00ff\u0000", "\u00fe"]],
  ];
  for (const [what, chunks, lines] of cases)
    it(`splits ${what}`, async () => {
      expect(await linesOf(...chunks)).to.deep.equal(lines);
    });

  const MOST = 4 << 20;

  it("takes a line as long as a body may be, and refuses a longer one by its number", async () => {
    const most = Buffer.alloc(MOST, "x");
    expect((await linesOf("a\n", most, "\r\n")).map((line) => line.length)).to.deep.equal([1, MOST]);
    const thrown = await linesOf("a\n", most, "xy\n").catch((error: unknown) => error);
    expect(thrown).to.include({ code: "MESSAGE_TOO_LARGE" });
    expect((thrown as Error).message).to.match(/^line 2 of the input has more than 4194304 bytes/);
  });

  it("gives a line out before the next one comes", async () => {
    let pulled = 0;
    async function* input(): AsyncGenerator<Buffer> {
      for (const text of ["a\n", "b\n"]) {
        pulled++;
        yield Buffer.from(text);
      }
    }
    const lines = byteLines(input());
    expect(String((await lines.next()).value)).to.equal("a");
    expect(pulled).to.equal(1);
  });
});
