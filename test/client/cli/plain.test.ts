import { expect } from "chai";
import fc from "fast-check";
import { NOUNS, nounOf } from "../../../client/cli/nouns.js";
import { parseWithYargs } from "../../../client/cli/parser.js";
import { parsePlain } from "../../../client/cli/plain.js";
import { camelOf, type Verb, wordOf } from "../../../client/cli/verb.js";

async function verbsOf(argv: readonly string[]): Promise<readonly Verb[]> {
  const noun = nounOf(argv);
  return noun === null ? [] : (await NOUNS[noun]!.load()).verbs;
}

/** What a verb sees of its arguments: options and positionals under both names. */
function seen(verb: Verb, args: unknown): Record<string, unknown> {
  const names = [...Object.keys(verb.options), ...Object.keys(verb.positionals)];
  const both = names.flatMap((name) => [name, camelOf(name)]);
  return Object.fromEntries(both.map((name) => [name, (args as Record<string, unknown>)[name]]));
}

/** Whether it was read without the library. Fails unless what was read is what the library reads. */
async function agrees(argv: readonly string[]): Promise<boolean> {
  const verbs = await verbsOf(argv);
  const own = parsePlain(argv, nounOf(argv), verbs);
  if (own === null) return false;
  const known = await parseWithYargs(argv, nounOf(argv), verbs);
  expect([own.text, own.error, own.verb?.command], argv.join(" ")).to.deep.equal([
    known.text,
    known.error,
    known.verb?.command,
  ]);
  if (own.verb !== null)
    expect(seen(own.verb, own.args), argv.join(" ")).to.deep.equal(seen(own.verb, known.args));
  return true;
}

describe("command lines that are read without the library", () => {
  const plain: string[][] = [
    ["--help"],
    ["-h"],
    ["dev", "--data", "./data"],
    ["server", "namesrv"],
    ["server", "broker", "--namesrv", "a:1", "--namesrv", "b:2", "--name", "x", "--name", "y"],
    ["server", "broker", "--auto-create-topics", "true", "--config", "x.json", "--disk-warn-percent", "5"],
    ["server", "broker", "--auto-create-topics", "--data", "", "--metrics", "127.0.0.1:0"],
    ["server", "gateway", "--namesrv", "a:1,b:2", "--listen", "127.0.0.1:0", "--body-bytes-max", "1MiB"],
    ["topic", "list"],
    ["topic", "list", "-o", "json", "--timeout", "1s"],
    ["topic", "create", "t", "-q", "4", "--attribute", "a=1", "--attribute", "b=2", "--type", "ordered"],
    ["topic", "delete", "t", "--yes"],
    ["topic", "delete", "-y", "t", "--dry-run"],
    ["group", "update", "--ordered", "g", "--max-attempts", "3"],
    ["group", "update", "g", "--ordered", "false"],
    ["message", "send", "--topic", "t"],
    ["message", "send", "a", "b c", "--topic", "t", "d"],
    ["message", "get", "broker-a-1-17"],
    ["message", "get", "--topic", "t", "--queue", "0", "--offset", "0"],
    ["message", "tail", "topic", "--from", "earliest"],
    ["bench", "send", "--seconds", "0.3", "--in-flight", "16"],
    ["config", "validate", "broker", "b.json"],
    ["completion", "bash"],
    ["version"],
  ];
  for (const argv of plain)
    it(`logwheel ${argv.join(" ")} says what the library says that it says`, async () => {
      expect(await agrees(argv)).to.equal(true);
    });

  const left: string[][] = [
    [],
    ["server"],
    ["server", "--help"],
    ["server", "broker", "-h"],
    ["server", "broker", "--version"],
    ["server", "broker", "--nam", "x"],
    ["server", "broker", "--name"],
    ["server", "broker", "--name=x"],
    ["server", "broker", "--name", "--data", "x"],
    ["server", "broker", "--flush", "sometimes"],
    ["server", "broker", "name", "x"],
    ["server", "broker", "--no-auto-create-topics"],
    ["--data", "server", "server", "broker"],
    ["topic", "create"],
    ["topic", "create", "t", "surplus"],
    ["topic", "create", "t", "--queues", "many"],
    ["topic", "create", "t", "--queues", "-1"],
    ["topic", "create", "t", "--queues", "007"],
    ["topic", "ls"],
    ["message", "send", "x"],
    ["message", "send", "--topic", "t", "--", "-x"],
    ["message", "send", "--topic", "t", ""],
    ["completion", "tcsh"],
    ["topic", "list", "-oh"],
    ["topic", "list", "--constructor", "x"],
  ];
  for (const argv of left)
    it(`logwheel ${argv.join(" ")} is left to the library`, async () => {
      expect(parsePlain(argv, nounOf(argv), await verbsOf(argv))).to.equal(null);
    });

  it("agrees with the library on any words of any verb", async () => {
    const verbs = (
      await Promise.all(
        Object.entries(NOUNS).map(async ([name, noun]) =>
          (
            await noun.load()
          ).verbs.map((verb) => ({
            verb,
            words: noun.alone ? [name] : [name, wordOf(verb)],
          })),
        ),
      )
    ).flat();
    const texts = ["x", "0", "12", "1.5", "007", "1e3", "true", "false", "", "a=b", "sync", "json", "topic"];
    const lines = fc.constantFrom(...verbs).chain(({ verb, words }) => {
      const options = Object.entries(verb.options).flatMap(([name, { alias, choices }]) => {
        const values = [...texts, ...(choices ?? []).map(String)];
        const flags = [`--${name}`, ...(alias === undefined ? [] : [`-${String(alias)}`])];
        return values.map((value) => [flags[value.length % flags.length]!, value]);
      });
      const chosen = Object.values(verb.positionals).flatMap(({ choices }) =>
        [...(choices ?? [])].map(String),
      );
      const word = fc.constantFrom(...texts, ...chosen).map((text) => [text]);
      const option = options.length === 0 ? word : fc.constantFrom(...options);
      const flag = option.map(([name = ""]) => [name]);
      const piece = fc.oneof({ weight: 6, arbitrary: option }, { weight: 2, arbitrary: word }, flag);
      return fc.array(piece, { maxLength: 5 }).map((pieces) => [...words, ...pieces.flat()]);
    });
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(lines, async (argv) => {
        if (await agrees(argv)) plain++;
      }),
      { numRuns: 300 },
    );
    expect(plain).to.be.above(30);
  });
});
