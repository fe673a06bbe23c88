import type { CursorState } from "./cursor-state.js";
import type { StoredSubscription } from "./state.js";

/** Digits of a number below 2^53, and what stands behind it. */
const NUMBER = 18;

/** Bytes, at most, that a topic takes in a snapshot. */
export function topicWeight(topic: { name: string; attributes: object; queues: { length: number } }): number {
  const attributes = Buffer.byteLength(JSON.stringify(topic.attributes));
  return 200 + topic.name.length + attributes + topic.queues.length * NUMBER;
}

/** Bytes, at most, that a group takes in a snapshot without its cursors. */
export function groupWeight(group: {
  name: string;
  retryDelaysMs?: readonly number[];
  subscriptions?: readonly StoredSubscription[];
  attributes?: object;
}): number {
  const { name, retryDelaysMs = [], subscriptions, attributes } = group;
  const more = attributes === undefined ? 0 : 16 + Buffer.byteLength(JSON.stringify(attributes));
  const wanted = subscriptions === undefined ? 0 : 18 + subscriptionBytes(subscriptions);
  return 140 + name.length + retryDelaysMs.length * NUMBER + wanted + more;
}

/** Bytes that subscriptions take in a snapshot. */
export function subscriptionBytes(subscriptions: readonly StoredSubscription[]): number {
  return Buffer.byteLength(JSON.stringify(subscriptions));
}

/** Bytes that a cursor takes in a snapshot: its floor in a run of them, and what it has besides. */
export function cursorWeight({ acked, retries }: CursorState): number {
  return 2 * NUMBER + 4 + acked.length * 2 * NUMBER + retries.length * 3 * NUMBER;
}

/** The same of what is remembered of a producer. */
export function producerWeight({ pairs, ordered }: { pairs: number; ordered: number }): number {
  return 100 + (pairs + ordered) * 2 * NUMBER;
}

/**
 * What each of several may take so that all together take no more than `max`: the small ones all that they want, the
 * large ones equal shares of the rest.
 */
export function fairShare(wanted: readonly number[], max: number): number {
  let left = max;
  let count = wanted.length;
  for (const want of [...wanted].sort((a, b) => a - b)) {
    if (want > left / count) return Math.floor(left / count);
    left -= want;
    count--;
  }
  return Number.POSITIVE_INFINITY;
}
