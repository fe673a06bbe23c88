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
    [["completion", "tcsh"], "Invalid values"],
    [["topic", "create"], "Not enough non-option arguments"],
    [["topic", "create", "t", "--type", "odd"], "Invalid values"],
    [["message", "send", "x"], "Missing required argument: topic"],
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
      ["namesrv", "broker"],
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

  it("refuses an address that is none before it connects", async () => {
    expect(await run(["topic", "list", "--namesrv", "here"], terminal)).to.equal(2);
    expect(terminal.notes).to.deep.equal([
      'logwheel: "here" is not an address such as 10.0.0.5:10911 [BAD_REQUEST]',
    ]);
  });
});
