import { systemClock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseDuration } from "../../proto/kernel/quantity.js";
import type { Filter, Message, MessagePlace } from "../index.js";
import { CLIENT_OPTIONS, callOptions, withClient } from "./connection.js";
import { DUE_OPTIONS, dueOf } from "./due-options.js";
import { bodyText, messageJson } from "./message-json.js";
import { parsePlace } from "./moment.js";
import { countOf, optionValue } from "./option-value.js";
import { OUTPUT_OPTION, printable, showOne, showRows, showStream } from "./output.js";
import { pairs } from "./pairs.js";
import { sendAll } from "./send.js";
import type { Terminal } from "./terminal.js";
import { verb } from "./verb.js";

const OPTIONS = { ...CLIENT_OPTIONS, ...OUTPUT_OPTION } as const;
const TOPIC = {
  topic: { type: "string", demandOption: true, requiresArg: true, description: "The topic" },
} as const;
const PLACE = {
  queue: { type: "number", requiresArg: true, description: "Queue id" },
  broker: {
    type: "string",
    requiresArg: true,
    description: "Broker of the queue, where several have the topic",
  },
} as const;

const COLUMNS = {
  "message id": (m: Message<Uint8Array>) => m.id,
  queue: (m: Message<Uint8Array>) => `${m.broker}/${m.queueId}`,
  offset: (m: Message<Uint8Array>) => m.queueOffset,
  stored: (m: Message<Uint8Array>) => m.storedAt,
  tag: (m: Message<Uint8Array>) => m.tag,
  keys: (m: Message<Uint8Array>) => m.keys,
  body: (m: Message<Uint8Array>) => bodyText(m),
};

/** One followed message, as a line. */
function tailLine(message: Message<Uint8Array>): string {
  const { storedAt, broker, queueId, queueOffset, tag } = message;
  const place = `${broker}/${queueId}/${queueOffset}`;
  return [
    storedAt.toISOString(),
    place,
    ...(tag === undefined ? [] : [printable(tag)]),
    printable(bodyText(message)),
  ].join("  ");
}

/** Whether an option without a default was given. */
function given<T>(name: string, value: T | undefined): Record<string, T> {
  return value === undefined ? {} : { [name]: value };
}

/** What was piped in; a message has a body, so an empty line is none. */
async function* inputLines(terminal: Terminal): AsyncGenerator<Uint8Array> {
  let empty = 0;
  for await (const line of terminal.lines())
    if (line.length === 0) empty++;
    else yield line;
  if (empty > 0) terminal.note(`empty lines left out: ${empty}; a message has a body`);
}

