import type { RocketmqAnswer } from "../index.js";
import { CLIENT_OPTIONS, callOptions, withClient } from "./connection.js";
import { EXIT } from "./exit-code.js";
import { countOf } from "./option-value.js";
import { OUTPUT_OPTION, printable, showOne, showRows } from "./output.js";
import { verb } from "./verb.js";

const OPTIONS = { ...CLIENT_OPTIONS, ...OUTPUT_OPTION } as const;
const ID = {
  id: { type: "string", demandOption: true, description: "Id of the client, see `rocketmq clients`" },
} as const;
const COMMAND = {
  ...OPTIONS,
  broker: {
    type: "string",
    requiresArg: true,
    description: "By the client's telemetry stream to this broker; else by any",
  },
} as const;

/** How a client of RocketMQ is reached. */
function wayOf(
  args: Parameters<typeof callOptions>[0] & { readonly broker: string | undefined },
  terminal: Parameters<typeof callOptions>[1],
) {
  return { ...callOptions(args, terminal), ...(args.broker === undefined ? {} : { broker: args.broker }) };
}

/** What is not there is shown as such. */
function shown({ id, broker, status, message }: RocketmqAnswer) {
  return { id, broker, status: status ?? null, message: message ?? null };
}

/** `logwheel rocketmq …`. */
export const verbs = [
  verb({
    command: "clients",
    describe: "List clients of RocketMQ 5, once for each broker that knows them",
    options: {
      ...OPTIONS,
      group: { type: "string", requiresArg: true, description: "Only consumers of this group" },
      max: {
        type: "number",
        default: 1_024,
        requiresArg: true,
        description: "Of one broker, at most so many",
      },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { clients, more } = await admin.rocketmq.list({
          ...callOptions(args, terminal),
          ...(args.group === undefined ? {} : { group: args.group }),
          max: countOf("--max", args.max),
        });
        const rows = clients.map(({ type, language, version, host, group, ...rest }) => ({
          ...rest,
          type: type ?? null,
          language: language ?? null,
          version: version ?? null,
          host: host ?? null,
          group: group ?? null,
        }));
        await showRows(terminal, args.output, rows, {
          "client id": (client) => client.id,
          broker: (client) => client.broker,
          type: (client) => client.type,
          language: (client) => client.language,
          version: (client) => client.version,
          group: (client) => client.group,
          topics: (client) => client.topics,
          telemetry: (client) => (client.telemetry ? "open" : "none"),
        });
        if (more)
          terminal.note("a broker has more than it listed: say --group, or a larger --max, up to 1,024");
        return undefined;
      }),
  }),
  verb({
    command: "trace <id>",
    describe: "Have a client say what its threads do; exit code 1 if it cannot",
    positionals: ID,
    options: COMMAND,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const answer = await admin.rocketmq.stackTrace(args.id, wayOf(args, terminal));
        const stackTrace = answer.stackTrace ?? null;
        if (args.output !== "table") await showOne(terminal, args.output, { ...shown(answer), stackTrace });
        else if (stackTrace === null) await showOne(terminal, "table", shown(answer));
        else
          for (const line of stackTrace.trimEnd().split(/\r?\n/))
            await terminal.out(printable(line.replaceAll("\t", "    ")));
        return stackTrace === null ? EXIT.failure : EXIT.ok;
      }),
  }),
  verb({
    command: "verify <id>",
    describe:
      "Have a consumer consume a stored message once, outside of its group; exit code 1 unless it answers OK",
    positionals: ID,
    options: {
      ...COMMAND,
      topic: { type: "string", demandOption: true, requiresArg: true, description: "The message's topic" },
      message: { type: "string", demandOption: true, requiresArg: true, description: "Message id" },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const message = { topic: args.topic, messageId: args.message };
        const answer = await admin.rocketmq.verify(args.id, message, wayOf(args, terminal));
        await showOne(terminal, args.output, shown(answer));
        return answer.status === "OK" ? EXIT.ok : EXIT.failure;
      }),
  }),
  verb({
    command: "reconnect <id>",
    describe: "Tell a client to connect to a broker again; no client answers that",
    positionals: ID,
    options: COMMAND,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        await showOne(terminal, args.output, await admin.rocketmq.reconnect(args.id, wayOf(args, terminal)));
        return undefined;
      }),
  }),
];
