import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { run } from "../../client/cli/main.js";
import { FakeTerminal } from "../support/fake-terminal.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

/** What a verb did. */
interface Done {
  readonly code: number;
  readonly notes: readonly string[];
  /** The data, a JSON value per line. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the verb shows
  readonly json: readonly any[];
}

describe("verbs for delayed messages against a running cluster", function () {
  this.timeout(60_000);
  let folder: string;
  let namesrv: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-delay-"));
    const free = "127.0.0.1:0";
    const dev = await ServerProcess.start(["dev", "--data", folder, "--namesrv", free, "--listen", free]);
    namesrv = dev.address("name server");
    const made = await logwheel(["topic", "create", "later", "--type", "delay", "--queues", "1"]);
    expect([made.code, made.json[0].type]).to.deep.equal([0, "delay"]);
  });
  after(async () => {
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  /** Runs a verb with JSON lines as its output. */
  async function logwheel(argv: string[], parts: Partial<FakeTerminal> = {}): Promise<Done> {
    const terminal = Object.assign(new FakeTerminal(), parts);
    const code = await run([...argv, "--namesrv", namesrv, "-o", "jsonl"], terminal);
    return { code, notes: terminal.notes, json: terminal.data.map((line) => JSON.parse(line)) };
  }

  async function send(body: string, ...more: string[]): Promise<string> {
    const { code, json, notes } = await logwheel(["message", "send", body, "--topic", "later", ...more]);
    expect([code, notes]).to.deep.equal([0, []]);
    expect(json[0].queueOffset).to.equal(null);
    return json[0].handle;
  }

  async function arrived(): Promise<string[]> {
    const { json } = await logwheel(["message", "tail", "later", "--from", "earliest", "--end"]);
    return json.map(({ body }) => body);
  }

  it("a message is sent for later by delay, time or level, and arrives", async () => {
    await send("by delay", "--delay", "50ms");
    await send("by level", "--delay-level", "1");
    await until("both have arrived", async () => (await arrived()).length === 2);
    const over = await logwheel([
      "message",
      "send",
      "over",
      "--topic",
      "later",
      "--deliver-at",
      "2020-01-01",
    ]);
    expect(over.json[0]).to.include({ queueOffset: 2, handle: null });
    const handle = await send(
      "in 30 years not",
      "--deliver-at",
      new Date(Date.now() + 3_600_000).toISOString(),
    );
    expect((await logwheel(["delay", "cancel", handle, "--yes"])).json[0]).to.include({ answer: "done" });
  });

  it("what is wrong with a time is said, by its code", async () => {
    const wrong = async (...more: string[]): Promise<string> =>
      (await logwheel(["message", "send", "x", "--topic", "later", ...more])).notes.join();
    expect(await wrong("--delay", "1s", "--delay-level", "1")).to.match(/say one of --delay.*BAD_REQUEST/);
    expect(await wrong("--delay-level", "40")).to.match(
      /no delay level 40; this broker has 1 1s.*DELAY_LEVEL_UNKNOWN/,
    );
    expect(await wrong("--delay", "400d")).to.match(/allows 366d.*DELAY_TOO_LONG/);
    expect(await wrong("--delay", "soon")).to.match(/--delay: "soon" is not a duration/);
    expect(await wrong()).to.match(/its messages need a delay.*MESSAGE_TYPE_MISMATCH/);
  });

  it("pending messages are listed and counted, and found as what they are", async () => {
    const handle = await send("a", "--delay", "2h", "--key", "list");
    await send("b", "--delay", "1h", "--key", "list");
    const { json } = await logwheel(["delay", "list", "--topic", "later", "--key", "list"]);
    expect(json.map(({ body }) => body)).to.deep.equal(["b", "a"]);
    expect(json[1]).to.include({ handle, topic: "later", queueId: 0 });
    const one = await logwheel(["delay", "list", "--max", "1"]);
    expect([one.json.length, one.notes]).to.deep.equal([1, ["there are more than 1: say --max"]]);
    const counted = (await logwheel(["delay", "histogram", "--by", "hour", "--count", "3"])).json[0];
    expect(
      counted.counts.reduce((sum: number, { messages }: { messages: number }) => sum + messages, 0),
    ).to.equal(2);
    const found = (await logwheel(["message", "get", handle])).json[0];
    expect(found).to.include({ state: "delayed", queueOffset: -1, deliverAt: json[1].deliverAt });
    const table = new FakeTerminal();
    await run(["delay", "list", "--namesrv", namesrv], table);
    expect(table.data[0]).to.match(/^DELIVER AT +HANDLE +TOPIC +QUEUE +KEYS +BODY$/);
  });

  it("they are cancelled, put off and delivered by handle or by key; a dry run changes nothing", async () => {
    const [a, b] = [await send("one", "--delay", "1h", "--key", "k"), await send("two", "--delay", "1h")];
    await send("three", "--delay", "1h", "--key", "k");
    const byKey = ["delay", "cancel", "--topic", "later", "--key", "k"];
    const dry = await logwheel([...byKey, "--dry-run"]);
    expect([dry.code, dry.json.length]).to.deep.equal([0, 2]);
    const asked = await logwheel(byKey);
    expect(asked.notes.join()).to.match(/Cancel 2 delayed messages\? Say --yes/);
    const done = await logwheel([...byKey, "--yes"]);
    expect(done.json.map(({ answer }) => answer)).to.deep.equal(["done", "done"]);
    expect((await logwheel(["delay", "deliver-now", a, "--yes"])).code).to.equal(3);
    const later = await logwheel(["delay", "reschedule", b, "--delay", "2h", "--yes"]);
    expect(later.json).to.have.length(1);
    expect((await logwheel(["delay", "reschedule", b, "--yes"])).notes.join()).to.match(/say when/);
    expect((await logwheel(["delay", "deliver-now", b, "--yes"])).json[0]).to.include({ answer: "done" });
    await until("it has arrived", async () => (await arrived()).includes("two"));
    const late = await logwheel(["delay", "cancel", b, a, "--yes"]);
    expect(late.json.map(({ answer }) => answer)).to.deep.equal(["already-delivered", "done"]);
    expect(late.code).to.equal(6);
    expect((await logwheel(["delay", "cancel", "--yes"])).notes.join()).to.match(/by their handles, or by/);
    expect(await arrived()).not.to.include("one");
  });
});
