import { LogwheelError } from "../../proto/kernel/errors.js";
import type { TopicState } from "../store/queue.js";
import { PERMISSION } from "./topics.js";

/** FORBIDDEN unless messages may be put into the topic. */
export function checkWritable({ name, permission }: TopicState): void {
  if (permission === PERMISSION.readWrite || permission === PERMISSION.write) return;
  throw new LogwheelError(
    "FORBIDDEN",
    `topic ${name} takes no messages: its permission is read only or none`,
    { topic: name },
  );
}
