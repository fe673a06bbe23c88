import { Language } from "../../proto/gen/apache/rocketmq/v2/Language.js";
import type { RetryPolicy } from "../../proto/gen/apache/rocketmq/v2/RetryPolicy.js";
import type { Settings, Settings__Output } from "../../proto/gen/apache/rocketmq/v2/Settings.js";
import { durationOf } from "./time.js";

/** The language whose client only knows exponential waits of consumers. */
const { NODE_JS } = Language;

/** What a group is like, as far as its clients are told. */
export interface GroupRules {
  readonly ordered: boolean;
  readonly maxAttempts: number;
  /** Waits before the second, third, … delivery. */
  readonly retryDelaysMs: readonly number[];
}

/** What every client is told. */
export interface ServerRules {
  readonly bodyBytesMax: number;
}

const RECEIVE_BATCH = 32;
const LONG_POLL_MS = 20_000;
/** Lite topics are not there; some clients hang at a quota of 0 before they could be told. */
const LITE_QUOTA = 1;
const LITE_TOPIC_LENGTH = 64;

const PRODUCER_BACKOFF: RetryPolicy = {
  maxAttempts: 3,
  exponentialBackoff: { initial: durationOf(10), max: durationOf(1_000), multiplier: 2 },
};

/**
 * The answer to a client's settings: its own, with what the server decides in their places. The kind of a client is
 * echoed, because some stop at another one. `group` is that of a consumer;
 * without one it is a producer.
 */
export function settingsFor(
  theirs: Settings__Output,
  server: ServerRules,
  group: GroupRules | undefined,
): Settings {
  const { pubSub: _, publishing, subscription, ...echoed } = theirs;
  const metric = { on: false };
  if (subscription == null || group === undefined)
    return {
      ...echoed,
      metric,
      backoffPolicy: PRODUCER_BACKOFF,
      publishing: {
        topics: publishing?.topics ?? [],
        maxBodySize: server.bodyBytesMax,
        validateMessageType: true,
      },
    };
  return {
    ...echoed,
    metric,
    backoffPolicy: consumerBackoff(theirs, group),
    subscription: {
      group: subscription.group ?? null,
      subscriptions: subscription.subscriptions,
      fifo: group.ordered,
      receiveBatchSize: RECEIVE_BATCH,
      longPollingTimeout: durationOf(LONG_POLL_MS),
      liteSubscriptionQuota: LITE_QUOTA,
      maxLiteTopicSize: LITE_TOPIC_LENGTH,
    },
  };
}

/** The waits of the group, in the one form that the client's language reads. */
function consumerBackoff({ userAgent }: Settings__Output, group: GroupRules): RetryPolicy {
  const { maxAttempts, retryDelaysMs } = group;
  if (userAgent?.language !== NODE_JS)
    return { maxAttempts, customizedBackoff: { next: retryDelaysMs.map(durationOf) } };
  const [initial = 1_000] = retryDelaysMs;
  const max = Math.max(initial, ...retryDelaysMs);
  return {
    maxAttempts,
    exponentialBackoff: { initial: durationOf(initial), max: durationOf(max), multiplier: 2 },
  };
}
