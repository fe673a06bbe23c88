import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { MessageQueue__Output } from "../../proto/gen/apache/rocketmq/v2/MessageQueue.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import { nameOf, topicRefusal } from "./names.js";
import { noRoute } from "./sends.js";
import { refusal } from "./status.js";
import type { TopicRoutes, TopicShare } from "./topic-routes.js";

/** One queue of a topic on one broker. */
export interface QueuePlace {
  readonly topic: string;
  readonly broker: string;
  readonly address: string;
  readonly queueId: number;
}

/** A topic's queues on the broker that a client names; without a name on the first one. Otherwise why there is none. */
export async function shareOf(
  routes: TopicRoutes,
  topic: string,
  broker: string | undefined,
): Promise<TopicShare | Status> {
  const shares = await routes.of(topic);
  const share = broker ? shares.find((each) => each.broker === broker) : shares[0];
  if (share !== undefined) return share;
  if (shares.length === 0) return noRoute(topic);
  return refusal(Code.TOPIC_NOT_FOUND, `broker ${broker} does not have topic ${topic}`);
}

/** Where the queue is that a client names, or why there is none. Its broker may be missing where only one has the topic. */
export async function queuePlace(
  routes: TopicRoutes,
  queue: MessageQueue__Output | null,
  namespace: string,
): Promise<QueuePlace | Status> {
  const topic = nameOf(queue?.topic, namespace);
  const wrong = topicRefusal(topic);
  if (wrong !== undefined) return wrong;
  const { id: queueId = 0, broker: named } = queue ?? {};
  const found = await shareOf(routes, topic, named?.name);
  if (isStatus(found)) return found;
  const { broker, address, topic: has } = found;
  if (!named?.name && (await routes.of(topic)).length > 1)
    return refusal(Code.BAD_REQUEST, `several brokers have topic ${topic}: name the one of the queue`);
  if (queueId < 0 || queueId >= has.queues)
    return refusal(
      Code.BAD_REQUEST,
      `topic ${topic} has no queue ${queueId} on broker ${broker}: it has ${has.queues}, numbered from 0`,
    );
  return { topic, broker, address, queueId };
}

/** Whether what was looked for is a refusal. */
export function isStatus(found: object): found is Status {
  return "code" in found;
}
