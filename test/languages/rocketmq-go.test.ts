import { cp } from "node:fs/promises";
import { join } from "node:path";
import { mustRun, runProgram } from "../support/program.js";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import {
  CHECKED,
  itDoesAllOfIt,
  itIsCommanded,
  type LanguageProgram,
  linesOf,
  makeTopics,
  type ProgramLine,
} from "../support/rocketmq-languages.js";
import { root } from "../support/root.js";
import { skip } from "../support/skip.js";

/** A first build compiles gRPC. */
const BUILD_MS = 400_000;

describe("RocketMQ's own client for Go", function () {
  this.timeout(BUILD_MS);
  let cluster: RocketmqCluster | undefined;
  let program: string;

  before(async function () {
    if ((await runProgram("go", ["version"])).code !== 0) skip(this, "go is not installed here");
    cluster = await RocketmqCluster.start(["a"], ...CHECKED);
    const folder = join(cluster.folder, "go");
    await cp(join(root, "test/languages/rocketmq"), folder, { recursive: true });
    const got = await runProgram("go", ["list", "-deps", "."], { folder, boundMs: BUILD_MS });
    if (got.code !== 0)
      skip(this, `go cannot get RocketMQ's client: ${got.stderr.trim().split("\n").at(-1)}`);
    program = join(folder, "client");
    await mustRun("go", ["build", "-o", program, "."], { folder, boundMs: BUILD_MS });
    await makeTopics(cluster);
  });
  after(() => cluster?.stop());

  async function run(args: readonly string[], over?: Promise<unknown>): Promise<readonly ProgramLine[]> {
    const environment = { "rocketmq.client.logRoot": cluster!.folder };
    return linesOf(await mustRun(program, [cluster!.address(), ...args], { environment, over }));
  }

  const all = (): LanguageProgram => ({ language: "go", cluster: cluster!, recalls: false, run });
  itDoesAllOfIt(all);
  itIsCommanded(all, { trace: /goroutine \d+ \[.*\nmain\.push/s, verify: "NOT_IMPLEMENTED" });
});
