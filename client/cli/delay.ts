import { systemClock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Admin, CallOptions, DelayedInfo, DueAnswer, FoundMessage, Producer } from "../index.js";
import { confirm, DESTRUCTIVE_OPTIONS } from "./confirm.js";
import { CLIENT_OPTIONS, type ClientArgs, callOptions, withClient } from "./connection.js";
import { DUE_OPTIONS, dueTimeOf } from "./due-options.js";
import { EXIT } from "./exit-code.js";
import { bodyText, messageJson } from "./message-json.js";
import { parseMoment } from "./moment.js";
import { countOf, optionValue } from "./option-value.js";
import { type Format, OUTPUT_OPTION, showOne, showRows } from "./output.js";
import type { Terminal } from "./terminal.js";
import { verb } from "./verb.js";

const OPTIONS = { ...CLIENT_OPTIONS, ...OUTPUT_OPTION } as const;
const TOPIC = { topic: { type: "string", requiresArg: true, description: "Only of this topic" } } as const;
const MOMENT = "a time such as 2026-11-21T09:30:00Z";
const WHICH = {
  topic: { type: "string", requiresArg: true, description: "With --key: the topic" },
  key: {
    type: "string",
    requiresArg: true,
    description: "Instead of handles: all messages that carry this key",
  },
} as const;
const HANDLES = {
  handle: { type: "string", array: true, description: "From the receipts, or from `delay list`" },
} as const;

/** What became of one message. */
interface Row {
  readonly handle: string;
  readonly topic: string | null;
  readonly deliverAt: Date | null;
  readonly answer: DueAnswer;
}

type Change = (producer: Producer, handle: string, options: CallOptions) => Promise<DueAnswer>;

/** A message that is pending, for scripts. */
function shown({ handle, deliverAt, message }: DelayedInfo): object {
  const { queueOffset: _, messageId: __, attempt: ___, ...rest } = messageJson(message);
  return { handle, deliverAt, ...rest };
}

function moment(option: string, text: string | undefined): Date | undefined {
  return text === undefined ? undefined : optionValue(option, () => parseMoment(text, systemClock.nowMs()));
}

function given<T extends object>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as never;
}

interface WhichArgs {
  readonly handle: string[] | undefined;
  readonly topic: string | undefined;
  readonly key: string | undefined;
}

/** The messages that are meant, as they are now: nothing is changed. */
async function which(
  { handle = [], topic, key }: WhichArgs,
  admin: Admin,
  call: CallOptions,
): Promise<Row[]> {
  const byKey = topic !== undefined && key !== undefined;
  if (byKey === handle.length > 0 || (topic === undefined) !== (key === undefined))
    throw new LogwheelError("BAD_REQUEST", "name delayed messages by their handles, or by --topic and --key");
  if (!byKey) return Promise.all(handle.map((each) => lookUp(each, admin, call)));
  const found = await admin.delayed.list({ topic, key, ...call }).toArray();
  return found.map((info) => ({
    handle: info.handle,
    topic: info.topic,
    deliverAt: info.deliverAt,
    answer: "done",
  }));
}

async function lookUp(handle: string, admin: Admin, call: CallOptions): Promise<Row> {
  try {
    const found: FoundMessage = await admin.messages.get(handle, call);
    const { topic, state, deliverAt = null } = found;
    const answer =
      state === "delayed"
        ? "done"
        : state === undefined || state === "delivered"
          ? "already-delivered"
          : "not-found";
    return { handle, topic, deliverAt, answer };
  } catch (thrown) {
    if (!LogwheelError.is(thrown, "MESSAGE_NOT_FOUND")) throw thrown;
    return { handle, topic: null, deliverAt: null, answer: "not-found" };
  }
}

/** Changes that are asked for at the same time. */
const CHANGES_AT_ONCE = 64;

/** Changes the messages, and shows what became of each. */
async function changeAll(
  args: WhichArgs & ClientArgs & { dryRun: boolean; yes: boolean; output: Format },
  terminal: Terminal,
  { question, change }: { question: string; change: Change },
): Promise<number> {
  return withClient(args, terminal, async (client) => {
    const call = callOptions(args, terminal);
    const rows = await which(args, client.admin, call);
    const pending = rows.filter(({ answer }) => answer === "done").length;
    if (!args.dryRun) {
      if (pending > 0)
        await confirm(
          terminal,
          args.yes,
          `${question} ${pending} delayed message${pending === 1 ? "" : "s"}?`,
        );
      const producer = client.producer();
      const changed = async (row: Row): Promise<Row> => ({
        ...row,
        answer: await change(producer, row.handle, call),
      });
      for (let at = 0; at < rows.length; at += CHANGES_AT_ONCE) {
        const some = rows.slice(at, at + CHANGES_AT_ONCE);
        rows.splice(at, some.length, ...(await Promise.all(some.map(changed))));
      }
    }
    await showRows(terminal, args.output, rows, {
      handle: (row) => row.handle,
      topic: (row) => row.topic,
      "deliver at": (row) => row.deliverAt,
      answer: (row) => row.answer,
    });
    return exitOf(rows);
  });
}

