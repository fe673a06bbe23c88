import type { Settings__Output } from "../../proto/gen/apache/rocketmq/v2/Settings.js";
import type { CallContext } from "../../proto/kernel/channel.js";
import { parseTimeout, TIMEOUT_HEADER } from "../../proto/kernel/grpc-timeout.js";
import { durationMs } from "./time.js";

const LONG_POLL_MS = 20_000;
const LONG_POLL_MS_MAX = 60_000;
/** A poll is answered so long before its caller stops waiting. */
const RESERVE_MS = 300;

/** Until when the caller of a poll waits: milliseconds from its begin on. */
export function deadlineMs(call: CallContext): number {
  const timeoutMs = parseTimeout(call.header(TIMEOUT_HEADER) ?? "");
  return timeoutMs === undefined ? LONG_POLL_MS_MAX : Math.floor(timeoutMs);
}

/** Milliseconds of those that are left to a poll's caller in which a message may come, or an answer be put off. */
export function waitableMs(leftMs: number): number {
  return Math.max(0, Math.min(LONG_POLL_MS_MAX, leftMs - RESERVE_MS));
}

/** The time of a poll that gives none: what the client has told in its settings, else what RocketMQ has. */
export function toldPollMs(settings: Settings__Output | undefined): number {
  return durationMs(settings?.subscription?.longPollingTimeout) || LONG_POLL_MS;
}
