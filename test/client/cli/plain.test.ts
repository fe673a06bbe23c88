import { expect } from "chai";
import { NOUNS, nounOf } from "../../../client/cli/nouns.js";
import { parseWithYargs } from "../../../client/cli/parser.js";
import { parsePlain } from "../../../client/cli/plain.js";
import { camelOf, type Verb } from "../../../client/cli/verb.js";

async function verbsOf(argv: readonly string[]): Promise<readonly Verb[]> {
  const noun = nounOf(argv);
  return noun === null ? [] : (await NOUNS[noun]!.load()).verbs;
}

describe("command lines that are read without the library", () => {
  const plain: string[][] = [
    ["dev", "--data", "./data"],
    ["server", "namesrv"],
    ["server", "broker", "--namesrv", "a:1,b:2", "--flush", "async"],
    ["server", "broker", "--namesrv", "a:1", "--namesrv", "b:2", "--name", "x", "--name", "y"],
    ["server", "broker", "--auto-create-topics", "true", "--config", "x.json", "--disk-warn-percent", "5"],
    ["server", "broker", "--auto-create-topics", "false", "--data", "", "--metrics", "127.0.0.1:0"],
  ];
  for (const argv of plain)
    it(`logwheel ${argv.join(" ")} says what the library says that it says`, async () => {
      const verbs = await verbsOf(argv);
      const own = parsePlain(argv, nounOf(argv), verbs);
      const known = await parseWithYargs(argv, nounOf(argv), verbs);
      expect(own?.verb).to.equal(known.verb).and.not.equal(null);
      const names = Object.keys(own!.verb!.options).flatMap((name) => [name, camelOf(name)]);
      const pick = (args: unknown): unknown[] => names.map((name) => (args as Record<string, unknown>)[name]);
      expect(pick(own!.args)).to.deep.equal(pick(known.args));
      expect([own!.text, own!.error]).to.deep.equal([known.text, known.error]);
    });

  const left: string[][] = [
    [],
    ["server"],
    ["server", "--help"],
    ["server", "broker", "--help"],
    ["server", "broker", "-h"],
    ["server", "broker", "--version"],
    ["server", "broker", "--nam", "x"],
    ["server", "broker", "--name"],
    ["server", "broker", "--name=x"],
    ["server", "broker", "--name", "--data", "x"],
    ["server", "broker", "--flush", "sometimes"],
    ["server", "broker", "--auto-create-topics"],
    ["server", "broker", "name", "x"],
    ["server", "broker", "surplus"],
    ["--data", "server", "server", "broker"],
    ["topic", "list"],
    ["message", "send", "server", "broker"],
  ];
  for (const argv of left)
    it(`logwheel ${argv.join(" ")} is left to the library`, async () => {
      expect(parsePlain(argv, nounOf(argv), await verbsOf(argv))).to.equal(null);
    });
});
