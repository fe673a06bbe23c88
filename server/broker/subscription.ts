import type { Subscription__Output } from "../../proto/gen/logwheel/v1/Subscription.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkTopicName } from "../../proto/kernel/limits.js";
import { type MessageFilter, parseFilter } from "./filter.js";

/** How a group's members take messages; the place of each is its number in `Mode` of message.proto. */
export const MODES = ["concurrent", "ordered", "shared", "broadcast"] as const;

export type Mode = (typeof MODES)[number];

/** What a member wants of one topic. */
export interface Subscription {
  readonly topic: string;
  readonly filter: MessageFilter;
  /** Queue ids of a fixed assignment; undefined for any. */
  readonly queues: ReadonlySet<number> | undefined;
}

/** What a member wants: by topic. */
export type Subscriptions = ReadonlyMap<string, Subscription>;

/** Reads what a member asks for, up to so many topics; BAD_REQUEST or FILTER_INVALID says what is wrong with it. */
export function parseSubscriptions(
  asked: readonly Subscription__Output[],
  subscriptionsMax: number,
): Subscriptions {
  if (asked.length === 0) throw new LogwheelError("BAD_REQUEST", "the member subscribes to no topic");
  if (asked.length > subscriptionsMax)
    throw new LogwheelError(
      "BAD_REQUEST",
      `the member subscribes to ${asked.length} topics; ${subscriptionsMax} are allowed`,
    );
  const subscriptions = new Map<string, Subscription>();
  for (const { topic, tags, sql, queues } of asked) {
    checkTopicName(topic);
    if (subscriptions.has(topic))
      throw new LogwheelError("BAD_REQUEST", `the member subscribes to topic ${topic} twice`);
    const filter = parseFilter({ tags, sql });
    subscriptions.set(topic, { topic, filter, queues: queues.length === 0 ? undefined : new Set(queues) });
  }
  return subscriptions;
}

/** A member's subscriptions for people: `topic: tags` or `topic: SQL condition` each. */
export function showSubscriptions(subscriptions: Subscriptions): string[] {
  return [...subscriptions.values()].map(({ topic, filter }) => `${topic}: ${show(filter)}`).sort();
}

function show({ kind, expression }: MessageFilter): string {
  return kind === "tags" ? expression : `${kind} ${expression}`;
}

/**
 * How what a new member wants differs from what the group's members do, in words; undefined if it does not. Queue lists
 * may differ: dividing queues is what they are for.
 */
export function difference(
  group: { readonly mode: Mode; readonly subscriptions: Subscriptions },
  member: { readonly mode: Mode; readonly subscriptions: Subscriptions },
): string | undefined {
  const parts: string[] = [];
  if (group.mode !== member.mode)
    parts.push(`the group consumes in mode ${group.mode}, this member in mode ${member.mode}`);
  for (const [topic, { filter }] of group.subscriptions) {
    const other = member.subscriptions.get(topic);
    if (other === undefined) parts.push(`the group subscribes to topic ${topic}, this member does not`);
    else if (other.filter.expression !== filter.expression || other.filter.kind !== filter.kind)
      parts.push(`of topic ${topic} the group wants ${wish(filter)}, this member ${wish(other.filter)}`);
  }
  for (const topic of member.subscriptions.keys())
    if (!group.subscriptions.has(topic))
      parts.push(`this member subscribes to topic ${topic}, the group does not`);
  return parts.length === 0 ? undefined : parts.join("; ");
}

function wish({ kind, expression }: MessageFilter): string {
  return `${kind === "tags" ? "the tags" : "what in SQL is"} "${expression}"`;
}
