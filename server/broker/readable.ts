import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Queue, TopicState } from "../store/queue.js";
import { PERMISSION, type Topics } from "./topics.js";

/** Whether the topic's permission allows reading. */
export function readable({ permission }: TopicState): boolean {
  return permission === PERMISSION.readWrite || permission === PERMISSION.read;
}

/** Throws FORBIDDEN unless the topic may be read. */
export function checkReadable(topic: TopicState): void {
  if (readable(topic)) return;
  throw new LogwheelError("FORBIDDEN", `topic ${topic.name} may not be read: its permission says so`, {
    topic: topic.name,
  });
}

/** A queue by name and number. TOPIC_NOT_FOUND, or BAD_REQUEST if the topic has no such queue. */
export function queueOf(topics: Topics, { topic, queueId }: { topic: string; queueId: number }): Queue {
  const { queues } = topics.get(topic);
  const queue = queues[queueId];
  if (queue !== undefined) return queue;
  throw new LogwheelError(
    "BAD_REQUEST",
    `topic ${topic} has no queue ${queueId} on this broker: it has ${queues.length}, numbered from 0`,
    { topic },
  );
}

/** The same, if it may be read; else FORBIDDEN. */
export function queueToRead(topics: Topics, name: { topic: string; queueId: number }): Queue {
  const queue = queueOf(topics, name);
  checkReadable(queue.topic);
  return queue;
}
