import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { run } from "../../client/cli/main.js";
import { FakeTerminal } from "../support/fake-terminal.js";
import { ServerProcess } from "../support/server-process.js";

/** What a verb did. */
interface Done {
  readonly code: number;
  readonly data: readonly string[];
  readonly notes: readonly string[];
  /** The data, a JSON value per line. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the verb shows
  readonly json: readonly any[];
}

describe("verbs of the command line against a running cluster", function () {
  this.timeout(60_000);
  let folder: string;
  let namesrv: string;
  let dev: ServerProcess;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-cli-"));
    const free = "127.0.0.1:0";
    const addresses = ["--namesrv", free, "--listen", free];
    dev = await ServerProcess.start(["dev", "--data", folder, "--segment-bytes", "1MiB", ...addresses]);
    namesrv = dev.address("name server");
  });
  after(async () => {
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  /** Runs a verb with JSON lines as its output. */
  async function logwheel(argv: string[], parts: Partial<FakeTerminal> = {}): Promise<Done> {
    const terminal = Object.assign(new FakeTerminal(), parts);
    const code = await run([...argv, "--namesrv", namesrv, "-o", "jsonl"], terminal);
    const json = terminal.data.map((line) => JSON.parse(line));
    return { code, data: terminal.data, notes: terminal.notes, json };
  }

  async function topic(name: string, ...more: string[]): Promise<void> {
    const { code, notes } = await logwheel(["topic", "create", name, ...more]);
    expect(notes).to.deep.equal([]);
    expect(code).to.equal(0);
  }

  it("dev says in one line that it is ready, once a send succeeded, and what to try next", async () => {
    const [ready, first, second] = dev.stdout.split("\n");
    expect(ready).to.match(/^logwheel \S+ ready in \d+ ms: name server \S+, broker \S+, data /);
    expect(first).to.include(`logwheel.cjs message send "hello" --topic demo --namesrv ${namesrv}`);
    expect(second).to.include(`logwheel.cjs message tail demo --from earliest --namesrv ${namesrv}`);
    const { json } = await logwheel(["topic", "list"]);
    expect(json.map(({ name }) => name)).to.deep.equal(["logwheel-dev"]);
  });

  it("the commands that dev proposes work as they stand", async () => {
    const sent = await ServerProcess.run([
      "message",
      "send",
      "hello",
      "--topic",
      "demo",
      "--namesrv",
      namesrv,
    ]);
    expect([sent.code, sent.stderr]).to.deep.equal([0, ""]);
    const tail = ["message", "tail", "demo", "--from", "earliest", "--max", "1"];
    const seen = await ServerProcess.run([...tail, "--namesrv", namesrv]);
    expect([seen.code, seen.stderr]).to.deep.equal([0, ""]);
    expect(seen.stdout).to.match(/ {2}hello\n$/);
  });

  it("makes a topic that can be used at once, and says when there is one already", async () => {
    await topic("made", "--queues", "3", "--type", "ordered", "--retention", "12h", "--attribute", "team=a");
    const { json } = await logwheel(["topic", "describe", "made"]);
    expect(json[0]).to.include({ name: "made", type: "ordered", queues: 3, retentionMs: 43_200_000 });
    expect(json[0].attributes).to.deep.equal({ team: "a" });
    const again = await logwheel(["topic", "create", "made"]);
    expect(again.code).to.equal(6);
    expect(again.notes[0]).to.include("[TOPIC_EXISTS]");
    const route = await logwheel(["topic", "route", "made"]);
    expect(route.json).to.deep.equal([{ broker: "broker-a", queues: 3 }]);
  });

  for (const type of ["normal", "ordered", "delay", "transaction", "mixed"])
    it(`makes a topic of type ${type}`, async () => {
      await topic(`of-${type}`, "--queues", "1", "--type", type);
      expect((await logwheel(["topic", "describe", `of-${type}`])).json[0]).to.include({ type, queues: 1 });
    });

  it("changes a topic, or only says what it would be", async () => {
    await topic("changing", "--queues", "2");
    const dry = await logwheel(["topic", "update", "changing", "--queues", "4", "--dry-run"]);
    expect(dry.json[0]).to.include({ queues: 4 });
    expect((await logwheel(["topic", "describe", "changing"])).json[0].queues).to.equal(2);
    await logwheel(["topic", "update", "changing", "--queues", "4", "--permission", "read"]);
    expect((await logwheel(["topic", "describe", "changing"])).json[0]).to.include({
      queues: 4,
      permission: "read",
    });
    const refused = await logwheel(["message", "send", "x", "--topic", "changing"]);
    expect([refused.code, refused.data]).to.deep.equal([4, []]);
    expect(refused.notes).to.have.length(1);
    expect(refused.notes[0]).to.include("give it write permission [FORBIDDEN]");
  });

