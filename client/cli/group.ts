import { systemClock } from "../../proto/kernel/clock.js";
import { parseDuration } from "../../proto/kernel/quantity.js";
import type { GroupDescription, OldestAt } from "../index.js";
import { confirm, DESTRUCTIVE_OPTIONS } from "./confirm.js";
import { CLIENT_OPTIONS, callOptions, withClient } from "./connection.js";
import { parsePlace } from "./moment.js";
import { countOf, optionValue } from "./option-value.js";
import { OUTPUT_OPTION, showOne, showRows } from "./output.js";
import { verb } from "./verb.js";

const NAME = { name: { type: "string", demandOption: true, description: "Name of the group" } } as const;
const OPTIONS = { ...CLIENT_OPTIONS, ...OUTPUT_OPTION } as const;

const SETTINGS = {
  ordered: { type: "boolean", description: "In order by key: one message of a key at a time" },
  "max-attempts": {
    type: "number",
    requiresArg: true,
    description: "Deliveries of one message; after the last one it is a dead letter",
  },
  "retry-delays": {
    type: "string",
    requiresArg: true,
    description:
      "Waits before the second, third, … delivery, for example 10s,1m,1h; the last one again and again",
  },
  assign: {
    choices: ["sticky", "circular", "fixed", "hash"],
    description: "How queues are divided among members",
  },
} as const;

interface SettingArgs {
  readonly ordered: boolean | undefined;
  readonly maxAttempts: number | undefined;
  readonly retryDelays: string | undefined;
  readonly assign: "sticky" | "circular" | "fixed" | "hash" | undefined;
}

function settingsOf({ ordered, maxAttempts, retryDelays, assign }: SettingArgs) {
  return {
    ...(ordered === undefined ? {} : { ordered }),
    ...(maxAttempts === undefined ? {} : { maxAttempts: countOf("--max-attempts", maxAttempts) }),
    ...(retryDelays === undefined ? {} : { retryDelaysMs: delaysOf(retryDelays) }),
    ...(assign === undefined ? {} : { assign }),
  };
}

function delaysOf(text: string): number[] {
  return optionValue("--retry-delays", () => text.split(",").map(parseDuration));
}

/** A group with the sums that people ask for first. */
function withTotals(group: GroupDescription): object {
  const sum = (of: (queue: GroupDescription["queues"][number]) => number): number =>
    group.queues.reduce((total, queue) => total + of(queue), 0);
  const { members, queues, ...rest } = group;
  return {
    ...rest,
    lag: sum((q) => q.lag),
    ready: sum((q) => q.ready),
    oldestReady: oldestOf(queues.map((q) => q.oldestReady)),
    inFlight: sum((q) => q.inFlight),
    oldestInFlight: oldestOf(queues.map((q) => q.oldestInFlight)),
    retrying: sum((q) => q.retrying),
    oldestRetrying: oldestOf(queues.map((q) => q.oldestRetrying)),
    delayed: queues.some((q) => q.delayed === "unknown") ? "unknown" : sum((q) => Number(q.delayed)),
    members,
    queues,
  };
}

/** The oldest of several; unknown if one of them is, because it may be older. */
function oldestOf(moments: readonly OldestAt[]): OldestAt {
  if (moments.includes("unknown")) return "unknown";
  const dates = moments.filter((moment) => moment instanceof Date);
  return dates.length === 0 ? "none" : new Date(Math.min(...dates.map((date) => date.getTime())));
}