/** `logwheel message …`. */
export const verbs = [
  verb({
    command: "send [text...]",
    describe: "Send messages: each text, or each line of the input, is one",
    positionals: {
      text: { type: "string", array: true, description: "Bodies; without any the input is read" },
    },
    options: {
      ...OPTIONS,
      ...TOPIC,
      ...PLACE,
      tag: { type: "string", requiresArg: true, description: "For filters" },
      key: {
        type: "string",
        array: true,
        requiresArg: true,
        description: "For look-up; several times for several",
      },
      property: {
        type: "string",
        array: true,
        requiresArg: true,
        description: "NAME=VALUE; several times for several",
      },
      "ordering-key": {
        type: "string",
        requiresArg: true,
        description: "Messages of one key keep their order",
      },
      ttl: {
        type: "string",
        requiresArg: true,
        description: "So long after it was stored a message expires, for example 60s",
      },
      ...DUE_OPTIONS,
    },
    run: (args, terminal) =>
      withClient(args, terminal, async (client) => {
        const { text = [], tag, key, property, orderingKey, queue, broker, ttl } = args;
        const parts = {
          ...given("tag", tag),
          ...given("keys", key),
          ...given("orderingKey", orderingKey),
          ...given("queueId", queueOf(queue)),
          ...given("broker", broker),
          ...(ttl === undefined ? {} : { ttlMs: optionValue("--ttl", () => parseDuration(ttl)) }),
          ...dueOf(args),
          ...(property === undefined ? {} : { properties: pairs("--property", property) }),
        };
        const bodies = text.length > 0 ? text.map((body) => Buffer.from(String(body))) : inputLines(terminal);
        await sendAll({
          client,
          terminal,
          topic: args.topic,
          parts,
          bodies,
          output: args.output,
          call: callOptions(args, terminal),
        });
        return undefined;
      }),
  }),
  verb({
    command: "get [id]",
    describe: "Show one message, by its id or by topic, queue and offset",
    positionals: { id: { type: "string", description: "Message id" } },
    options: {
      ...OPTIONS,
      ...PLACE,
      topic: { type: "string", requiresArg: true, description: "The topic" },
      offset: { type: "number", requiresArg: true, description: "Offset in the queue" },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const found = await admin.messages.get(whichMessage(args), callOptions(args, terminal));
        const { state = null, deliverAt = null } = found;
        const later = state === null ? {} : { state, deliverAt };
        await showOne(terminal, args.output, { ...messageJson(found), ...later });
        return undefined;
      }),
  }),
  verb({
    command: "find",
    describe: "Find messages by a key, newest first",
    options: {
      ...OPTIONS,
      ...TOPIC,
      key: { type: "string", demandOption: true, requiresArg: true, description: "The key" },
      max: { type: "number", default: 64, requiresArg: true, description: "Messages at most" },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { topic, key, max } = args;
        const { messages, more } = await admin.messages.query({
          ...callOptions(args, terminal),
          topic,
          key,
          max: countOf("--max", max),
        });
        if (args.output === "table") await showRows(terminal, "table", messages, COLUMNS);
        else await showRows(terminal, args.output, messages.map(messageJson), {});
        if (more) terminal.note(`there are more than ${messages.length}: say --max`);
        return undefined;
      }),
  }),
  verb({
    command: "tail <topic>",
    describe: "Follow a topic, outside of any group, until Ctrl-C",
    positionals: { topic: { type: "string", demandOption: true, description: "The topic" } },
    options: {
      ...OPTIONS,
      ...PLACE,
      from: {
        type: "string",
        default: "latest",
        requiresArg: true,
        description: "earliest, latest, an offset, or a time such as 2026-11-21T09:30:00Z or -1h",
      },
      tags: { type: "string", requiresArg: true, description: "Only these tags, with commas between" },
      sql: {
        type: "string",
        requiresArg: true,
        description: "Only where this is true, such as \"price > 10 AND region = 'eu'\" (docs/filters.md)",
      },
      max: { type: "number", requiresArg: true, description: "Stop after so many messages" },
      end: { type: "boolean", default: false, description: "Stop at the end instead of waiting for more" },
    },
    run: (args, terminal) => tail(args, terminal),
  }),
];

function whichMessage(args: {
  readonly id: string | undefined;
  readonly topic: string | undefined;
  readonly queue: number | undefined;
  readonly offset: number | undefined;
  readonly broker: string | undefined;
}): string | MessagePlace {
  const { id, topic, offset, broker } = args;
  if (id !== undefined) return id;
  const queueId = queueOf(args.queue);
  if (topic !== undefined && queueId !== undefined && offset !== undefined)
    return { topic, queueId, offset: countOf("--offset", offset, 0), ...given("broker", broker) };
  throw new LogwheelError("BAD_REQUEST", "name a message by its id, or by --topic, --queue and --offset");
}

interface TailArgs {
  readonly namesrv: string | undefined;
  readonly timeout: string;
  readonly output: "table" | "json" | "jsonl";
  readonly topic: string;
  readonly from: string;
  readonly queue: number | undefined;
  readonly broker: string | undefined;
  readonly tags: string | undefined;
  readonly sql: string | undefined;
  readonly max: number | undefined;
  readonly end: boolean;
}

function tail(args: TailArgs, terminal: Terminal): Promise<undefined> {
  const from = optionValue("--from", () => parsePlace(args.from, systemClock.nowMs()));
  const queue = queueOf(args.queue);
  const max = args.max === undefined ? Number.POSITIVE_INFINITY : countOf("--max", args.max);
  return withClient(args, terminal, async (client) => {
    const { topic } = await import("../index.js");
    const { signal } = terminal;
    const reader = client.reader(topic(args.topic), {
      from,
      signal,
      ...given("queue", queue),
      ...given("broker", args.broker),
      ...given("filter", filterOf(args)),
      ...(args.end ? { until: "end" as const } : {}),
    });
    await showStream(terminal, args.output, firstOf(reader, max), {
      json: messageJson,
      table: tailLine,
    });
    return undefined;
  });
}

function filterOf({ tags, sql }: TailArgs): Filter | undefined {
  if (tags !== undefined && sql !== undefined)
    throw new LogwheelError("BAD_REQUEST", "say --tags or --sql, not both: SQL can ask for tags too");
  if (sql !== undefined) return { sql };
  return tags === undefined ? undefined : { tags: tags.split(",") };
}

async function* firstOf<T>(things: AsyncIterable<T>, max: number): AsyncGenerator<T> {
  let left = max;
  for await (const thing of things) {
    yield thing;
    if (--left === 0) return;
  }
}

function queueOf(queue: number | undefined): number | undefined {
  return queue === undefined ? undefined : countOf("--queue", queue, 0);
}
