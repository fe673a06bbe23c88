import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseDuration } from "../../proto/kernel/quantity.js";
import type { TopicInfo } from "../index.js";
import { confirm, DESTRUCTIVE_OPTIONS } from "./confirm.js";
import { CLIENT_OPTIONS, callOptions, withClient } from "./connection.js";
import { countOf, optionValue } from "./option-value.js";
import { OUTPUT_OPTION, showOne, showRows } from "./output.js";
import { pairs } from "./pairs.js";
import { verb } from "./verb.js";

const NAME = { name: { type: "string", demandOption: true, description: "Name of the topic" } } as const;
const OPTIONS = { ...CLIENT_OPTIONS, ...OUTPUT_OPTION } as const;
const PERMISSIONS = ["read-write", "read", "write", "none"] as const;

const SETTINGS = {
  queues: {
    alias: "q",
    type: "number",
    requiresArg: true,
    description: "Queues in all, spread over the brokers",
  },
  permission: { choices: PERMISSIONS, description: "What clients may do" },
  retention: {
    type: "string",
    requiresArg: true,
    description: "How long messages are kept, for example 12h or 7d; 0 for each broker's own",
  },
  ttl: {
    type: "string",
    requiresArg: true,
    description: "So long after they were stored messages expire, for example 60s; 0 for never",
  },
  expired: {
    choices: ["dead-letter", "drop"],
    description: "What becomes of an expired message that a group would have had",
  },
  attribute: {
    type: "string",
    array: true,
    requiresArg: true,
    description: "NAME=VALUE; several times for several",
  },
} as const;

/** Retention and expiry, as far as they are given. */
function timesOf(args: {
  readonly retention: string | undefined;
  readonly ttl: string | undefined;
  readonly expired: "dead-letter" | "drop" | undefined;
}) {
  const { retention, ttl, expired } = args;
  return {
    ...(retention === undefined
      ? {}
      : { retentionMs: optionValue("--retention", () => parseDuration(retention)) }),
    ...(ttl === undefined ? {} : { ttlMs: optionValue("--ttl", () => parseDuration(ttl)) }),
    ...(expired === undefined ? {} : { expired }),
  };
}

function brokersOf({ brokers }: TopicInfo): string[] {
  return brokers.map(({ broker, queues }) => `${broker}:${queues}`);
}

/** `logwheel topic …`. */
export const verbs = [
  verb({
    command: "create <name>",
    describe: "Make a topic on all brokers; it can be used when this returns",
    positionals: NAME,
    options: {
      ...OPTIONS,
      ...SETTINGS,
      type: {
        alias: "t",
        choices: ["normal", "ordered", "delay", "transaction", "mixed"],
        default: "normal",
        description: "What it accepts",
      },
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { name, type, queues, permission, attribute } = args;
        const settings = {
          type,
          ...(queues === undefined ? {} : { queues: countOf("--queues", queues) }),
          ...(permission === undefined ? {} : { permission }),
          ...timesOf(args),
          ...(attribute === undefined ? {} : { attributes: pairs("--attribute", attribute) }),
        };
        await showOne(
          terminal,
          args.output,
          await admin.topics.create(name, settings, callOptions(args, terminal)),
        );
        return undefined;
      }),
  }),
  verb({
    command: ["list", "ls"],
    describe: "List topics",
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const topics = await admin.topics.list(callOptions(args, terminal)).toArray();
        await showRows(terminal, args.output, topics, {
          name: (topic) => topic.name,
          type: (topic) => topic.type,
          permission: (topic) => topic.permission,
          queues: (topic) => topic.queues,
          brokers: brokersOf,
        });
        return undefined;
      }),
  }),
  verb({
    command: "describe <name>",
    describe: "Show a topic with its queues",
    positionals: NAME,
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        await showOne(
          terminal,
          args.output,
          await admin.topics.describe(args.name, callOptions(args, terminal)),
        );
        return undefined;
      }),
  }),
  verb({
    command: "update <name>",
    describe: "Change a topic; queues may grow, never shrink",
    positionals: NAME,
    options: {
      ...OPTIONS,
      ...SETTINGS,
      "remove-attribute": {
        type: "string",
        array: true,
        requiresArg: true,
        description: "Name of an attribute to drop",
      },
      broker: {
        type: "string",
        requiresArg: true,
        description: "One broker's share only, for example to retire the broker",
      },
      "dry-run": DESTRUCTIVE_OPTIONS["dry-run"],
    },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const { name, queues, permission, attribute, removeAttribute, broker, dryRun } = args;
        const changed = await admin.topics.update(name, {
          ...callOptions(args, terminal),
          dryRun,
          ...(queues === undefined ? {} : { queues: countOf("--queues", queues) }),
          ...(permission === undefined ? {} : { permission }),
          ...timesOf(args),
          ...(attribute === undefined ? {} : { setAttributes: pairs("--attribute", attribute) }),
          ...(removeAttribute === undefined ? {} : { removeAttributes: removeAttribute }),
          ...(broker === undefined ? {} : { broker }),
        });
        await showOne(terminal, args.output, changed);
        return undefined;
      }),
  }),
  verb({
    command: ["delete <name>", "rm"],
    describe: "Delete a topic with all its messages",
    positionals: NAME,
    options: { ...OPTIONS, ...DESTRUCTIVE_OPTIONS },
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const options = callOptions(args, terminal);
        const would = await admin.topics.delete(args.name, { ...options, dryRun: true });
        if (args.dryRun) {
          await showOne(terminal, args.output, { topic: args.name, deleted: false, ...would });
          return undefined;
        }
        const positions = would.groups.length === 0 ? "" : ` and the positions of ${would.groups.join(", ")}`;
        await confirm(terminal, args.yes, `Delete ${args.name} with ${would.messages} messages${positions}?`);
        const done = await admin.topics.delete(args.name, options);
        await showOne(terminal, args.output, { topic: args.name, deleted: true, ...done });
        return undefined;
      }),
  }),
  verb({
    command: "route <name>",
    describe: "Show which brokers have a topic, as clients see it",
    positionals: NAME,
    options: OPTIONS,
    run: (args, terminal) =>
      withClient(args, terminal, async ({ admin }) => {
        const topics = await admin.topics.list(callOptions(args, terminal)).toArray();
        const found = topics.find((topic) => topic.name === args.name);
        if (found === undefined)
          throw new LogwheelError("TOPIC_NOT_FOUND", `no broker has a topic ${args.name}`);
        await showRows(terminal, args.output, found.brokers, {
          broker: (share) => share.broker,
          queues: (share) => share.queues,
        });
        return undefined;
      }),
  }),
];