/** `logwheel group …`. */
export const verbs = [
  verb({
    command: "create <name>",
    describe: "Make a consumer group",
    positionals: NAME,
    options: { ...OPTIONS, ...SETTINGS },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const made = await admin.groups.create(args.name, settingsOf(args), callOptions(args, terminal));
        await showOne(terminal, args.output, made);
        return undefined;
      }),
  }),
  verb({
    command: "update <name>",
    describe: "Change a consumer group",
    positionals: NAME,
    options: { ...OPTIONS, ...SETTINGS, "dry-run": DESTRUCTIVE_OPTIONS["dry-run"] },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const changes = { ...settingsOf(args), dryRun: args.dryRun, ...callOptions(args, terminal) };
        await showOne(terminal, args.output, await admin.groups.update(args.name, changes));
        return undefined;
      }),
  }),
  verb({
    command: ["list", "ls"],
    describe: "List consumer groups with their lag",
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const groups = await admin.groups.list(callOptions(args, terminal)).toArray();
        await showRows(terminal, args.output, groups, {
          name: (group) => group.name,
          lag: (group) => group.lag,
          members: (group) => group.members,
          paused: (group) => group.paused,
          assign: (group) => group.assign,
          topics: (group) => group.topics,
        });
        return undefined;
      }),
  }),
  verb({
    command: ["describe <name>", "lag"],
    describe: "Show a group: lag, members, positions",
    positionals: NAME,
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const group = await admin.groups.describe(args.name, callOptions(args, terminal));
        await showOne(terminal, args.output, withTotals(group));
        return undefined;
      }),
  }),
  verb({
    command: "pause <name>",
    describe: "Deliver nothing to a group until it is resumed",
    positionals: NAME,
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        await showOne(
          terminal,
          args.output,
          await admin.groups.pause(args.name, callOptions(args, terminal)),
        );
        return undefined;
      }),
  }),
  verb({
    command: "resume <name>",
    describe: "Deliver to a paused group again",
    positionals: NAME,
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        await showOne(
          terminal,
          args.output,
          await admin.groups.resume(args.name, callOptions(args, terminal)),
        );
        return undefined;
      }),
  }),
  verb({
    command: "reset <name>",
    describe: "Move a group to another place of a topic, to replay or to skip",
    positionals: NAME,
    options: {
      ...OPTIONS,
      ...DESTRUCTIVE_OPTIONS,
      topic: { type: "string", demandOption: true, requiresArg: true, description: "The topic" },
      to: {
        type: "string",
        demandOption: true,
        requiresArg: true,
        description: "earliest, latest, an offset, or a time such as 2026-11-21T09:30:00Z or -1h",
      },
      queue: { type: "number", requiresArg: true, description: "One queue id; all by default" },
      broker: { type: "string", requiresArg: true, description: "One broker; all by default" },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { name, topic, queue, broker } = args;
        const reset = {
          ...callOptions(args, terminal),
          topic,
          to: optionValue("--to", () => parsePlace(args.to, systemClock.nowMs())),
          ...(queue === undefined ? {} : { queue: countOf("--queue", queue, 0) }),
          ...(broker === undefined ? {} : { broker }),
        };
        const would = await admin.groups.resetOffset(name, { ...reset, dryRun: true });
        const moved = would.filter(({ fromOffset, toOffset }) => fromOffset !== toOffset).length;
        if (!args.dryRun)
          await confirm(
            terminal,
            args.yes,
            `Move ${name} to ${args.to} in ${moved} of ${would.length} queues of ${topic}?`,
          );
        const rows = args.dryRun ? would : await admin.groups.resetOffset(name, reset);
        await showRows(terminal, args.output, rows, {
          broker: (row) => row.broker,
          queue: (row) => row.queueId,
          from: (row) => row.fromOffset,
          to: (row) => row.toOffset,
        });
        return undefined;
      }),
  }),
  verb({
    command: "skip <name>",
    describe: "Pass over one message that a group cannot handle, so that what waits for it goes on",
    positionals: NAME,
    options: {
      ...OPTIONS,
      ...DESTRUCTIVE_OPTIONS,
      topic: { type: "string", demandOption: true, requiresArg: true, description: "The topic" },
      queue: { type: "number", demandOption: true, requiresArg: true, description: "Queue id" },
      offset: { type: "number", demandOption: true, requiresArg: true, description: "Offset of the message" },
      broker: { type: "string", requiresArg: true, description: "Where several brokers have the topic" },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { name, topic, broker } = args;
        const which = {
          ...callOptions(args, terminal),
          topic,
          queue: countOf("--queue", args.queue, 0),
          offset: countOf("--offset", args.offset, 0),
          ...(broker === undefined ? {} : { broker }),
        };
        const would = await admin.groups.skip(name, { ...which, dryRun: true });
        if (!args.dryRun)
          await confirm(
            terminal,
            args.yes,
            `Skip offset ${which.offset} of queue ${which.queue} of ${topic} for ${name}? It failed ${would.failures} times, ${would.waiting} wait for it.`,
          );
        const done = args.dryRun ? would : await admin.groups.skip(name, { ...which, broker: would.broker });
        await showOne(terminal, args.output, { group: name, skipped: !args.dryRun, ...done });
        return undefined;
      }),
  }),
  verb({
    command: ["delete <name>", "rm"],
    describe: "Delete a group with its positions",
    positionals: NAME,
    options: { ...OPTIONS, ...DESTRUCTIVE_OPTIONS },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const options = callOptions(args, terminal);
        const would = await admin.groups.delete(args.name, { ...options, dryRun: true });
        if (args.dryRun) {
          await showOne(terminal, args.output, { group: args.name, deleted: false, ...would });
          return undefined;
        }
        const on = would.topics.length === 0 ? "" : ` and its positions on ${would.topics.join(", ")}`;
        await confirm(terminal, args.yes, `Delete the group ${args.name}${on}?`);
        const done = await admin.groups.delete(args.name, options);
        await showOne(terminal, args.output, { group: args.name, deleted: true, ...done });
        return undefined;
      }),
  }),
];
