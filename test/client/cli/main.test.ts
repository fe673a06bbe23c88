import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { run } from "../../../client/cli/main.js";
import { FakeTerminal } from "../../support/fake-terminal.js";

describe("command line", () => {
  let terminal: FakeTerminal;
  beforeEach(() => {
    terminal = new FakeTerminal();
  });

  const usage: [argv: string[], note: string][] = [
    [[], "a noun is missing; see logwheel --help"],
    [["topick"], "Unknown argument: topick, did you mean topic?; see logwheel --help"],
    [["server"], "a verb is missing; see logwheel server --help"],
    [["server", "namsrv"], "Unknown argument: namsrv, did you mean namesrv?"],
    [["server", "namesrv", "--listenn", "x"], "Unknown argument: listenn, did you mean --listen?"],
    [["topic", "list", "--unknown-flag"], "Unknown argument: unknown-flag; see"],
    [["topic", "list", "--unknown-flag", "--odd-one"], "Unknown arguments: unknown-flag, odd-one; see"],
    [["completion", "tcsh"], '<shell>: "tcsh" is none of bash, zsh, fish; see logwheel completion --help'],
    [["topic", "create"], "<name> is missing; see logwheel topic create --help"],
    [["config", "validate", "broker"], "<file> is missing"],
    [["config", "validate"], "<role> and <file> are missing"],
    [
      ["topic", "create", "t", "--type", "odd"],
      '--type: "odd" is none of normal, ordered, delay, transaction, mixed',
    ],
    [["topic", "ls", "-o", "xml"], '--output: "xml" is none of table, json, jsonl; see logwheel topic list'],
    [["server", "broker", "--flush", "now"], '--flush: "now" is none of sync, async'],
    [["topic", "create", "t", "--queues", "many"], "--queues takes a number"],
    [["topic", "create", "t", "-q"], "-q needs a value"],
    [["topic", "list", "--namesrv"], "--namesrv needs a value"],
    [["message", "send", "x"], "--topic is missing"],
    [["group", "reset", "g"], "--topic and --to are missing"],
  ];
  for (const [argv, note] of usage) {
    it(`logwheel ${argv.join(" ")}: exit code 2 and one line that says what is wrong`, async () => {
      expect(await run(argv, terminal)).to.equal(2);
      expect(terminal.notes).to.have.length(1);
      expect(terminal.notes[0]).to.include(note);
      expect(terminal.data).to.deep.equal([]);
    });
  }

  it("shows help of the whole, of a noun and of a verb on stdout", async () => {
    expect(await run(["--help"], terminal)).to.equal(0);
    expect(terminal.data.join("\n")).to.include("logwheel message").and.include("logwheel dev");
    expect(await run(["topic", "--help"], terminal)).to.equal(0);
    expect(terminal.data.join("\n")).to.include("logwheel topic create <name>");
    expect(await run(["group", "reset", "-h"], terminal)).to.equal(0);
    expect(terminal.data.join("\n")).to.include("--dry-run").and.include("--yes").and.include("--to");
    expect(terminal.notes).to.deep.equal([]);
  });

  it("shows the version in every form", async () => {
    expect(await run(["--version"], terminal)).to.equal(0);
    expect(await run(["version", "-o", "json"], terminal)).to.equal(0);
    const [version, ...json] = terminal.data;
    expect(JSON.parse(json.join("\n"))).to.include({ logwheel: version, protocol: 1 });
  });

  it("prints a completion script for each shell", async () => {
    for (const shell of ["bash", "zsh", "fish"])
      expect(await run(["completion", shell], terminal)).to.equal(0);
    expect(terminal.data.filter((line) => line.includes("logwheel --complete-words"))).to.have.length(3);
  });

  const completed: [words: string[], expected: string[]][] = [
    [["to"], ["topic"]],
    [
      ["server", ""],
      ["namesrv", "broker", "gateway"],
    ],
    [
      ["topic", "de"],
      ["describe", "delete"],
    ],
    [["topic", "create", "t", "--qu"], ["--queues"]],
    [["topic", "create", "t", "--type", "o"], ["ordered"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
  ];
  for (const [words, expected] of completed) {
    it(`completes: logwheel ${words.join(" ")}`, async () => {
      await run(["--complete-words", ...words], terminal);
      expect(terminal.data).to.deep.equal(expected);
    });
  }

  it("prints every setting with its origin", async () => {
    terminal.environment = { LOGWHEEL_SEGMENT_BYTES: "2MiB" };
    expect(await run(["config", "print", "broker", "--flush", "async", "-o", "jsonl"], terminal)).to.equal(0);
    const rows = terminal.data.map((line) => JSON.parse(line));
    expect(rows.find(({ setting }) => setting === "flush")).to.include({ value: "async", origin: "flag" });
    expect(rows.find(({ setting }) => setting === "segmentBytes")).to.include({
      value: 2 << 20,
      origin: "environment",
    });
    expect(rows.find(({ setting }) => setting === "name")).to.include({ origin: "default" });
  });

  it("validates a settings file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "logwheel-cli-"));
    const path = join(folder, "broker.json");
    await writeFile(path, JSON.stringify({ name: "b1", segmentBytes: "1MiB" }));
    expect(await run(["config", "validate", "broker", path], terminal)).to.equal(0);
    await writeFile(path, JSON.stringify({ nam: "b1" }));
    expect(await run(["config", "validate", "broker", path], terminal)).to.equal(2);
    expect(terminal.notes.at(-1))
      .to.include('"nam" in')
      .and.include("did you mean name?")
      .and.include("[BAD_REQUEST]");
    await rm(folder, { recursive: true });
  });

  const refused: [argv: string[], sentence: string][] = [
    [["topic", "list", "--namesrv", "here"], '--namesrv: "here" is not an address such as 10.0.0.5:10911'],
    [["topic", "list", "--timeout", "soon"], '--timeout: "soon" is not a duration such as'],
    [["topic", "list", "--timeout", "0s"], "--timeout: 0 is not a whole number from 1 on"],
    [
      ["message", "tail", "t", "--from", "noon"],
      '--from: "noon" is not earliest, latest, an offset, or a time',
    ],
    [["message", "tail", "t", "--max", "0"], "--max: 0 is not a whole number from 1 on"],
    [["message", "tail", "t", "--queue", "-1"], "--queue: -1 is not a whole number from 0 on"],
    [["bench", "send", "--in-flight", "0"], "--in-flight: 0 is not a whole number from 1 to 1000000"],
    [
      ["bench", "send", "--in-flight", "99999999"],
      "--in-flight: 99999999 is not a whole number from 1 to 1000000",
    ],
    [["bench", "consume", "--messages", "0.5"], "--messages: 0.5 is not a whole number from 1 on"],
    [["cluster", "health", "--server", "foo"], '--server: "foo" is not an address such as'],
    [["store", "dump", "--from", "-1"], "--from: -1 is not a whole number from 0 on"],
    [["store", "dump", "--from", "5", "--to", "1"], "--from: 5 is not below --to, 1"],
    [["bench", "storage", "--seconds", "0"], "--seconds: 0 is not above 0"],
    [["bench", "e2e", "--warmup", "-1"], "--warmup: -1 is less than 0"],
    [["bench", "send", "--size", "5MiB"], "--size: 5MiB; a message has 1 byte to 4 MiB"],
    [["bench", "send", "--size", "big"], '--size: "big" is not a size such as'],
  ];
  for (const [argv, sentence] of refused)
    it(`logwheel ${argv.join(" ")}: refused before anything is started, by the option's name`, async () => {
      expect(await run(argv, terminal)).to.equal(2);
      expect(terminal.notes).to.have.length(1);
      expect(terminal.notes[0]).to.include(`logwheel: ${sentence}`).and.include("[BAD_REQUEST]");
    });

  it("names the variable that holds an address that is none", async () => {
    terminal.environment = { LOGWHEEL_NAMESRV: "here" };
    expect(await run(["topic", "list"], terminal)).to.equal(2);
    expect(terminal.notes[0]).to.include('logwheel: LOGWHEEL_NAMESRV: "here" is not an address');
  });
});
