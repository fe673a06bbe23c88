import { access, readdir } from "node:fs/promises";
import { posix } from "node:path";
import { expect } from "chai";
import { consumeCounters } from "../server/broker/counters.js";
import { NO_DELAYS, NO_TRANSACTIONS } from "../server/broker/meter.js";
import { brokerMetrics, gatewayMetrics, nameServerMetrics } from "../server/metrics.js";
import { KIND } from "../server/store/record.js";
import { textOf } from "./support/command-lines.js";
import { root } from "./support/root.js";

const FIGURES = {
  topics: 0,
  groups: 0,
  connections: 0,
  members: 0,
  unflushedBytes: 0,
  logBytes: 0,
  segments: 0,
  diskBytes: 0,
  diskFreeBytes: 0,
  diskTotalBytes: 0,
  progress: [],
  consuming: consumeCounters(),
  delays: NO_DELAYS,
  transactions: NO_TRANSACTIONS,
};

/** Every document of ours. */
async function documents(): Promise<string[]> {
  const top = (await readdir(root)).filter((name) => name.endsWith(".md"));
  const below = await Promise.all(
    ["docs", "examples"].map(async (folder) => {
      const names = await readdir(`${root}${folder}`, { recursive: true });
      return names.filter((name) => name.endsWith(".md")).map((name) => posix.join(folder, name));
    }),
  );
  return [...top, ...below.flat()].sort();
}

/** The anchor that a heading gets. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

/** Metrics of an exposition that are not Node's own: name, type, help. */
function ownMetrics(exposition: string): string[] {
  const types = new Map(
    [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
  );
  return [...exposition.matchAll(/^# HELP (logwheel_(?!nodejs_|process_)\S+) (.+)$/gm)].map(
    ([, name, help]) => `| \`${name}\` | ${types.get(name)} | ${help} |`,
  );
}

describe("documents", () => {
  it("links between them lead somewhere, to headings too", async () => {
    const broken: string[] = [];
    for (const path of await documents()) {
      const text = (await textOf(path)).replaceAll(/^```[\s\S]*?^```$/gm, "");
      for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [file = "", anchor] = target.split("#");
        const to = file === "" ? path : posix.join(posix.dirname(path), file);
        const there = await access(`${root}${to}`).then(
          () => true,
          () => false,
        );
        const headings =
          there && anchor
            ? [...(await textOf(to)).matchAll(/^#+ (.+)$/gm)].map(([, h = ""]) => anchorOf(h))
            : [];
        if (!there || (anchor && !headings.includes(anchor))) broken.push(`${path}: ${target}`);
      }
    }
    expect(broken).to.deep.equal([]);
  });

  it("docs/operation.md lists every metric with its type and help, and no others", async () => {
    const text = await textOf("docs/operation.md");
    const listed = text
      .split("\n")
      .filter((line) => /^\| `logwheel_\w+` \| (counter|gauge|histogram) \|/.test(line));
    const broker = ownMetrics(await brokerMetrics(async () => FIGURES).expose());
    const nameServer = ownMetrics(
      await nameServerMetrics(() => ({ brokers: 0, topics: 0, watchers: 0 })).expose(),
    );
    const nobody = { clients: 0, consumers: 0, outstanding: 0, connections: 0 };
    const gateway = ownMetrics(await gatewayMetrics(() => nobody).expose());
    expect(listed).to.have.members([...broker, ...nameServer, ...gateway]);
  });

  it("docs/guarantees.md names tests that there are: files and titles", async () => {
    const rows = (await textOf("docs/guarantees.md")).split("\n").filter((line) => line.startsWith("|"));
    const planted = "test/server/store/planted-bugs.test.ts";
    const missing: string[] = [];
    for (const row of rows) {
      const files = [...row.matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, path]) => path!);
      const sources = await Promise.all([...files, planted].map(textOf));
      for (const [, title = ""] of row.matchAll(/(?<!\*)\*([^*]+)\*(?!\*)/g))
        if (!sources.some((source) => source.includes(title))) missing.push(title);
    }
    expect(rows.join("\n")).to.include("planted bug").and.to.include("](../test/");
    expect(missing).to.deep.equal([]);
  });

  it("docs/format.md has every kind of record", async () => {
    const format = await textOf("docs/format.md");
    for (const [name, number] of Object.entries(KIND)) expect(format).to.include(`| ${number} ${name} |`);
  });
});
