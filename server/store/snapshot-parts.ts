import type { TopicConfig, TopicState } from "./queue.js";
import type { GroupState } from "./state.js";
import { subscriptionBytes } from "./weights.js";

/** A topic's or group's fixed fields and attributes, in numbers of ten digits that would take as much room. */
export const TOPIC_WEIGHT = 64;

/** Numbers in one part: 16 bytes each at most, with commas and brackets. */
export const PART_WEIGHT = 32_768;

/** Items in parts of about PART_WEIGHT each. */
export function parts<T>(items: Iterable<T>, weigh: (item: T) => number): T[][] {
  const all: T[][] = [];
  let part: T[] = [];
  let weight = PART_WEIGHT;
  for (const item of items) {
    if (weight >= PART_WEIGHT) {
      part = [];
      all.push(part);
      weight = 0;
    }
    part.push(item);
    weight += weigh(item);
  }
  return all;
}

/** What a group weighs in a part: what its members wanted may take more than the rest of it. */
export function groupPart({ subscriptions = [] }: Pick<GroupState, "subscriptions">): number {
  return TOPIC_WEIGHT + subscriptionBytes(subscriptions) / 16;
}

/** A topic in a snapshot. */
export type TopicJson = TopicConfig & { readonly next: number[]; readonly ownTtl?: boolean };

/** Field by field: ten thousand of them are made while everything waits. */
export function topicJson(topic: TopicState): TopicJson {
  return {
    number: topic.number,
    name: topic.name,
    type: topic.type,
    permission: topic.permission,
    retentionMs: topic.retentionMs,
    ...(topic.ttlMs ? { ttlMs: topic.ttlMs } : undefined),
    ...(topic.expired ? { expired: topic.expired } : undefined),
    attributes: topic.attributes,
    createdAtMs: topic.createdAtMs,
    ...(topic.ownTtl ? { ownTtl: true } : undefined),
    next: topic.queues.map((queue) => queue.nextOffset),
  };
}
