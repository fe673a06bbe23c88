import type { FilterExpression__Output } from "../../proto/gen/apache/rocketmq/v2/FilterExpression.js";
import { FilterType } from "../../proto/gen/apache/rocketmq/v2/FilterType.js";

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
