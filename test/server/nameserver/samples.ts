import type { BrokerInfo__Output } from "../../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { RegisterRequest__Output } from "../../../proto/gen/logwheel/v1/RegisterRequest.js";
import type { Topic__Output } from "../../../proto/gen/logwheel/v1/Topic.js";

/** What a broker says of itself. */
export function brokerInfo(name: string, parts: Partial<BrokerInfo__Output> = {}): BrokerInfo__Output {
  const info = { name, address: `${name}:10911`, epoch: 1, autoCreate: false, version: "0.1.0" };
  return { ...info, flushSync: true, startedAtMs: 1_000, ...parts };
}

/** A topic as one broker has it. */
export function topicNamed(name: string, queues = 4): Topic__Output {
  return { name, queues, type: 1, permission: 0, ttlMs: 0, expired: 0, retentionMs: 0, attributes: {} };
}

/** A message of a Register stream; alone it is a heartbeat. */
export function registerRequest(parts: Partial<RegisterRequest__Output> = {}): RegisterRequest__Output {
  return { serial: 1, broker: null, full: false, topics: [], deleted: [], stopping: false, ...parts };
}
