import { spawn } from "node:child_process";
import { once } from "node:events";
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

  it("bytes that are no text are sent as they are, and shown in base64", async () => {
    await shown(["topic", "create", "bytes", "--queues", "1"]);
    await sent(["--topic", "bytes"], Buffer.from([0xff, 0x00, 0x0a, 0x62]));
    const seen = await shown(["message", "tail", "bytes", "--from", "earliest", "--max", "2"]);
    expect(seen[0]).to.include({ bodyBase64: "/wA=" }).and.not.have.property("body");
    expect(seen[1]).to.include({ body: "b" });
  });

  it("what separates lines of text only is part of a body", async () => {
    await shown(["topic", "create", "separators", "--queues", "1"]);
    const body = JSON.stringify({ text: "one\u2028two" });
    await sent(["--topic", "separators"], Buffer.from(body));
    const [message] = await shown(["message", "tail", "separators", "--from", "earliest", "--max", "1"]);
    expect(message.body).to.equal(body);
  });

  it("Ctrl-C ends a send that waits for more input, with 130, after what was sent is shown", async () => {
    await shown(["topic", "create", "waiting", "--queues", "1"]);
    const args = ["message", "send", "--topic", "waiting", "--namesrv", cluster.nameServer, "-o", "jsonl"];
    const child = spawn(process.execPath, [launcher, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.write("one\n");
    const [answer] = await once(createInterface({ input: child.stdout }), "line");
    expect(JSON.parse(answer).queueOffset).to.equal(0);
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(130);
  });

  it("a tail as JSON is one array, whole also when it is interrupted", async () => {
    await shown(["topic", "create", "array", "--queues", "1"]);
    await sent(["--topic", "array"], Buffer.from("one\ntwo"));
    const args = ["message", "tail", "array", "--from", "earliest", "-o", "json"];
    const { stdout } = await logwheel([...args, "--end"]);
    expect(JSON.parse(stdout).map(({ body }: { body: string }) => body)).to.deep.equal(["one", "two"]);
    const child = spawn(process.execPath, [launcher, ...args, "--namesrv", cluster.nameServer], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (bytes) => (text += bytes));
    await until("the first message is shown", () => text.includes("one"));
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(130);
    expect(JSON.parse(text)).to.have.length(2);
  });

  it("output that cannot be written is one line and exit code 1", async () => {
    const { code, stderr } = await runProgram("sh", [
      "-c",
      `exec ${process.execPath} ${launcher} version >/dev/full`,
    ]);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^logwheel: the output cannot be written: ENOSPC.*\n$/);
  });

  /** Sends what is piped in. */
  async function sent(args: readonly string[], input: Buffer): Promise<void> {
    const options = { env: { ...process.env, LOGWHEEL_NAMESRV: cluster.nameServer } };
    const child = spawn(process.execPath, [launcher, "message", "send", ...args], {
      ...options,
      stdio: ["pipe", "ignore", "inherit"],
    });
    child.stdin.end(input);
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(0);
  }

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

  /**
   * Runs bench until `reached`, and interrupts it then as a terminal does, which tells all processes of the group; it
   * has to end with 130 and say nothing.
   */
  async function interrupt(args: readonly string[], reached: () => Promise<boolean>): Promise<void> {
    const child = spawn(process.execPath, [launcher, "bench", ...args, "--seconds", "60"], {
      stdio: "pipe",
      env: { ...process.env, TMPDIR: cluster.folder },
      detached: true,
    });
    let stderr = "";
    child.stderr.on("data", (bytes) => (stderr += bytes));
    await until("bench has come so far", reached);
    process.kill(-child.pid!, "SIGINT");
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(130);
    expect(stderr).to.equal("");
  }

  async function benchFolders(): Promise<string[]> {
    return (await readdir(cluster.folder)).filter((name) => name.startsWith("logwheel-bench-"));
  }

  async function benchFiles(): Promise<string[]> {
    const [name] = await benchFolders();
    return name === undefined ? [] : readdir(join(cluster.folder, name));
  }

  it("bench without a place for its files says where they would go", async () => {
    for (const work of ["send", "storage"]) {
      const args = [launcher, "bench", work, "--seconds", "1"];
      const { code, stderr } = await runProgram(process.execPath, args, {
        environment: { TMPDIR: `${launcher}/below` },
      });
      expect(code).to.equal(2);
      expect(stderr).to.match(
        /^logwheel: no folder to measure in: .*\.cjs\/below.*TMPDIR.*\[BAD_REQUEST\]\n$/,
      );
    }
  });

  it("bench that is interrupted while its servers start ends with 130, and takes them and their folder along", async () => {
    await interrupt(["send"], async () => (await benchFiles()).includes("lock"));
    expect(await benchFolders()).to.deep.equal([]);
  });

  it("bench of the store that is interrupted ends with 130, and takes its folder along", async () => {
    await interrupt(["storage"], async () => (await benchFiles()).includes("log"));
    expect(await benchFolders()).to.deep.equal([]);
  });

  it("bench that is killed leaves neither servers nor a folder", async () => {
    const child = spawn(process.execPath, [launcher, "bench", "send"], {
      env: { ...process.env, TMPDIR: cluster.folder },
      stdio: ["ignore", "ignore", "pipe"],
    });
    // The servers have this end of it, too: it closes with the last of them.
    const silent = once(child.stderr.resume(), "close");
    await until("its servers work", async () => (await benchFiles()).includes("log"));
    child.kill("SIGKILL");
    await silent;
    expect(await benchFolders()).to.deep.equal([]);
  });

  it("bench that is interrupted while it measures ends with 130", async () => {
    const namesOfTopics = async (): Promise<string[]> =>
      (await shown(["topic", "list"])).map(({ name }) => name).filter((name) => name.startsWith("bench-"));
    const before = await namesOfTopics();
    const args = ["send", "--namesrv", cluster.nameServer];
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
    const access = { rocketmqAccessKey: "ak", rocketmqAccessSecret: "hush" };
    await writeFile(path, JSON.stringify({ name: "b1", segmentBytes: "32MiB", ...access }));
    const rows = await shown(["config", "print", "broker", "--config", path, "--flush", "async"]);
    const of = (setting: string) => rows.find((row) => row.setting === setting);
    expect(of("name")).to.include({ value: "b1", origin: "file" });
    expect(of("flush")).to.include({ value: "async", origin: "flag" });
    expect(of("namesrv")).to.include({ origin: "environment" });
    expect(of("rocketmqAccessSecret")).to.include({ value: "(hidden)", origin: "file" });
    expect((await logwheel(["config", "validate", "broker", path])).code).to.equal(0);
    await writeFile(path, JSON.stringify({ name: "b1", segmentBytes: "2GiB" }));
    const { code, stdout, stderr } = await logwheel(["config", "validate", "broker", path]);
    expect([code, stdout]).to.deep.equal([2, ""]);
    expect(stderr).to.match(/^logwheel: "segmentBytes" in .*2GiB is more than 1GiB.*\n$/);
  });
});
