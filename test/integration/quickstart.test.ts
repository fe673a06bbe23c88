import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { textOf } from "../support/command-lines.js";
import { root } from "../support/root.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

/** What README.md tells a newcomer to type, without the program's name. */
async function readmeCommands(): Promise<string[]> {
  const text = await textOf("README.md");
  const section = text.slice(text.indexOf("\n## Try it\n"), text.indexOf("\n## Why\n"));
  return [...section.matchAll(/^node dist\/client\/cli\/logwheel\.cjs (.+)$/gm)].map(
    ([, words = ""]) => words,
  );
}

describe("the first minutes with README.md", function () {
  this.timeout(60_000);
  let folder: string;
  let dev: ServerProcess;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-quickstart-"));
    const free = ["--namesrv", "127.0.0.1:0", "--listen", "127.0.0.1:0"];
    const [, start = ""] =
      /logwheel\.cjs (dev .*)$/.exec(JSON.parse(await textOf("package.json")).scripts.start) ?? [];
    const args = start.replace("./data", join(folder, "data")).split(" ");
    dev = await ServerProcess.start([...args, ...free]);
  });
  after(async () => {
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  it("what npm start runs says ready in one line, and what to try next is what README.md says (A12-01)", async () => {
    expect(dev.stdout.split("\n")[0]).to.match(/ready in \d+ ms: name server \S+, broker \S+, data \S+$/);
    const printed = [...dev.stdout.matchAll(/logwheel(?:\.cjs)? (message .+?)(?: --namesrv \S+)?$/gm)];
    expect(printed.map(([, words]) => words)).to.deep.equal(await readmeCommands());
  });

  it("the next commands send a message and show it", async () => {
    const namesrv = ["--namesrv", dev.address("name server")];
    const [send = "", tail = ""] = await readmeCommands();
    const words = (line: string): string[] => line.replaceAll('"', "").split(" ");
    const sent = await ServerProcess.run([...words(send), ...namesrv]);
    expect(sent.stderr).to.equal("");
    expect(sent.stdout).to.match(/ +true\n$/);
    const followed = await ServerProcess.run([...words(tail), ...namesrv, "--max", "1"]);
    expect(followed.stdout).to.match(/ {2}hello\n$/);
  });

  it("the program for Node bills its order, and ends with 0 at Ctrl-C", async () => {
    const [, program = ""] =
      /\n## From Node\n[\s\S]*?\n```ts\n([\s\S]*?)```/.exec(await textOf("README.md")) ?? [];
    const here = program.replace("localhost:9876", dev.address("name server"));
    expect(here).to.not.equal(program);
    const node = ["--input-type=module", "--eval", here];
    const child = spawn(process.execPath, node, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    child.stdout.on("data", (bytes) => (stdout += bytes));
    await until("the order is billed", () => stdout.includes("bill 1 9\n"));
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(0);
  });

  it("the commands for the shell work in their order, in the folder of that program", async () => {
    const text = await textOf("README.md");
    const [, block = ""] = /\n## From the shell\n[\s\S]*?\n```text\n([\s\S]*?)```/.exec(text) ?? [];
    const lines = block.split("\n").filter((line) => line.startsWith("logwheel ") && !/ bench /.test(line));
    expect(lines).to.have.length(5);
    for (const line of lines) {
      const args = line.replaceAll('"', "").split(" ").slice(1);
      const { code, stderr } = await ServerProcess.run([...args, "--namesrv", dev.address("name server")]);
      expect([code, stderr], line).to.deep.equal([0, ""]);
    }
  });

  it("a name server and a broker in one process end with 0 when they are told to", async () => {
    expect(await dev.stop()).to.deep.equal({ code: 0, signal: null });
  });
});
