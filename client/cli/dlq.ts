import { systemClock } from "../../proto/kernel/clock.js";
import type { DeadLetterFilter, Message, RedriveInfo } from "../index.js";
import { confirm, DESTRUCTIVE_OPTIONS } from "./confirm.js";
import { CLIENT_OPTIONS, callOptions, withClient } from "./connection.js";
import { bodyText, messageJson } from "./message-json.js";
import { parseMoment } from "./moment.js";
import { countOf, optionValue } from "./option-value.js";
import { OUTPUT_OPTION, printable, showOne, showRows } from "./output.js";
import type { Terminal } from "./terminal.js";
import { verb } from "./verb.js";

const GROUP = { group: { type: "string", demandOption: true, description: "Name of the group" } } as const;
const OPTIONS = { ...CLIENT_OPTIONS, ...OUTPUT_OPTION } as const;

const FILTER = {
  reason: {
    choices: ["attempts", "rejected", "expired", "retention"],
    description: "Why they are dead letters",
  },
  error: { type: "string", requiresArg: true, description: "Name of their last error" },
  topic: { type: "string", requiresArg: true, description: "Where they came from" },
  since: {
    type: "string",
    requiresArg: true,
    description: "Moved at this time or later, for example 2026-11-21T09:30:00Z or -1h",
  },
  until: { type: "string", requiresArg: true, description: "Moved before this time" },
} as const;

const LIST = {
  redriven: { type: "boolean", default: false, description: "Also those that were sent again" },
  max: { type: "number", requiresArg: true, description: "Stop after so many" },
} as const;

interface FilterArgs {
  readonly reason: NonNullable<DeadLetterFilter["reason"]> | undefined;
  readonly error: string | undefined;
  readonly topic: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
}

function filterOf({ reason, error, topic, since, until }: FilterArgs): DeadLetterFilter {
  const nowMs = systemClock.nowMs();
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(error === undefined ? {} : { errorName: error }),
    ...(topic === undefined ? {} : { topic }),
    ...(since === undefined ? {} : { since: optionValue("--since", () => parseMoment(since, nowMs)) }),
    ...(until === undefined ? {} : { until: optionValue("--until", () => parseMoment(until, nowMs)) }),
  };
}

const COLUMNS = {
  "message id": (m: Message<Uint8Array>) => m.id,
  failed: (m: Message<Uint8Array>) => m.dead?.failedAt,
  reason: (m: Message<Uint8Array>) => m.dead?.reason,
  attempts: (m: Message<Uint8Array>) => m.dead?.attempts,
  from: (m: Message<Uint8Array>) => `${m.dead?.topic}/${m.dead?.queueId}/${m.dead?.queueOffset}`,
  error: (m: Message<Uint8Array>) =>
    m.dead?.error ? `${m.dead.error.name}: ${m.dead.error.message}` : undefined,
};

const REDRIVE_COLUMNS = {
  broker: (row: RedriveInfo) => row.broker,
  group: (row: RedriveInfo) => row.group,
  state: (row: RedriveInfo) => row.state,
  redriven: (row: RedriveInfo) => `${row.redriven}/${row.total}`,
  "per second": (row: RedriveInfo) => row.perSecond,
  to: (row: RedriveInfo) => row.to,
  note: (row: RedriveInfo) => row.note,
};

/** A dead letter as scripts see it. */
function letterJson(message: Message<Uint8Array>): object {
  return { ...messageJson(message), dead: message.dead };
}

async function* firstOf<T>(things: AsyncIterable<T>, max: number): AsyncGenerator<T> {
  let left = max;
  for await (const thing of things) {
    yield thing;
    if (--left === 0) return;
  }
}

function maxOf(max: number | undefined): number {
  return max === undefined ? Number.POSITIVE_INFINITY : countOf("--max", max);
}

/** A verb that changes a group's redrive. */
function changing(word: "pause" | "resume" | "cancel", describe: string) {
  return verb({
    command: `${word} <group>`,
    describe,
    positionals: GROUP,
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const rows = await admin.deadLetters[word](args.group, callOptions(args, terminal));
        await showRows(terminal, args.output, rows, REDRIVE_COLUMNS);
        return undefined;
      }),
  });
}