  it("deletes a topic only when somebody wants it, and a name made again starts empty", async () => {
    await topic("doomed", "--queues", "1");
    await logwheel(["message", "send", "a", "b", "--topic", "doomed"]);
    const dry = await logwheel(["topic", "delete", "doomed", "--dry-run"]);
    expect(dry.json[0]).to.include({ topic: "doomed", deleted: false, messages: 2 });
    const unasked = await logwheel(["topic", "delete", "doomed"]);
    expect(unasked.code).to.equal(2);
    expect(unasked.notes[0]).to.include("Delete doomed with 2 messages? Say --yes");
    const no = await logwheel(["topic", "delete", "doomed"], { canAsk: true, answer: "n" });
    expect(no.code).to.equal(130);
    const yes = await logwheel(["topic", "delete", "doomed", "--yes"]);
    expect([yes.code, yes.json[0].deleted]).to.deep.equal([0, true]);
    expect((await logwheel(["topic", "describe", "doomed"])).code).to.equal(3);
    await topic("doomed", "--queues", "1");
    const { json } = await logwheel(["topic", "describe", "doomed"]);
    expect(json[0].queueList[0]).to.include({ firstOffset: 0, endOffset: 0 });
  });

  it("sends each text, or each line of the input, as one message, with receipts in order", async () => {
    await topic("sent", "--queues", "1");
    const texts = await logwheel(["message", "send", "one", "two", "--topic", "sent", "--tag", "web"]);
    expect(texts.json.map(({ queueOffset }) => queueOffset)).to.deep.equal([0, 1]);
    expect(texts.json[0]).to.include({
      topic: "sent",
      broker: "broker-a",
      queueId: 0,
      written: true,
      flushed: true,
    });
    const input = Array.from({ length: 3_000 }, (_, i) => `line ${i}`);
    const lines = await logwheel(["message", "send", "--topic", "sent"], { input });
    expect(lines.code).to.equal(0);
    expect(lines.json.map(({ queueOffset }) => queueOffset)).to.deep.equal(input.map((_, i) => i + 2));
  });

  it("follows a topic as JSON lines with the fields that scripts depend on", async () => {
    await topic("followed", "--queues", "1");
    const send = ["message", "send", "--topic", "followed", "text"];
    await logwheel([...send, "--tag", "t1", "--key", "k1", "--key", "k2", "--property", "a=b=c"]);
    await logwheel([...send.slice(0, -1), "other"]);
    const { code, json } = await logwheel(["message", "tail", "followed", "--from", "earliest", "--end"]);
    expect(code).to.equal(0);
    expect(Object.keys(json[0]).join(" ")).to.equal(
      "topic broker queueId queueOffset messageId tag keys properties attempt bornAt storedAt body",
    );
    expect(json[0]).to.deep.include({
      tag: "t1",
      keys: ["k1", "k2"],
      properties: { a: "b=c" },
      attempt: 1,
      body: "text",
    });
    expect(json[1]).to.deep.include({ tag: null, keys: [], properties: {}, queueOffset: 1, body: "other" });
    const tagged = await logwheel([
      "message",
      "tail",
      "followed",
      "--from",
      "earliest",
      "--end",
      "--tags",
      "t1",
    ]);
    expect(tagged.json.map(({ body }) => body)).to.deep.equal(["text"]);
    const late = await logwheel(["message", "tail", "followed", "--queue", "0", "--from", "1", "--end"]);
    expect(late.json.map(({ body }) => body)).to.deep.equal(["other"]);
  });

  it("stops following at Ctrl-C with 130", async () => {
    await topic("endless", "--queues", "1");
    const interrupt = new AbortController();
    const following = logwheel(["message", "tail", "endless"], { interrupt });
    interrupt.abort();
    expect((await following).code).to.equal(130);
  });

  it("gets a message by its id or place and finds it by a key (A1-18)", async () => {
    await topic("looked-up", "--queues", "1");
    const sent = await logwheel(["message", "send", "needle", "--topic", "looked-up", "--key", "order-7"]);
    const { messageId } = sent.json[0];
    const byId = await logwheel(["message", "get", messageId]);
    expect(byId.json[0]).to.include({ messageId, body: "needle", topic: "looked-up" });
    const byPlace = await logwheel([
      "message",
      "get",
      "--topic",
      "looked-up",
      "--queue",
      "0",
      "--offset",
      "0",
    ]);
    expect(byPlace.json[0]).to.include({ messageId });
    const byKey = await logwheel(["message", "find", "--topic", "looked-up", "--key", "order-7"]);
    expect(byKey.json.map((found) => found.messageId)).to.deep.equal([messageId]);
    expect((await logwheel(["message", "find", "--topic", "looked-up", "--key", "none"])).json).to.deep.equal(
      [],
    );
    expect((await logwheel(["message", "get", "broker-a-1-999999999"])).code).to.equal(3);
    expect((await logwheel(["message", "get"])).code).to.equal(2);
  });

