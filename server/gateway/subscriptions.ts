import type { FilterExpression__Output } from "../../proto/gen/apache/rocketmq/v2/FilterExpression.js";
import { FilterType } from "../../proto/gen/apache/rocketmq/v2/FilterType.js";
import type { Settings__Output } from "../../proto/gen/apache/rocketmq/v2/Settings.js";
import { nameOf } from "./names.js";

/** What a client wants of a topic. */
export interface Wanted {
  readonly topic: string;
  readonly tags: string;
  readonly sql: string;
}

/** The filter of a call, or of settings; none is for everything. */
export function subscriptionOf(topic: string, filter: FilterExpression__Output | null): Wanted {
  const expression = filter?.expression ?? "";
  if (filter?.type === FilterType.SQL) return { topic, tags: "", sql: expression };
  return { topic, tags: expression === "" ? "*" : expression, sql: "" };
}

/** What a client has told that it wants; some tell nothing and say it with each call. */
export function toldSubscriptions(settings: Settings__Output | undefined, namespace: string): Wanted[] {
  return (settings?.subscription?.subscriptions ?? []).map((each) =>
    subscriptionOf(nameOf(each.topic, namespace), each.expression),
  );
}