async function showLetter(
  terminal: Terminal,
  output: "table" | "json" | "jsonl",
  message: Message<Uint8Array>,
) {
  if (output !== "table") return showOne(terminal, output, letterJson(message));
  const { stack, error, ...dead } = message.dead!;
  const { id, tag, keys, orderingKey, properties } = message;
  const why = { error: error?.name, message: error?.message };
  await showOne(terminal, output, {
    id,
    ...dead,
    ...why,
    tag,
    keys,
    orderingKey,
    properties,
    body: bodyText(message),
  });
  if (stack === undefined) return;
  await terminal.out("");
  for (const line of stack.split("\n")) await terminal.out(printable(line));
}

/** `logwheel dlq …`. */
export const verbs = [
  verb({
    command: ["list <group>", "ls"],
    describe: "List the dead letters of a group, but for those that were sent again",
    positionals: GROUP,
    options: { ...OPTIONS, ...FILTER, ...LIST },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const query = { ...callOptions(args, terminal), ...filterOf(args), redriven: args.redriven };
        const rows: Message<Uint8Array>[] = [];
        for await (const letter of firstOf(admin.deadLetters.list(args.group, query), maxOf(args.max)))
          rows.push(letter);
        if (args.output === "table") await showRows(terminal, args.output, rows, COLUMNS);
        else await showRows(terminal, args.output, rows.map(letterJson), {});
        return undefined;
      }),
  }),
  verb({
    command: "show <id>",
    describe: "Show one dead letter: why, its error, where it came from, its body",
    positionals: { id: { type: "string", demandOption: true, description: "Message id" } },
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        await showLetter(
          terminal,
          args.output,
          await admin.deadLetters.get(args.id, callOptions(args, terminal)),
        );
        return undefined;
      }),
  }),
  verb({
    command: "export <group>",
    describe: "Write the dead letters of a group as JSON lines",
    positionals: GROUP,
    options: { ...CLIENT_OPTIONS, ...FILTER, ...LIST },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const query = { ...callOptions(args, terminal), ...filterOf(args), redriven: args.redriven };
        for await (const letter of firstOf(admin.deadLetters.list(args.group, query), maxOf(args.max)))
          await terminal.out(JSON.stringify(letterJson(letter)));
        return undefined;
      }),
  }),
  verb({
    command: "redrive <group>",
    describe: "Send dead letters again, in the background, to where they came from or to a topic",
    positionals: GROUP,
    options: {
      ...OPTIONS,
      ...FILTER,
      ...DESTRUCTIVE_OPTIONS,
      to: { type: "string", requiresArg: true, description: "Topic; where each came from by default" },
      rate: {
        type: "number",
        requiresArg: true,
        description: "Messages a second on each broker; 100 by default",
      },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { group, to, rate } = args;
        const how = {
          ...callOptions(args, terminal),
          ...filterOf(args),
          ...(to === undefined ? {} : { to }),
          ...(rate === undefined ? {} : { perSecond: countOf("--rate", rate) }),
        };
        const would = await admin.deadLetters.redrive(group, { ...how, dryRun: true });
        const total = would.reduce((sum, row) => sum + row.total, 0);
        if (!args.dryRun)
          await confirm(
            terminal,
            args.yes,
            `Send ${total} dead letters of ${group} again, to ${to ?? "their topics"}?`,
          );
        const rows = args.dryRun ? would : await admin.deadLetters.redrive(group, how);
        await showRows(terminal, args.output, rows, REDRIVE_COLUMNS);
        return undefined;
      }),
  }),
  verb({
    command: "redrives [group]",
    describe: "Show how far the latest redrive of each group is",
    positionals: { group: { type: "string", description: "Name of the group" } },
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const rows = await admin.deadLetters.redrives(args.group, callOptions(args, terminal));
        await showRows(terminal, args.output, rows, REDRIVE_COLUMNS);
        return undefined;
      }),
  }),
  changing("pause", "Pause the redrive of a group"),
  changing("resume", "Go on with the redrive of a group"),
  changing("cancel", "End the redrive of a group; what was sent again stays so"),
  verb({
    command: "purge <group>",
    describe: "Delete all dead letters of a group",
    positionals: GROUP,
    options: { ...OPTIONS, ...DESTRUCTIVE_OPTIONS },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { group } = args;
        const options = callOptions(args, terminal);
        const would = await admin.deadLetters.purge(group, { ...options, dryRun: true });
        if (!args.dryRun)
          await confirm(terminal, args.yes, `Delete ${would.messages} dead letters of ${group}?`);
        const done = args.dryRun ? would : await admin.deadLetters.purge(group, options);
        await showOne(terminal, args.output, { group, deleted: !args.dryRun, ...done });
        return undefined;
      }),
  }),
];
