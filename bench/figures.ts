import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * The figures of docs/performance.md: every row as often as asked, one after the other in turn, medians as a Markdown
 * table. `node dist/bench/figures.js [--runs 5] [--seconds 10] [--warmup 3] [--only REGEXP]`
 */
const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    seconds: { type: "string", default: "10" },
    warmup: { type: "string", default: "3" },
    only: { type: "string", default: "" },
  },
});

interface Row {
  readonly name: string;
  /** Arguments of `logwheel bench`. */
  readonly args: string;
  /** The figures to show: path in the JSON output, unit. */
  readonly figures: Readonly<Record<string, string>>;
}

const RATE = {
  "messages/s": "messagesPerSecond",
  "p50 ms": "latencyMs.p50",
  "p99 ms": "latencyMs.p99",
  "broker CPU s/M": "cpuPerMillion",
  "broker peak MB": "peakMegabytes",
};
const TRANSACTION_RATE = { ...RATE, "messages/s": "transactionsPerSecond" };
/** Retention at work, segments recycled, whatever the disk has of free blocks. */
const STEADY = ["--steady", "--retention-bytes", "512MiB"];
const LATENCY = { "p50 ms": "latencyMs.p50", "p99 ms": "latencyMs.p99", "p99.9 ms": "latencyMs.p999" };

const ROWS: readonly Row[] = [
  { name: "publish, async, 64", args: "send --flush async --in-flight 64", figures: RATE },
  { name: "publish, async, 2,048", args: "send --flush async --in-flight 2048", figures: RATE },
  { name: "publish, flushed, 64", args: "send --flush sync --in-flight 64", figures: RATE },
  { name: "publish, flushed, 2,048", args: "send --flush sync --in-flight 2048", figures: RATE },
  { name: "128 B, async, 8,192", args: "send --flush async --in-flight 8192 --size 128", figures: RATE },
  { name: "128 B, flushed, 8,192", args: "send --flush sync --in-flight 8192 --size 128", figures: RATE },
  {
    name: "publish, async, 2,048, empty folder",
    args: "send --flush async --in-flight 2048 --retention-bytes 64GiB",
    figures: RATE,
  },
  {
    name: "publish, flushed, 2,048, empty folder",
    args: "send --flush sync --in-flight 2048 --retention-bytes 64GiB",
    figures: RATE,
  },
  {
    name: "consume a backlog",
    args: "consume --flush async",
    figures: { "messages/s": "messagesPerSecond" },
  },
  { name: "end to end, 5,000/s, async", args: "e2e --flush async", figures: LATENCY },
  { name: "end to end, 5,000/s, flushed", args: "e2e --flush sync", figures: LATENCY },
  { name: "one at a time, async", args: "send --flush async --in-flight 1", figures: LATENCY },
  { name: "one at a time, flushed", args: "send --flush sync --in-flight 1", figures: LATENCY },
  {
    name: "1,000 topics, async, 2,048",
    args: "send --flush async --in-flight 2048 --topics 1000",
    figures: RATE,
  },
  {
    name: "10,000 topics, async, 2,048",
    args: "send --flush async --in-flight 2048 --topics 10000",
    figures: RATE,
  },
  { name: "transactions, flushed, 64", args: "transaction --in-flight 64", figures: TRANSACTION_RATE },
  { name: "transactions, flushed, 2,048", args: "transaction --in-flight 2048", figures: TRANSACTION_RATE },
  {
    name: "100,000 due at one instant, flushed; scheduling, 2,048",
    args: "delay --in-flight 2048",
    figures: {
      "last after ms": "burst.lastAfterMs",
      "lateness p50 ms": "latenessMs.p50",
      "lateness p99 ms": "latenessMs.p99",
      "scheduled/s": "schedule.messagesPerSecond",
    },
  },
];

type Figures = Readonly<Record<string, unknown>>;

const launcher = fileURLToPath(new URL("../client/cli/logwheel.cjs", import.meta.url));

function measure(row: Row): Figures {
  const args = [
    "bench",
    // Half of 512 MiB is all that may be pending.
    ...(/consume|64GiB|delay/.test(row.args) ? [] : STEADY),
    ...row.args.split(" "),
    "--seconds",
    flags.seconds,
    "--warmup",
    flags.warmup,
    "-o",
    "json",
  ];
  const { stdout, stderr, status } = spawnSync(process.execPath, [launcher, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`logwheel ${args.join(" ")}: ${stderr}`);
  return withDerived(JSON.parse(stdout));
}

function withDerived(figures: Figures): Figures {
  const broker = figures["broker"] as { cpuSeconds: number; peakMemoryBytes: number } | undefined;
  if (broker === undefined) return figures;
  const acked = Number(figures["acked"]);
  return {
    ...figures,
    cpuPerMillion: (broker.cpuSeconds * 1e6) / acked,
    peakMegabytes: broker.peakMemoryBytes / 1e6,
  };
}

function at(figures: Figures, path: string): number {
  let value: unknown = figures;
  for (const key of path.split(".")) value = (value as Figures)[key];
  return Number(value);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function shown(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

const rows = ROWS.filter(({ name }) => new RegExp(flags.only).test(name));
const measured = new Map<Row, Figures[]>(rows.map((row) => [row, []]));
for (let run = 1; run <= Number(flags.runs); run++)
  for (const row of rows) {
    const figures = measure(row);
    measured.get(row)!.push(figures);
    const values = Object.entries(row.figures).map(([name, path]) => `${name} ${shown(at(figures, path))}`);
    process.stderr.write(`run ${run}  ${row.name}: ${values.join(", ")}\n`);
  }

const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
process.stdout.write(
  `${machine}; medians of ${flags.runs} runs of ${flags.seconds} s after ${flags.warmup} s\n\n`,
);
process.stdout.write("| work | figures |\n|---|---|\n");
for (const [row, runs] of measured) {
  const values = Object.entries(row.figures).map(([name, path]) => {
    return `${name} ${shown(median(runs.map((figures) => at(figures, path))))}`;
  });
  const bad = runs.reduce((sum, figures) => sum + at(figures, "refused") + at(figures, "unknown") || 0, 0);
  process.stdout.write(
    `| ${row.name} | ${values.join(" · ")}${bad > 0 ? ` · refused or unknown ${bad}` : ""} |\n`,
  );
}
