import type { Envelope } from "../../proto/kernel/envelope.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { TopicState } from "../store/queue.js";
import { TOPIC_TYPE } from "./topics.js";

/** MESSAGE_TYPE_MISMATCH unless messages like this one may go to the topic. `half`: it is part of a transaction. */
export function checkTopicType({ name, type }: TopicState, { keyHash, due }: Envelope, half: boolean): void {
  if (type === TOPIC_TYPE.mixed) return;
  const refuse = (why: string): never => {
    throw new LogwheelError("MESSAGE_TYPE_MISMATCH", `topic ${name} is of type ${why}`, { topic: name });
  };
  if (half && type !== TOPIC_TYPE.transaction)
    refuse(`${nameOf(type)}: it takes no half messages; make the topic of type transaction or mixed`);
  if (type === TOPIC_TYPE.transaction) {
    if (!half) refuse("transaction: its messages are sent in transactions");
    return;
  }
  if (type === TOPIC_TYPE.ordered && keyHash === 0) refuse("ordered: its messages need an ordering key");
  if (type === TOPIC_TYPE.delay && !due) refuse("delay: its messages need a delay or a time of delivery");
  if (type !== TOPIC_TYPE.normal) return;
  if (keyHash !== 0) refuse("normal: it takes no ordering key; make the topic ordered or mixed");
  if (due) refuse("normal: it takes no delayed messages; make the topic of type delay or mixed");
}

function nameOf(type: number): string {
  return Object.entries(TOPIC_TYPE).find(([, value]) => value === type)?.[0] ?? String(type);
}
