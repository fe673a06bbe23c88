import { hostname, userInfo } from "node:os";
import type { OpenTransaction } from "../index.js";
import { confirm, DESTRUCTIVE_OPTIONS } from "./confirm.js";
import { CLIENT_OPTIONS, callOptions, withClient } from "./connection.js";
import { messageJson } from "./message-json.js";
import { countOf } from "./option-value.js";
import { OUTPUT_OPTION, showOne, showRows } from "./output.js";
import { verb } from "./verb.js";

const ID = {
  id: { type: "string", demandOption: true, description: "Message id of the transaction's first half" },
} as const;
const OPTIONS = { ...CLIENT_OPTIONS, ...OUTPUT_OPTION } as const;

/** With its first message as `message get` shows one. */
function shown({ first, ...transaction }: OpenTransaction): object {
  return { ...transaction, first: first === undefined ? null : messageJson(first) };
}

/** Who decides: for the broker's audit line. */
function somebody(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return hostname();
  }
}

function settling(decision: "commit" | "rollback", describe: string) {
  return verb({
    command: `${decision} <id>`,
    describe,
    positionals: ID,
    options: { ...OPTIONS, ...DESTRUCTIVE_OPTIONS },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const call = callOptions(args, terminal);
        if (!args.dryRun) {
          const { messages, topic, producerGroup } = await admin.transactions.get(args.id, call);
          const what = `${messages} message${messages === 1 ? "" : "s"} of ${producerGroup}, first on ${topic}`;
          const verbed = decision === "commit" ? "Commit" : "Roll back";
          await confirm(terminal, args.yes, `${verbed} transaction ${args.id} (${what})?`);
        }
        const options = { ...call, dryRun: args.dryRun, by: somebody() };
        await showOne(terminal, args.output, shown(await admin.transactions[decision](args.id, options)));
        return undefined;
      }),
  });
}

/** `logwheel tx …`. */
export const verbs = [
  verb({
    command: ["list", "ls"],
    describe: "List undecided transactions, oldest first",
    options: {
      ...OPTIONS,
      topic: { type: "string", requiresArg: true, description: "Only of this topic" },
      parked: {
        type: "boolean",
        default: false,
        description: "Only those that nobody is asked about any more",
      },
      max: { type: "number", default: 64, requiresArg: true, description: "At most so many" },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const found = await admin.transactions
          .list({
            ...callOptions(args, terminal),
            ...(args.topic === undefined ? {} : { topic: args.topic }),
            parked: args.parked,
            max: countOf("--max", args.max),
          })
          .toArray();
        await showRows(
          terminal,
          args.output,
          found.map(({ first: _, ...rest }) => rest),
          {
            id: (open) => open.id,
            topic: (open) => open.topic,
            group: (open) => open.producerGroup,
            messages: (open) => open.messages,
            began: (open) => open.beganAt.toISOString(),
            asked: (open) => open.timesAsked,
            "last asked": (open) => open.lastAsked ?? "",
            "next check": (open) => open.nextCheckAt?.toISOString() ?? "parked",
          },
        );
        return undefined;
      }),
  }),
  verb({
    command: "show <id>",
    describe: "Show a transaction and its first message",
    positionals: ID,
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        await showOne(
          terminal,
          args.output,
          shown(await admin.transactions.get(args.id, callOptions(args, terminal))),
        );
        return undefined;
      }),
  }),
  verb({
    command: "check <id>",
    describe: "Ask a live producer now how it ended",
    positionals: ID,
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { asked } = await admin.transactions.check(args.id, callOptions(args, terminal));
        await showOne(terminal, args.output, { id: args.id, asked: asked ?? null });
        if (asked === undefined) terminal.note("logwheel: no producer of its group is connected");
        return undefined;
      }),
  }),
  settling("commit", "Commit a transaction by hand"),
  settling("rollback", "Roll a transaction back by hand"),
];
