import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type ClusterProcesses, startCluster } from "../support/cluster-processes.js";
import { textOf } from "../support/command-lines.js";
import { type Ended, runProgram } from "../support/program.js";
import { root } from "../support/root.js";

const compiled = fileURLToPath(new URL("../../examples/", import.meta.url));

describe("examples on a cluster that makes topics by itself", function () {
  this.timeout(60_000);
  let cluster: ClusterProcesses;

  before(async () => {
    cluster = await startCluster("--auto-create-topics", "true");
  });
  after(() => cluster.stop());

  function run(name: string): Promise<Ended> {
    const environment = { LOGWHEEL_NAMESRV: cluster.nameServer };
    return runProgram(process.execPath, [`${compiled}${name}.js`], { environment, boundMs: 30_000 });
  }

  /** What each must have printed, in this order. */
  const expected: Readonly<Record<string, readonly RegExp[]>> = {
    quickstart: [/^sent (\S+), flushed: true\nreceived \1: hello\n$/],
    batch: [
      /^sent into queue \d+ at offsets (\d+), \d+, \d+, \d+\n/,
      /failed three at attempt 1\n[\s\S]*loaded three at attempt 2\n$/,
    ],
    ordered: [
      /^sent 4 steps of 3 orders\n/,
      /order-1: created -> paid -> packed -> sent\n/,
      /order-2: created -> paid -> packed -> sent\n/,
      /order-3: created -> paid -> packed -> sent\n/,
    ],
    "ordered-per-key": [/^while 7 waited: 1 2 3 4 5 6\nthen, in order: 7 8 9\n$/],
    broadcast: [
      /cache 1 forgets user-1\n/,
      /cache 1 forgets user-3\n/,
      /cache 2 forgets user-1\n/,
      /cache 2 forgets user-3\n/,
    ],
    "simple-consumer": [
      /^sent 3 jobs\ndid \w+\n/,
      /put back (\w+) at attempt 1\n[\s\S]*did \1 at attempt 2\n/,
    ],
    "graceful-shutdown": [/^SIGTERM: taking no more messages\nbegun (\d+), finished \1;/],
    "typed-schema": [
      /^refused before it was sent \(sent: no\): .*total/,
      /sent (\S+)\nbill order 2: 9\.50\n$/,
    ],
  };

  it("every example of the folder is run here, and named in its README", async () => {
    const files = (await readdir(`${root}examples`)).filter((name) => name.endsWith(".ts"));
    expect(files.map((name) => name.slice(0, -3)).sort()).to.deep.equal(Object.keys(expected).sort());
    const readme = await textOf("examples/README.md");
    for (const file of files) expect(readme).to.include(`](${file})`);
  });

  for (const [name, lines] of Object.entries(expected))
    it(`${name} says what it did, and ends with 0`, async () => {
      const { code, stdout, stderr } = await run(name);
      expect([code, stderr]).to.deep.equal([0, ""]);
      for (const line of lines) expect(stdout).to.match(line);
    });

  it("an example can be run again", async () => {
    expect((await run("quickstart")).code).to.equal(0);
    expect((await run("ordered")).code).to.equal(0);
  });
});
