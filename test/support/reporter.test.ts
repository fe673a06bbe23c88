import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { root } from "./root.js";

const reporter = fileURLToPath(new URL("./reporter.js", import.meta.url));
const skipModule = new URL("./skip.js", import.meta.url).href;

describe("reporter", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-reporter-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function report(body: string): Promise<{ lines: string[]; code: number }> {
    const file = join(folder, "planted.test.mjs");
    await writeFile(
      file,
      `import { skip } from ${JSON.stringify(skipModule)};\ndescribe("planted", () => {\n${body}\n});\n`,
    );
    const mocha = join(root, "node_modules/mocha/bin/mocha.js");
    const options = ["--no-config", "--reporter", reporter, file];
    return new Promise((resolve) => {
      execFile(process.execPath, [mocha, ...options], (error, stdout) => {
        resolve({ lines: stdout.trimEnd().split("\n"), code: error === null ? 0 : Number(error.code) });
      });
    });
  }

  it("ends with the counts alone on a line", async () => {
    const { lines, code } = await report(`it("a", () => {}); it("b", () => {});`);
    expect(lines.at(-1)).to.equal("2 passed, 0 failed");
    expect(code).to.equal(0);
  });

  it("shows what differs in a failure, and fails", async () => {
    const { lines, code } = await report(
      `it("c", () => { throw Object.assign(new Error("no"), { expected: [1, 2], actual: [1, 3] }); });`,
    );
    expect(lines.at(-1)).to.equal("0 passed, 1 failed");
    expect(lines.map((line) => line.trim())).to.include.members(["-  3", "+  2"]);
    expect(code).to.equal(1);
  });

  it("prints the reason of every skipped test, its own or its suite's", async () => {
    const { lines } = await report(`
      it("d", function () { skip(this, "needs root"); });
      describe("inner", () => { before(function () { skip(this, "no loop device"); }); it("e", () => {}); });
      it("f");`);
    expect(lines.slice(-4)).to.deep.equal([
      "skipped: planted d: needs root",
      "skipped: planted f: no reason given",
      "skipped: planted inner e: no loop device",
      "0 passed, 0 failed, 3 skipped",
    ]);
  });
});