  it("makes, shows, pauses, resets and deletes a group", async () => {
    await topic("grouped", "--queues", "1");
    await logwheel(["message", "send", "a", "b", "c", "--topic", "grouped"]);
    const made = await logwheel(["group", "create", "g1", "--max-attempts", "3", "--assign", "hash"]);
    expect(made.json[0]).to.include({
      name: "g1",
      maxAttempts: 3,
      assign: "hash",
      ordered: false,
      paused: false,
    });
    expect((await logwheel(["group", "create", "g1"])).code).to.equal(6);
    for (const assign of ["sticky", "circular", "fixed", "hash"])
      expect((await logwheel(["group", "update", "g1", "--assign", assign])).json[0]).to.include({ assign });
    const more = ["--ordered", "--max-attempts", "9"];
    const would = await logwheel(["group", "update", "g1", ...more, "--dry-run"]);
    expect(would.json[0]).to.include({ ordered: true, maxAttempts: 9 });
    expect((await logwheel(["group", "describe", "g1"])).json[0]).to.include({ ordered: false });
    expect((await logwheel(["group", "update", "g1", ...more])).json[0]).to.include({
      ordered: true,
      maxAttempts: 9,
      assign: "hash",
    });
    expect((await logwheel(["group", "pause", "g1"])).json[0]).to.include({ paused: true });
    expect((await logwheel(["group", "resume", "g1"])).json[0]).to.include({ paused: false });
    const reset = ["group", "reset", "g1", "--topic", "grouped", "--to"];
    const dry = await logwheel([...reset, "latest", "--dry-run"]);
    expect(dry.json[0]).to.include({ broker: "broker-a", queueId: 0, toOffset: 3 });
    const before = await logwheel(["group", "describe", "g1"]);
    expect(before.json[0].queues).to.deep.equal([]);
    expect((await logwheel([...reset, "1", "--yes"])).code).to.equal(0);
    const { json } = await logwheel(["group", "describe", "g1"]);
    expect(json[0]).to.include({ name: "g1", lag: 2, ready: 2, inFlight: 0 });
    expect(json[0].queues[0]).to.include({ topic: "grouped", offset: 1, endOffset: 3 });
    expect((await logwheel(["group", "list"])).json.map(({ name, lag }) => [name, lag])).to.deep.equal([
      ["g1", 2],
    ]);
    expect((await logwheel(["group", "delete", "g1", "--yes"])).json[0]).to.include({ deleted: true });
    expect((await logwheel(["group", "describe", "g1"])).code).to.equal(3);
  });

  it("shows cluster and brokers, their health, and what is wrong with them", async () => {
    const info = await logwheel(["cluster", "info"]);
    expect(info.json[0].brokers[0]).to.include({ name: "broker-a", state: "serving" });
    expect(info.json[0].nameServers).to.deep.equal([{ address: namesrv, reachable: true }]);
    expect((await logwheel(["cluster", "health"])).json[0]).to.deep.equal({ healthy: true, problems: [] });
    expect((await logwheel(["cluster", "doctor"])).json[0]).to.include({ level: "ok" });
    expect((await logwheel(["broker", "list"])).json[0]).to.include({
      name: "broker-a",
      flush: "sync",
      autoCreate: true,
    });
    expect((await logwheel(["broker", "describe", "broker-a"])).json[0]).to.include({
      name: "broker-a",
      segments: 1,
    });
    expect((await logwheel(["broker", "describe", "nobody"])).code).to.equal(3);
  });

  it("says in one line that no name server answers", async () => {
    const terminal = new FakeTerminal();
    const argv = ["topic", "list", "--namesrv", "127.0.0.1:1", "--timeout", "500ms"];
    expect(await run(argv, terminal)).to.equal(5);
    expect(terminal.notes).to.have.length(1);
    expect(terminal.notes[0]).to.include("127.0.0.1:1");
  });

  it("finds the name server by LOGWHEEL_NAMESRV", async () => {
    const terminal = Object.assign(new FakeTerminal(), { environment: { LOGWHEEL_NAMESRV: namesrv } });
    expect(await run(["cluster", "health"], terminal)).to.equal(0);
    expect(terminal.data).to.deep.equal(["healthy"]);
  });
});
