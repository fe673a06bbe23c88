import { Code, type Code__Output } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { Status__Output as Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";

export const OK: Status = { code: Code.OK, message: "OK" };

export const NO_LITE: Status = refusal(
  Code.NOT_IMPLEMENTED,
  "lite topics are not there: use a topic of another type",
);

/** Codes of RocketMQ for those of logwheel; whatever is missing is a failure of the server. */
const BY_ERROR: Partial<Record<ErrorCode, Code__Output>> = {
  BAD_REQUEST: Code.BAD_REQUEST,
  FILTER_INVALID: Code.ILLEGAL_FILTER_EXPRESSION,
  MESSAGE_TOO_LARGE: Code.MESSAGE_BODY_TOO_LARGE,
  DELAY_LEVEL_UNKNOWN: Code.ILLEGAL_DELIVERY_TIME,
  DELAY_TOO_LONG: Code.ILLEGAL_DELIVERY_TIME,
  MESSAGE_TYPE_MISMATCH: Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
  TOPIC_NOT_FOUND: Code.TOPIC_NOT_FOUND,
  TRANSACTION_NOT_FOUND: Code.INVALID_TRANSACTION_ID,
  TRANSACTION_CONFLICT: Code.INVALID_TRANSACTION_ID,
  GROUP_NOT_FOUND: Code.CONSUMER_GROUP_NOT_FOUND,
  MESSAGE_NOT_FOUND: Code.MESSAGE_NOT_FOUND,
  FORBIDDEN: Code.FORBIDDEN,
  UNAUTHENTICATED: Code.UNAUTHORIZED,
  NOT_ASSIGNED: Code.INVALID_RECEIPT_HANDLE,
  LEASE_EXPIRED: Code.INVALID_RECEIPT_HANDLE,
  OFFSET_OUT_OF_RANGE: Code.ILLEGAL_OFFSET,
  THROTTLED: Code.TOO_MANY_REQUESTS,
  DISK_FULL: Code.TOO_MANY_REQUESTS,
  BROKER_STOPPING: Code.TOO_MANY_REQUESTS,
  TIMEOUT: Code.PROXY_TIMEOUT,
};

/** What a client is told of a failure. */
export function statusOf({ code, message }: LogwheelError): Status {
  return { code: BY_ERROR[code] ?? Code.INTERNAL_SERVER_ERROR, message };
}

export function refusal(code: Code__Output, message: string): Status {
  return { code, message };
}
