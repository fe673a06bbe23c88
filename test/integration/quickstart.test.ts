import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { textOf } from "../support/command-lines.js";
import { ServerProcess } from "../support/server-process.js";

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

  it("a name server and a broker in one process end with 0 when they are told to", async () => {
    expect(await dev.stop()).to.deep.equal({ code: 0, signal: null });
  });
});
