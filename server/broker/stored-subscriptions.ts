import type { StoredSubscription } from "../store/state.js";
import { subscriptionBytes } from "../store/weights.js";
import { type MessageFilter, parseFilter } from "./filter.js";
import type { Mode, Subscriptions } from "./subscription.js";

/** What a group's subscriptions may take in the log; more than that is not kept. */
const BYTES_MAX = 16 << 10;

/** What is kept of what a group's members want, for the time without them. In broadcast mode nothing waits for the group. */
export function storedSubscriptions(mode: Mode, subscriptions: Subscriptions): StoredSubscription[] {
  if (mode === "broadcast") return [];
  const stored = [...subscriptions.values()].map(({ topic, filter: { kind, expression } }) =>
    kind === "tags" ? { topic, tags: expression } : { topic, sql: expression },
  );
  return subscriptionBytes(stored) > BYTES_MAX ? [] : stored.sort((a, b) => (a.topic < b.topic ? -1 : 1));
}

/** Whether both are the same. */
export function sameStored(
  one: readonly StoredSubscription[] = [],
  other: readonly StoredSubscription[],
): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What is wanted of its topic. */
export function filterOf({ tags = "", sql = "" }: StoredSubscription): MessageFilter {
  return parseFilter({ tags, sql });
}
