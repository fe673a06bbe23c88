import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type ClusterProcesses, startCluster } from "../support/cluster-processes.js";
import { textOf } from "../support/command-lines.js";
import { type Ended, runProgram } from "../support/program.js";
import { root } from "../support/root.js";
import { postgresDatabase, type ServerDatabase } from "../support/server-databases.js";

const compiled = fileURLToPath(new URL("../../examples/", import.meta.url));

function runExample(name: string, environment: Readonly<Record<string, string>>): Promise<Ended> {
  return runProgram(process.execPath, [`${compiled}${name}.js`], { environment, boundMs: 30_000 });
}

describe("examples on a cluster that makes topics by itself", function () {
  this.timeout(60_000);
  let cluster: ClusterProcesses;

  before(async () => {
    cluster = await startCluster("--auto-create-topics", "true");
  });
  after(() => cluster.stop());

  function run(name: string): Promise<Ended> {
    return runExample(name, { LOGWHEEL_NAMESRV: cluster.nameServer });
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
    "delayed-cancel": [
      /^two reminders are stored, flushed: true\norder 1 was paid, cancelled: done\n/,
      /reminder: order 2 is not paid\norder 2 was paid too late: already-delivered\n$/,
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
    "dlq-redrive": [
      /^dead: negative \(rejected, not a payment\)$/m,
      /^dead: rent \(attempts, no such account\)$/m,
      /sending 2 again\npaid: bread, rent\n$/,
    ],
    "graceful-shutdown": [/^SIGTERM: taking no more messages\nbegun (\d+), finished \1;/],
    transaction: [
      /10 to Ann: commit\n/,
      /1,000,000 to Bob: rollback\n/,
      /20 to Cid: unknown\n/,
      /asked about 20 to Cid: commit\n[\s\S]*delivered 20 to Cid\n/,
      /delivered 10 to Ann\n/,
      /delivered 30 from Dan\n/,
      /delivered 30 to Eve\n/,
      /^(?![\s\S]*delivered 1,000,000)/,
    ],
    "typed-schema": [
      /^refused before it was sent \(sent: no\): .*total/,
      /sent (\S+)\nbill order 2: 9\.50\n$/,
    ],
  };

  it("every example of the folder is run here, and named in its README", async () => {
    const files = (await readdir(`${root}examples`)).filter((name) => name.endsWith(".ts"));
    const run = [...Object.keys(expected), "outbox-postgres"];
    expect(files.map((name) => name.slice(0, -3)).sort()).to.deep.equal(run.sort());
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

describe("the example with PostgreSQL", function () {
  this.timeout(60_000);
  let database: ServerDatabase;
  let cluster: ClusterProcesses;

  before(async function () {
    database = await postgresDatabase(this);
    cluster = await startCluster("--auto-create-topics", "true");
  });
  after(async () => {
    await cluster?.stop();
    await database?.stop();
  });

  it("A3-12 A8-05 outbox-postgres bills an order once, however often it is run", async () => {
    const environment = { LOGWHEEL_NAMESRV: cluster.nameServer, DATABASE_URL: database.url };
    for (let time = 0; time < 2; time++) {
      const { code, stdout, stderr } = await runExample("outbox-postgres", environment);
      expect([code, stderr]).to.deep.equal([0, ""]);
      expect(stdout).to.equal(
        "stored the order and its message\nattempt 1: billed\nattempt 2: was billed before\ninvoices: 1\n",
      );
    }
  });
});

describe("example testing-kit", function () {
  this.timeout(60_000);
  const runners: Readonly<Record<string, readonly string[]>> = {
    node: ["--test", "--test-reporter=tap"],
    mocha: [`${root}node_modules/mocha/bin/mocha.js`, "--no-config", "--no-package"],
  };

  for (const [name, runner] of Object.entries(runners))
    it(`passes with ${name}, says nothing else and ends by itself`, async () => {
      const file = `${compiled}testing-kit/${name}.test.js`;
      const { code, stdout, stderr } = await runProgram(process.execPath, [...runner, file], {
        boundMs: 30_000,
      });
      expect([code, stderr], stdout).to.deep.equal([0, ""]);
      expect(stdout).to.match(/# pass 2\n|2 passing/);
    });

  it("is named in the README", async () => {
    const readme = await textOf("examples/README.md");
    for (const name of Object.keys(runners)) expect(readme).to.include(`](testing-kit/${name}.test.ts)`);
  });
});
