import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { mustRun, runProgram } from "../support/program.js";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import { CHECKED, itSendsAndReceives, makeTopics, type ProgramLine } from "../support/rocketmq-languages.js";
import { root } from "../support/root.js";
import { skip } from "../support/skip.js";

/** A first build compiles two hundred crates. */
const BUILD_MS = 900_000;

describe("RocketMQ's own client for Rust", function () {
  this.timeout(BUILD_MS);
  let cluster: RocketmqCluster | undefined;
  let program: string;

  before(async function () {
    if (process.env.LANGUAGES !== "all") skip(this, "takes minutes to build: npm run test:languages");
    if ((await runProgram("cargo", ["--version"])).code !== 0) skip(this, "cargo is not installed here");
    // What was built stays for the next time.
    const folder = join(root, "dist/test/languages/rust");
    for (const file of ["Cargo.toml", "client.rs"])
      await cp(join(root, "test/languages/rocketmq", file), join(folder, file));
    const got = await runProgram("cargo", ["fetch"], { folder, boundMs: BUILD_MS });
    if (got.code !== 0)
      skip(this, `cargo cannot get RocketMQ's client: ${got.stderr.trim().split("\n").at(-1)}`);
    await mustRun("cargo", ["build", "--quiet"], { folder, boundMs: BUILD_MS });
    program = join(folder, "target/debug/client");
    cluster = await RocketmqCluster.start(["a"], ...CHECKED);
    await makeTopics(cluster);
  });
  after(() => cluster?.stop());

  async function run(args: readonly string[], over?: Promise<unknown>): Promise<readonly ProgramLine[]> {
    const output = await mustRun(program, [cluster!.address(), ...args], { over });
    // The client logs to the same place.
    const lines = output.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line));
  }

  itSendsAndReceives(() => ({ language: "rust", cluster: cluster!, recalls: false, run }));

  it("sends a batch in one request, and gets an id of its own for each message", async () => {
    const bodies = ["first", "second", "third"];
    const sent = await run(["batch", "held", ...bodies]);
    expect(sent.map((line) => line.sent)).to.deep.equal(bodies);
    const lines = await run(["receive", "held", "batch-readers", "3"]);
    const told = (all: readonly ProgramLine[]) =>
      all.map(({ sent: to, received: from = to, id }) => [from, id]);
    expect(told(lines)).to.have.deep.members(told(sent));
    expect(new Set(sent.map(({ id }) => id)).size).to.equal(bodies.length);
  });

  it("receives a message group in its order, in an ordered group", async () => {
    const bodies = ["a-0", "a-1", "a-2"];
    await run(["order", "steps", ...bodies]);
    const lines = await run(["receive", "steps", "in-order", "3"]);
    expect(lines.map(({ received }) => received)).to.deep.equal(bodies);
  });

  it("is answered by a poll that brings nothing before it stops waiting", async () => {
    expect(await run(["poll", "killed", "nobody"])).to.deep.equal([{ polled: 0 }]);
  });
});