function exitOf(rows: readonly Row[]): number {
  if (rows.some(({ answer }) => answer === "already-delivered")) return EXIT.conflict;
  return rows.some(({ answer }) => answer === "not-found") ? EXIT.notFound : EXIT.ok;
}

/** `logwheel delay …`. */
export const verbs = [
  verb({
    command: ["list", "ls"],
    describe: "List messages that were not delivered yet, in the order of their times",
    options: {
      ...OPTIONS,
      ...TOPIC,
      key: { type: "string", requiresArg: true, description: "With --topic: only with this key" },
      from: { type: "string", requiresArg: true, description: `Due from ${MOMENT} on` },
      to: { type: "string", requiresArg: true, description: `Due before ${MOMENT}` },
      max: { type: "number", default: 64, requiresArg: true, description: "Messages at most" },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { topic, key } = args;
        const max = countOf("--max", args.max);
        const window = { from: moment("--from", args.from), to: moment("--to", args.to) };
        const found: DelayedInfo[] = [];
        let more = false;
        for await (const info of admin.delayed.list({
          ...callOptions(args, terminal),
          ...given({ topic, key, ...window }),
        })) {
          more = found.length === max;
          if (more) break;
          found.push(info);
        }
        if (args.output !== "table") await showRows(terminal, args.output, found.map(shown), {});
        else
          await showRows(terminal, "table", found, {
            "deliver at": (info) => info.deliverAt,
            handle: (info) => info.handle,
            topic: (info) => info.topic,
            queue: (info) => `${info.broker}/${info.queueId}`,
            keys: (info) => info.message.keys,
            body: ({ message }) => bodyText(message),
          });
        if (more) terminal.note(`there are more than ${max}: say --max`);
        return undefined;
      }),
  }),
  verb({
    command: "histogram",
    describe: "Count how many messages are due when",
    options: {
      ...OPTIONS,
      ...TOPIC,
      by: { choices: ["minute", "hour", "day"], default: "hour", description: "Width of a bucket" },
      from: { type: "string", requiresArg: true, description: `Begin at ${MOMENT}; now by default` },
      count: { type: "number", requiresArg: true, description: "Buckets; 60 minutes, 24 hours, 30 days" },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { topic, by } = args;
        const count = args.count === undefined ? undefined : countOf("--count", args.count);
        const histogram = await admin.delayed.histogram({
          ...callOptions(args, terminal),
          by: by as "minute" | "hour" | "day",
          ...given({ topic, from: moment("--from", args.from), count }),
        });
        await showOne(terminal, args.output, histogram);
        return undefined;
      }),
  }),
  verb({
    command: "cancel [handle...]",
    describe: "Cancel delayed messages; each answer is definite",
    positionals: HANDLES,
    options: { ...OPTIONS, ...DESTRUCTIVE_OPTIONS, ...WHICH },
    run: (args, terminal) =>
      changeAll(args, terminal, {
        question: "Cancel",
        change: (producer, handle, call) => producer.cancel(handle, call),
      }),
  }),
  verb({
    command: "reschedule [handle...]",
    describe: "Give delayed messages another time",
    positionals: HANDLES,
    options: { ...OPTIONS, ...DESTRUCTIVE_OPTIONS, ...WHICH, ...DUE_OPTIONS },
    run: async (args, terminal) => {
      const due = dueTimeOf(args);
      if (due === undefined)
        throw new LogwheelError("BAD_REQUEST", "say when: --delay, --deliver-at or --delay-level");
      return changeAll(args, terminal, {
        question: "Reschedule",
        change: (producer, handle, call) => producer.reschedule(handle, due, call),
      });
    },
  }),
  verb({
    command: "deliver-now [handle...]",
    describe: "Deliver delayed messages at once",
    positionals: HANDLES,
    options: { ...OPTIONS, ...DESTRUCTIVE_OPTIONS, ...WHICH },
    run: (args, terminal) =>
      changeAll(args, terminal, {
        question: "Deliver now",
        change: (producer, handle, call) => producer.deliverNow(handle, call),
      }),
  }),
];
