import { inspect } from "node:util";
import { From as WireFrom } from "../../proto/gen/logwheel/v1/From.js";
import type { Hello } from "../../proto/gen/logwheel/v1/Hello.js";
import { Mode } from "../../proto/gen/logwheel/v1/Mode.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkGroupName, checkTopicName, LEASE_MS_MAX } from "../../proto/kernel/limits.js";
import type { Amount } from "./credit.js";
import type { MemberOptions } from "./member-options.js";
import type { Topic } from "./topic.js";
import type { ConsumeMode, Filter, From } from "./types.js";

const PREFETCH_MESSAGES = 1_024;
const PREFETCH_BYTES = 64 << 20;
/** In shared mode a message that waits here is one that no other member has. */
const SHARED_PREFETCH_PER_HANDLER = 4;
const LEASE_MS = 30_000;
const LEASE_MS_MIN = 1_000;

/** `Mode` of the wire. */
const MODE_NUMBER = {
  concurrent: Mode.MODE_CONCURRENT,
  ordered: Mode.MODE_ORDERED,
  shared: Mode.MODE_SHARED,
  broadcast: Mode.MODE_BROADCAST,
} as const satisfies Record<ConsumeMode, number>;

/** What a consumer asks for, as its options give it. */
export interface ConsumeWishes {
  readonly group: string;
  readonly mode?: ConsumeMode | undefined;
  readonly filter?: Filter | undefined;
  readonly from?: From | undefined;
  readonly leaseMs?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly prefetch?: { readonly messages?: number; readonly bytes?: number } | undefined;
}

/** Which messages a request asks for. */
export interface WireFilter {
  readonly tags: string;
  readonly sql: string;
}

/** Topics by name. Throws BAD_REQUEST for none, or two with one name. */
export function topicsByName<T>(topics: Topic<T> | readonly Topic<T>[]): ReadonlyMap<string, Topic<T>> {
  const list = Array.isArray(topics) ? (topics as readonly Topic<T>[]) : [topics as Topic<T>];
  for (const topic of list) checkTopicName(topic?.name);
  const byName = new Map(list.map((topic) => [topic.name, topic]));
  if (list.length === 0 || byName.size < list.length)
    throw new LogwheelError("BAD_REQUEST", "a consumer has at least one topic, and each once");
  return byName;
}

/** What the membership on every broker says and takes. Throws BAD_REQUEST for wishes that make no sense. */
export function memberOptions(topics: Iterable<string>, wishes: ConsumeWishes, host: string): MemberOptions {
  checkGroupName(wishes.group);
  const { group, mode = "concurrent" } = wishes;
  if (!Object.hasOwn(MODE_NUMBER, mode))
    throw new LogwheelError(
      "BAD_REQUEST",
      `mode is ${JSON.stringify(mode)}; it is one of ${Object.keys(MODE_NUMBER).join(", ")}`,
    );
  const leaseMs = leaseTime("leaseMs", wishes.leaseMs ?? LEASE_MS, LEASE_MS_MIN);
  const filter = filterOf(wishes.filter);
  const hello: Hello = {
    group,
    mode: MODE_NUMBER[mode],
    subscriptions: [...topics].map((topic) => ({ topic, ...filter })),
    ...fromOf(wishes.from ?? "latest"),
    leaseMs: mode === "shared" ? leaseMs : 0,
    host,
    processId: process.pid,
  };
  return { group, mode, hello, leaseMs, keepsLeases: mode === "shared", limit: limitOf(mode, wishes) };
}

/** A filter as requests carry it; both parts empty stand for all. Throws FILTER_INVALID for one that says nothing, or two things. */
export function filterOf({ tags, sql }: Partial<Filter> = {}): WireFilter {
  if (tags !== undefined && sql !== undefined)
    throw new LogwheelError("FILTER_INVALID", "a filter has tags or sql, not both: SQL can ask for tags too");
  if ((tags !== undefined && !Array.isArray(tags)) || (sql !== undefined && typeof sql !== "string"))
    throw new LogwheelError("FILTER_INVALID", "a filter has tags, a list of texts, or sql, a text");
  if (tags?.length === 0 || sql?.trim() === "")
    throw new LogwheelError("FILTER_INVALID", "the filter is empty: leave it out to get everything");
  return { tags: tags?.join(" || ") ?? "", sql: sql ?? "" };
}

/** Throws BAD_REQUEST unless `value` is a number from `least` on. */
export function atLeast(name: string, value: number, least: number): number {
  if (typeof value === "number" && value >= least) return value;
  throw new LogwheelError("BAD_REQUEST", `${name} is ${inspect(value)}; it must be at least ${least}`);
}

/** How long a message belongs to a member: whole milliseconds. Throws BAD_REQUEST for less than `least` and more than brokers grant. */
export function leaseTime(name: string, ms: number, least: number): number {
  if (ms <= LEASE_MS_MAX) return Math.ceil(atLeast(name, ms, least));
  throw new LogwheelError(
    "BAD_REQUEST",
    `${name} is ${inspect(ms)}; it must be ${least} to ${LEASE_MS_MAX} (12 hours)`,
  );
}

function limitOf(mode: ConsumeMode, { prefetch, concurrency = 1 }: ConsumeWishes): Amount {
  const usual = mode === "shared" ? SHARED_PREFETCH_PER_HANDLER * concurrency : PREFETCH_MESSAGES;
  return {
    messages: Math.floor(atLeast("prefetch.messages", prefetch?.messages ?? usual, 1)),
    bytes: Math.floor(atLeast("prefetch.bytes", prefetch?.bytes ?? PREFETCH_BYTES, 1)),
  };
}

function fromOf(from: From): Pick<Hello, "from" | "fromMs"> {
  if (from === "latest") return { from: WireFrom.FROM_LATEST, fromMs: 0 };
  if (from === "earliest") return { from: WireFrom.FROM_EARLIEST, fromMs: 0 };
  const fromMs = from?.timestamp instanceof Date ? from.timestamp.getTime() : Number.NaN;
  if (Number.isNaN(fromMs))
    throw new LogwheelError(
      "BAD_REQUEST",
      `from is ${inspect(from)}; it is "latest", "earliest" or { timestamp: Date }`,
    );
  // Whatever lies before 1970 is the beginning.
  return { from: WireFrom.FROM_TIME, fromMs: Math.max(0, fromMs) };
}
