import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { RecallMessageRequest__Output } from "../../proto/gen/apache/rocketmq/v2/RecallMessageRequest.js";
import type { RecallMessageResponse } from "../../proto/gen/apache/rocketmq/v2/RecallMessageResponse.js";
import { DelayedChange } from "../../proto/gen/logwheel/v1/DelayedChange.js";
import { DueAnswer } from "../../proto/gen/logwheel/v1/DueAnswer.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import type { BrokerChannels } from "./brokers.js";
import { nameOf, topicRefusal } from "./names.js";
import { readRecallHandle } from "./recall-handle.js";
import { OK, refusal, statusOf } from "./status.js";
import type { TopicRoutes } from "./topic-routes.js";

const RECALL_MS = 10_000;

/** Takes back a delayed message before it is delivered. */
export async function recall(
  { routes, brokers }: { readonly routes: TopicRoutes; readonly brokers: BrokerChannels },
  request: RecallMessageRequest__Output,
  namespace: string,
): Promise<RecallMessageResponse> {
  const topic = nameOf(request.topic, namespace);
  const wrong = topicRefusal(topic);
  if (wrong !== undefined) return { status: wrong };
  const handle = readRecallHandle(request.recallHandle);
  const place = handle && parseMessageId(handle.id);
  if (handle === undefined || place === undefined)
    return { status: refusal(Code.BAD_REQUEST, "the recall handle is not one of this cluster's") };
  try {
    const share = (await routes.of(topic)).find(({ broker }) => broker === place.broker);
    if (share === undefined)
      return { status: refusal(Code.TOPIC_NOT_FOUND, `broker ${place.broker} does not have topic ${topic}`) };
    const change = { handle: handle.id, change: DelayedChange.DELAYED_CHANGE_CANCEL } as const;
    const { answer } = await brokers
      .at(share.address)
      .unary(BROKER.changeDelayed, change, { timeoutMs: RECALL_MS });
    if (answer === DueAnswer.DUE_ANSWER_DONE) return { status: OK, messageId: handle.messageId };
    const why = answer === DueAnswer.DUE_ANSWER_ALREADY_DELIVERED ? "was delivered already" : "is not there";
    return { status: refusal(Code.INTERNAL_SERVER_ERROR, `the message ${why}: it cannot be recalled`) };
  } catch (thrown) {
    return { status: statusOf(LogwheelError.from(thrown)) };
  }
}
