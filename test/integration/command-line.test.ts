import { spawn } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { type ClusterProcesses, startCluster } from "../support/cluster-processes.js";
import { type Ended, runProgram } from "../support/program.js";
import { launcher } from "../support/server-process.js";
import { skip } from "../support/skip.js";
import { until } from "../support/until.js";

describe("the command line as a process", function () {
  this.timeout(60_000);
  let cluster: ClusterProcesses;

  before(async () => {
    cluster = await startCluster();
  });
  after(() => cluster.stop());

  function logwheel(args: readonly string[], input?: string): Promise<Ended> {
    const environment = { LOGWHEEL_NAMESRV: cluster.nameServer };
    return runProgram(process.execPath, [launcher, ...args], {
      environment,
      ...(input === undefined ? {} : { input }),
    });
  }

  /** What a verb shows as JSON lines; it has to end well, with nothing on stderr. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the verb shows
  async function shown(args: readonly string[], input?: string): Promise<any[]> {
    const { code, stdout, stderr } = await logwheel([...args, "-o", "jsonl"], input);
    expect([code, stderr]).to.deep.equal([0, ""]);
    return stdout
      .trimEnd()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }

  it("piped lines are messages, one each, and come back in the fixed fields", async () => {
    await shown(["topic", "create", "piped", "--queues", "1"]);
    const send = ["message", "send", "--topic", "piped", "-o", "jsonl"];
    const sent = await logwheel(send, "one\n\u00fcber\n\nthree");
    expect([sent.code, sent.stderr]).to.deep.equal([0, "empty lines left out: 1; a message has a body\n"]);
    const offsets = sent.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).queueOffset);
    expect(offsets).to.deep.equal([0, 1, 2]);
    const tail = ["message", "tail", "piped", "--from", "earliest", "-o", "jsonl", "--max", "3"];
    const { stdout } = await logwheel(tail);
    const lines = stdout.trimEnd().split("\n");
    expect(Object.keys(JSON.parse(lines[0]!))).to.deep.equal(
      "topic broker queueId queueOffset messageId tag keys properties attempt bornAt storedAt body".split(
        " ",
      ),
    );
    expect(lines.map((line) => JSON.parse(line).body)).to.deep.equal(["one", "\u00fcber", "three"]);
  });

  it("a receipt is shown while the input goes on", async () => {
    await shown(["topic", "create", "talk", "--queues", "1"]);
    const args = ["message", "send", "--topic", "talk", "--namesrv", cluster.nameServer, "-o", "jsonl"];
    const child = spawn(process.execPath, [launcher, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (const offset of [0, 1, 2]) {
      child.stdin.write(`line ${offset}\n`);
      expect(JSON.parse((await answers.next()).value).queueOffset).to.equal(offset);
    }
    child.stdin.end();
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(0);
  });

  it("a failure ends it although more input may come, in one line", async () => {
    const args = ["message", "send", "--topic", "missing", "--namesrv", cluster.nameServer];
    const child = spawn(process.execPath, [launcher, ...args], { stdio: "pipe" });
    let stderr = "";
    child.stderr.on("data", (bytes) => (stderr += bytes));
    child.stdin.on("error", () => {});
    child.stdin.write("x\n");
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(3);
    expect(stderr).to.match(/^logwheel: .*missing.*\[TOPIC_NOT_FOUND\]\n$/);
  });

  it("bodies that are no text are shown in base64", async () => {
    await shown(["topic", "create", "bytes", "--queues", "1"]);
    // The command line sends text only: these bytes come through the broker's own protocol.
    const { connect, topic } = await import("../../client/index.js");
    const client = await connect({ endpoints: cluster.nameServer });
    await client.producer().send({ topic: topic("bytes"), body: Buffer.from([0xff, 0x00]) });
    await client.close();
    const [message] = await shown(["message", "tail", "bytes", "--from", "earliest", "--max", "1"]);
    expect(message).to.include({ bodyBase64: "/wA=" }).and.not.have.property("body");
  });

  const SHORT = ["--seconds", "0.3", "--warmup", "0", "--size", "128"];
  const COUNTS = ["offered", "acked", "refused", "unknown"];

  it("bench starts its own servers, and says what it and they did in one JSON object", async () => {
    const args = ["bench", "send", "--in-flight", "16", "--topics", "2", ...SHORT, "-o", "json"];
    const { code, stdout, stderr } = await logwheel(args);
    expect([code, stderr]).to.deep.equal([0, ""]);
    const figures = JSON.parse(stdout);
    expect(figures).to.include({ work: "send", size: 128, inFlight: 16, topics: 2, flush: "sync" });
    expect(figures).to.include.keys(...COUNTS, "seconds", "messagesPerSecond", "latencyMs");
    expect(figures.acked).to.be.above(0);
    expect(figures).to.include({ refused: 0, unknown: 0 });
    expect(figures.latencyMs).to.have.all.keys("p50", "p99", "p999", "max");
    for (const process of [figures.client, figures.broker])
      expect(process).to.have.all.keys("cpuSeconds", "peakMemoryBytes");
  });

  /** Runs bench until `reached`, and interrupts it then; it has to end with 130 and say nothing. */
  async function interrupt(args: readonly string[], reached: () => Promise<boolean>): Promise<void> {
    const child = spawn(process.execPath, [launcher, "bench", "send", "--seconds", "60", ...args], {
      stdio: "pipe",
      env: { ...process.env, TMPDIR: cluster.folder },
    });
    let stderr = "";
    child.stderr.on("data", (bytes) => (stderr += bytes));
    await until("bench has come so far", reached);
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(130);
    expect(stderr).to.equal("");
  }

  it("bench that is interrupted while its servers start ends with 130, and takes them and their folder along", async () => {
    const left = async (): Promise<string[]> =>
      (await readdir(cluster.folder)).filter((name) => name.startsWith("logwheel-bench-"));
    await interrupt([], async () => {
      const [name] = await left();
      return name !== undefined && (await readdir(join(cluster.folder, name))).includes("lock");
    });
    expect(await left()).to.deep.equal([]);
  });

  it("bench that is interrupted while it measures ends with 130", async () => {
    const namesOfTopics = async (): Promise<string[]> =>
      (await shown(["topic", "list"])).map(({ name }) => name).filter((name) => name.startsWith("bench-"));
    const before = await namesOfTopics();
    const args = ["--namesrv", cluster.nameServer];
    await interrupt(args, async () => (await namesOfTopics()).length > before.length);
  });

  const benches: [args: string[], keys: string[]][] = [
    [
      ["consume", "--messages", "500"],
      ["consumed", "acked", "messagesPerSecond", "client"],
    ],
    [
      ["e2e", "--rate", "200"],
      [...COUNTS, "received", "latencyMs", "client"],
    ],
    [
      ["storage", "--flush", "async"],
      ["appended", "messagesPerSecond", "batchLatencyMs", "cpuSeconds", "peakMemoryBytes"],
    ],
  ];
  for (const [args, keys] of benches)
    it(`bench ${args.join(" ")} says what it saw of a cluster that is there`, async () => {
      const [figures] = await shown(["bench", ...args, ...SHORT, "--namesrv", cluster.nameServer]);
      expect(figures).to.include.keys("work", "size", "flush", ...keys);
      expect(figures).to.not.have.property("broker");
      expect(figures.acked ?? figures.appended).to.be.above(0);
    });

  it("progress is seen on a terminal only", async function () {
    const work = `${process.execPath} ${launcher} bench storage --seconds 0.3 -o json`;
    const onTerminal = await runProgram("script", ["-qec", `${work} >/dev/null`, "/dev/null"]);
    if (onTerminal.code !== 0) skip(this, "there is no script(1) here to make a terminal");
    expect(onTerminal.stdout).to.include("\r\u001b[Kappending: ");
    const piped = await runProgram("sh", ["-c", `${work} 2>&1 >/dev/null`]);
    expect(piped.stdout).to.equal("");
  });

  it("bash completes nouns, verbs, options and choices", async () => {
    const ask = async (...words: string[]): Promise<string[]> => {
      const quoted = words.map((word) => `'${word}'`).join(" ");
      const script = `logwheel() { '${process.execPath}' '${launcher}' "$@"; }
        source <(logwheel completion bash)
        COMP_WORDS=(logwheel ${quoted}) COMP_CWORD=${words.length}
        _logwheel
        printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await runProgram("bash", ["-c", script]);
      return stdout.trim().split("\n");
    };
    expect(await ask("to")).to.deep.equal(["topic"]);
    expect(await ask("topic", "de")).to.deep.equal(["describe", "delete"]);
    expect(await ask("server", "broker", "--adv")).to.deep.equal(["--advertise"]);
    expect(await ask("group", "create", "g", "--assign", "")).to.deep.equal([
      "sticky",
      "circular",
      "fixed",
      "hash",
    ]);
  });

  it("the script for zsh names its command and asks it for words", async () => {
    const { code, stdout } = await logwheel(["completion", "zsh"]);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^#compdef logwheel\n/)
      .and.include("logwheel --complete-words");
  });

  it("config print says what holds and why, config validate what is wrong with a file", async () => {
    const path = join(cluster.folder, "broker.json");
    await writeFile(path, JSON.stringify({ name: "b1", segmentBytes: "32MiB" }));
    const rows = await shown(["config", "print", "broker", "--config", path, "--flush", "async"]);
    const of = (setting: string) => rows.find((row) => row.setting === setting);
    expect(of("name")).to.include({ value: "b1", origin: "file" });
    expect(of("flush")).to.include({ value: "async", origin: "flag" });
    expect(of("namesrv")).to.include({ origin: "environment" });
    expect((await logwheel(["config", "validate", "broker", path])).code).to.equal(0);
    await writeFile(path, JSON.stringify({ name: "b1", segmentBytes: "2GiB" }));
    const { code, stdout, stderr } = await logwheel(["config", "validate", "broker", path]);
    expect([code, stdout]).to.deep.equal([2, ""]);
    expect(stderr).to.match(/^logwheel: "segmentBytes" in .*2GiB is more than 1GiB.*\n$/);
  });
});
