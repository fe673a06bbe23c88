import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import { connect, topic } from "../../client/index.js";
import { type Ended, runProgram } from "../support/program.js";
import { launcher, ServerProcess } from "../support/server-process.js";

const MESSAGES = 3_000;

describe("store verbs on the folder of a broker that has stopped", function () {
  this.timeout(60_000);
  let folder: string;
  let log: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-store-"));
    log = join(folder, "log");
    const free = ["--namesrv", "127.0.0.1:0", "--listen", "127.0.0.1:0"];
    const dev = await ServerProcess.start(["dev", "--data", folder, "--segment-bytes", "1MiB", ...free]);
    const client = await connect({ endpoints: dev.address("name server") });
    const producer = client.producer();
    const body = (at: number): Buffer => Buffer.from(`${at} `.padEnd(600, "-"));
    const orders = topic("orders");
    await producer.send({ topic: orders, body: Buffer.from([0xff]), tag: "raw", keys: ["k1"] });
    const sends = Array.from({ length: MESSAGES }, (_, at) =>
      producer.send({ topic: orders, body: body(at) }),
    );
    await Promise.all(sends);

    const busy = await store("verify");
    expect([busy.code, busy.stdout]).to.deep.equal([6, ""]);
    expect(busy.stderr).to.match(/^logwheel: .*\[CONFLICT\]\n$/);
    await client.close();
    await dev.stop();
  });
  after(async () => {
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  function store(verb: string, ...args: string[]): Promise<Ended> {
    return runProgram(process.execPath, [launcher, "store", verb, "--data", folder, ...args]);
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever the verb shows
  async function shown(...args: [verb: string, ...more: string[]]): Promise<any> {
    const { code, stdout, stderr } = await store(...args, "-o", "json");
    expect([code, stderr]).to.deep.equal([0, ""]);
    return JSON.parse(stdout);
  }

  it("verify finds nothing wrong, and says how much it saw", async () => {
    const report = await shown("verify");
    expect(report).to.deep.include({ sound: true, damage: [], sideFiles: [], givenUp: [] });
    expect(report.messages).to.be.at.least(MESSAGES + 1);
    expect(report.segments).to.be.above(1);
    const { stdout } = await store("verify");
    expect(stdout).to.match(/^sound +true\n/);
  });

  it("dump shows records as lines, as JSON lines and as one JSON array", async () => {
    const all = await shown("dump", "--kind", "message", "--topic", "orders");
    expect(all).to.have.length(MESSAGES + 1);
    expect(all[0]).to.include({ kind: "message", topic: "orders" });
    expect(all[0].message).to.deep.include({ bodyBase64: "/w==", tag: "raw", keys: ["k1"] });
    const bodies = all
      .slice(1)
      .map(({ message }: { message: { body: string } }) => message.body.split(" ")[0]);
    expect(new Set(bodies).size).to.equal(MESSAGES);

    const range = ["--from", String(all[10].logOffset), "--to", String(all[13].logOffset)];
    const some = await store("dump", ...range, "--topic", "orders", "-o", "jsonl");
    expect(
      some.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).to.deep.equal(all.slice(10, 13));
    const lines = (await store("dump", ...range, "--topic", "orders")).stdout.trimEnd().split("\n");
    expect(lines).to.have.length(3);
    expect(lines[0]).to.match(new RegExp(`^${all[10].logOffset}  message  \\S+  orders/\\d/\\d+  \\{`));
    expect(lines[0]!.length).to.be.below(250);
    expect((await store("dump", "--topic", "nothing")).code).to.equal(3);
    const kinds = new Set((await shown("dump")).map(({ kind }: { kind: string }) => kind));
    expect([...kinds]).to.include.members(["epoch", "topic", "message", "end", "snapshot"]);
  });

  it("rebuild makes missing and wrong index files again, as the broker had made them", async () => {
    const names = (await readdir(log)).filter((name) => /^\d{20}\.(?!log)/.test(name));
    expect(names.length).to.be.above(1);
    const before = await Promise.all(names.map((name) => readFile(join(log, name))));
    await rm(join(log, names[0]!));
    await writeFile(join(log, names[1]!), "nonsense");
    const { sideFiles, sound } = await shown("verify");
    expect(sound).to.equal(true);
    expect(sideFiles.map(({ file }: { file: string }) => file)).to.have.members(names.slice(0, 2));
    expect((await shown("rebuild")).segments).to.be.above(0);
    expect(await Promise.all(names.map((name) => readFile(join(log, name))))).to.deep.equal(before);
    expect((await shown("verify")).sideFiles).to.deep.equal([]);
  });

  it("shows progress on a terminal only", async () => {
    const line = `${process.execPath} ${launcher} store verify --data ${folder} -o json`;
    const { code, stdout } = await runProgram("script", ["-qec", `${line} >/dev/null`, "/dev/null"]);
    if (code === 0) expect(stdout).to.match(/verifying: \d+ %/);
    expect((await store("verify", "-o", "json")).stderr).to.equal("");
  });

  it("damage is named, and the exit code says so", async () => {
    const name = (await readdir(log)).filter((each) => each.endsWith(".log"))[0]!;
    const whole = await readFile(join(log, name));
    const bytes = Buffer.from(whole);
    const at = bytes.indexOf("1234 -");
    bytes[at] = 0x41;
    await writeFile(join(log, name), bytes);
    const { code, stdout } = await store("verify", "-o", "json");
    const dumped = await store("dump", "--kind", "mark");
    await writeFile(join(log, name), whole);
    expect(dumped.stdout).to.include(`  damage  ${name}\n`);
    expect(code).to.equal(1);
    const { sound, damage } = JSON.parse(stdout);
    expect(sound).to.equal(false);
    expect(damage).to.have.length(1);
    expect(damage[0]).to.include({ file: name });
    expect(damage[0].from).to.be.below(at);
    expect(damage[0].to).to.be.above(at);
  });

  it("a log of a newer version, a folder without a log and a wrong flag are refused in one line", async () => {
    const name = (await readdir(log)).filter((each) => each.endsWith(".log"))[0]!;
    const whole = await readFile(join(log, name));
    const bytes = Buffer.from(whole);
    bytes.writeUInt16LE(99, 4);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 24)), 24);
    await writeFile(join(log, name), bytes);
    for (const verb of ["verify", "dump", "rebuild"]) {
      const { code, stdout, stderr } = await store(verb);
      expect([code, stdout], verb).to.deep.equal([1, ""]);
      expect(stderr).to.match(/^logwheel: .*99.*\[UNSUPPORTED_VERSION\]\n$/);
    }
    await writeFile(join(log, name), whole);

    const empty = await mkdtemp(join(tmpdir(), "logwheel-empty-"));
    const nothing = await runProgram(process.execPath, [launcher, "store", "verify", "--data", empty]);
    expect([nothing.code, nothing.stdout]).to.deep.equal([2, ""]);
    expect(nothing.stderr).to.match(/^logwheel: .* holds no log: .*\[BAD_REQUEST\]\n$/);
    expect(await readdir(empty)).to.deep.equal([]);
    await rm(empty, { recursive: true });
    expect((await store("dump", "--kind", "odd")).code).to.equal(2);
  });
});
