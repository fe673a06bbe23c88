import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { CERTIFICATE, KEY } from "../support/certificate.js";
import { mustRun, runProgram } from "../support/program.js";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import {
  CHECKED,
  committed,
  itDoesAllOfIt,
  itIsCommanded,
  type LanguageProgram,
  linesOf,
  makeTopics,
  type ProgramLine,
} from "../support/rocketmq-languages.js";
import { root } from "../support/root.js";
import { skip } from "../support/skip.js";

const SOURCES = join(root, "test/languages/rocketmq");

/** Maven's own plugins come over the network the first time, and 28 MB of a client. */
const FETCH_MS = 240_000;
const SECRET = "not-for-anybody";

describe("RocketMQ's own client for Java", function () {
  this.timeout(FETCH_MS);
  let folder: string | undefined;
  let cluster: RocketmqCluster | undefined;
  let classPath: string;

  before(async function () {
    for (const tool of ["javac", "mvn"])
      if ((await runProgram(tool, ["-version"])).code !== 0) skip(this, `${tool} is not installed here`);
    folder = await mkdtemp(join(tmpdir(), "logwheel-rocketmq-java-"));
    cluster = await RocketmqCluster.start(["a"], ...CHECKED, "--config", await settings(folder));
    const libraries = join(folder, "libraries");
    const copy = ["dependency:copy-dependencies", `-DoutputDirectory=${libraries}`];
    const got = await runProgram("mvn", ["--batch-mode", "--file", join(SOURCES, "pom.xml"), ...copy], {
      boundMs: FETCH_MS,
    });
    if (got.code !== 0)
      skip(this, `mvn cannot get RocketMQ's client: ${/\[ERROR\].*/.exec(got.stdout)?.[0] ?? got.stderr}`);
    const classes = join(folder, "classes");
    classPath = `${classes}:${libraries}/*`;
    await mustRun("javac", ["-cp", classPath, "-d", classes, join(SOURCES, "Client.java")]);
    await makeTopics(cluster);
  });
  after(async () => {
    await cluster?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  /** Of a broker with TLS, with which this client begins, that asks for signatures. */
  async function settings(into: string): Promise<string> {
    const [tlsCert, tlsKey, file] = ["cert.pem", "key.pem", "broker.json"].map((name) => join(into, name));
    await writeFile(tlsCert!, CERTIFICATE);
    await writeFile(tlsKey!, KEY);
    const access = { rocketmqAccessKey: "ak", rocketmqAccessSecret: SECRET };
    await writeFile(file!, JSON.stringify({ tlsCert, tlsKey, ...access }));
    return file!;
  }

  async function run(args: readonly string[], over?: Promise<unknown>): Promise<readonly ProgramLine[]> {
    const options = [`-Drocketmq.log.root=${folder}`, "-XX:TieredStopAtLevel=1", "-cp", classPath];
    const environment = { SECRET };
    const all = [...options, "Client", cluster!.address(), ...args];
    return linesOf(await mustRun("java", all, { environment, over }));
  }

  const all = (): LanguageProgram => ({ language: "java", cluster: cluster!, recalls: true, run });
  itDoesAllOfIt(all);
  itIsCommanded(all, { trace: /^main .*Client\.push\(/m, verify: "OK" });

  it("is asked about what another producer of the topic left undecided", async () => {
    await run(["abandon", "money", "left", "behind"]);
    const decided = await run(["decide", "money", "2"], committed(cluster!, "money", 4));
    const asked = decided.map((line) => line.asked);
    expect(asked).to.have.members(["left", "behind"]);
    const lines = await run(["receive", "money", "heirs", "4"]);
    expect(lines.map(({ received }) => received)).to.have.members(["paid", "unsure", "left", "behind"]);
  });
});
