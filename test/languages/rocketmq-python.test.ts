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

const PROGRAM = join(root, "test/languages/rocketmq");

describe("RocketMQ's own client for Python", function () {
  this.timeout(300_000);
  let cluster: RocketmqCluster | undefined;
  let interpreter: string;

  before(async function () {
    cluster = await RocketmqCluster.start(["a"], ...CHECKED);
    const venv = join(cluster.folder, "venv");
    interpreter = join(venv, "bin/python");
    const made = await runProgram("python3", ["-m", "venv", venv]);
    if (made.code !== 0) skip(this, `python3 cannot make a virtual environment: ${lastLine(made.stderr)}`);
    const requirements = ["--requirement", join(PROGRAM, "requirements.txt")];
    const installed = await runProgram(interpreter, ["-m", "pip", "install", "--quiet", ...requirements], {
      boundMs: 240_000,
    });
    if (installed.code !== 0) skip(this, `pip cannot get RocketMQ's client: ${lastLine(installed.stderr)}`);
    await makeTopics(cluster);
  });
  after(() => cluster?.stop());

  async function run(args: readonly string[], over?: Promise<unknown>): Promise<readonly ProgramLine[]> {
    // The client logs into the home folder.
    const environment = { HOME: cluster!.folder, PYTHONDONTWRITEBYTECODE: "1" };
    const program = join(PROGRAM, "client.py");
    return linesOf(await mustRun(interpreter, [program, cluster!.address(), ...args], { environment, over }));
  }

  const all = (): LanguageProgram => ({ language: "python", cluster: cluster!, recalls: true, run });
  itDoesAllOfIt(all);
  itIsCommanded(all, undefined);
});

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
