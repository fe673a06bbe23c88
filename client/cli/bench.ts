import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseBytes } from "../../proto/kernel/quantity.js";
import type { BenchOptions } from "./bench/runs.js";
import { countOf, optionValue } from "./option-value.js";
import { OUTPUT_OPTION, showOne } from "./output.js";
import type { Terminal } from "./terminal.js";
import { type Args, verb } from "./verb.js";

const OPTIONS = {
  ...OUTPUT_OPTION,
  size: { type: "string", default: "1KiB", requiresArg: true, description: "Bytes of a message's body" },
  "in-flight": {
    type: "number",
    default: 64,
    requiresArg: true,
    description: "Sends that wait for their acknowledgement, at most 1,000,000",
  },
  seconds: { type: "number", default: 10, requiresArg: true, description: "How long to measure" },
  warmup: { type: "number", default: 3, requiresArg: true, description: "Seconds before the measurement" },
  topics: {
    type: "number",
    default: 1,
    requiresArg: true,
    description: "Topics that share the load, of 8 queues each",
  },
  messages: {
    type: "number",
    default: 1_000_000,
    requiresArg: true,
    description: "consume, ordered: messages of the backlog",
  },
  pending: {
    type: "number",
    default: 0,
    requiresArg: true,
    description: "delay: then pile up so many pending messages, and start the broker again",
  },
  keys: { type: "number", default: 10_000, requiresArg: true, description: "ordered: ordering keys" },
  rate: { type: "number", default: 5_000, requiresArg: true, description: "e2e: messages per second" },
  flush: {
    choices: ["sync", "async"],
    default: "sync",
    description: "Flush mode of the broker that is started",
  },
  "retention-bytes": {
    type: "string",
    requiresArg: true,
    defaultDescription: "1GiB; for a backlog, more than it takes",
    description:
      "Size of the log from which on segments are recycled: lower than what is sent gives the steady state",
  },
  steady: {
    type: "boolean",
    default: false,
    description: "First fill the log until its oldest segment is dropped and used again",
  },
  namesrv: { type: "string", requiresArg: true, description: "Measure this cluster instead of starting one" },
} as const;

/** What a message takes in the log besides its body, generously. */
const RECORD_BYTES = 256;
const BODY_BYTES_MAX = 4 << 20;
/** They take 1.5 GB of this process. */
const IN_FLIGHT_MAX = 1_000_000;

// biome-ignore lint/complexity/noBannedTypes: no positionals
type BenchArgs = Args<{}, typeof OPTIONS>;
type Run = (options: BenchOptions) => Promise<Record<string, unknown>>;

function bench(command: string, describe: string, pick: () => Promise<Run>): ReturnType<typeof verb> {
  return verb({
    command,
    describe,
    options: OPTIONS,
    run: async (args, terminal) => {
      assertMeasurable(args);
      const run = await pick();
      await show(args, terminal, command, await onServers(args, terminal, { run, command }));
      return undefined;
    },
  });
}

/** `logwheel bench …`. */
export const verbs = [
  bench(
    "send",
    "Publishing: each send acknowledged to its own promise",
    async () => (await import("./bench/runs.js")).benchSend,
  ),
  bench(
    "consume",
    "Consuming a backlog, a handler call per message, acknowledged",
    async () => (await import("./bench/runs.js")).benchConsume,
  ),
  bench(
    "e2e",
    "From send to handler at a fixed rate",
    async () => (await import("./bench/runs.js")).benchEndToEnd,
  ),
  bench(
    "transaction",
    "Transactions of one message: half, then commit",
    async () => (await import("./bench/transactions.js")).benchTransactions,
  ),
  bench(
    "delay",
    "Delayed messages: lateness, a burst of 100,000, scheduling",
    async () => (await import("./bench/delay.js")).benchDelay,
  ),
  bench(
    "ordered",
    "Consuming a backlog in order by key; then the same with 1 % of the messages failing once",
    async () => (await import("./bench/ordered.js")).benchOrdered,
  ),
  verb({
    command: "storage",
    describe: "The store alone, without a network",
    options: OPTIONS,
    run: async (args, terminal) => {
      assertMeasurable(args);
      const { benchStorage } = await import("./bench/storage.js");
      const figures = await benchStorage({
        ...args,
        size: sizeOf(args),
        retentionBytes: retentionOf(args, "storage"),
        progress: terminal.progress,
        signal: terminal.signal,
      });
      await show(args, terminal, "storage", figures);
      return undefined;
    },
  }),
];

async function onServers(
  args: BenchArgs,
  terminal: Terminal,
  { run, command }: { run: Run; command: string },
): Promise<Record<string, unknown>> {
  const { startServers } = await import("./bench/servers.js");
  const { progress, signal } = terminal;
  const retentionBytes = retentionOf(args, command);
  const servers =
    args.namesrv === undefined
      ? await startServers({ flush: args.flush, retentionBytes, signal })
      : undefined;
  try {
    const nameServer = args.namesrv ?? servers!.nameServer;
    return await run({ ...args, size: sizeOf(args), nameServer, servers, progress, signal });
  } catch (thrown) {
    // What is under way when it is interrupted fails in its own way.
    signal.throwIfAborted();
    throw thrown;
  } finally {
    await servers?.stop();
  }
}

async function show(
  args: BenchArgs,
  terminal: Terminal,
  work: string,
  figures: Record<string, unknown>,
): Promise<void> {
  const { inFlight, topics, flush } = args;
  await showOne(terminal, args.output, { work, size: sizeOf(args), inFlight, topics, flush, ...figures });
}

/** A backlog must not go before it is consumed; what is only sent may. */
function retentionOf(args: BenchArgs, command: string): number {
  const { retentionBytes: given } = args;
  if (given !== undefined) return optionValue("--retention-bytes", () => parseBytes(given));
  const steady = 2 ** 30;
  const record = sizeOf(args) + RECORD_BYTES;
  if (command === "delay") return steady + 4 * (args.pending + 1_000_000) * record;
  return command === "consume" || command === "ordered" ? steady + args.messages * record : steady;
}

function sizeOf({ size }: BenchArgs): number {
  const bytes = optionValue("--size", () => parseBytes(size));
  if (bytes >= 1 && bytes <= BODY_BYTES_MAX) return bytes;
  throw new LogwheelError("BAD_REQUEST", `--size: ${size}; a message has 1 byte to 4 MiB`);
}

/** BAD_REQUEST, before anything is started, names the option that leaves nothing to measure. */
function assertMeasurable(args: BenchArgs): void {
  const { inFlight, topics, messages, keys, rate, pending, seconds, warmup } = args;
  sizeOf(args);
  countOf("--in-flight", inFlight, 1, IN_FLIGHT_MAX);
  countOf("--topics", topics);
  countOf("--messages", messages);
  countOf("--keys", keys);
  countOf("--rate", rate);
  countOf("--pending", pending, 0);
  if (seconds <= 0) throw new LogwheelError("BAD_REQUEST", `--seconds: ${seconds} is not above 0`);
  if (warmup < 0) throw new LogwheelError("BAD_REQUEST", `--warmup: ${warmup} is less than 0`);
}
