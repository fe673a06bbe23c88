import type { DeadLetter__Output } from "../../proto/gen/logwheel/v1/DeadLetter.js";
import type { DeadLetterFilter__Output } from "../../proto/gen/logwheel/v1/DeadLetterFilter.js";
import { RedriveState } from "../../proto/gen/logwheel/v1/RedriveState.js";
import { readDeadLetter } from "../../proto/kernel/dead-letter.js";
import { readMessage } from "../../proto/kernel/message-codec.js";
import { RECORD } from "../../proto/kernel/record.js";

/** Where a redrive stands. */
export type JobState = "running" | "paused" | "done" | "cancelled";

/** A redrive as the log keeps it: what is to be sent again, where to, and how far it is. */
export interface Job {
  readonly filter: DeadLetterFilter__Output;
  /** Topic; empty: where each came from. */
  readonly to: string;
  readonly perSecond: number;
  readonly startedAtMs: number;
  /** Offset behind the last dead letter that it is about. */
  readonly end: number;
  /** Dead letters that fitted when it began. */
  readonly total: number;
  /** Dead letters that earlier redrives had sent again. */
  readonly before: number;
  readonly state: JobState;
  /** Why it stands still, for people. */
  readonly note: string;
}

/** Values of `RedriveState` in admin.proto. */
export const JOB_STATE: Readonly<Record<JobState, RedriveState & number>> = {
  running: RedriveState.REDRIVE_STATE_RUNNING,
  paused: RedriveState.REDRIVE_STATE_PAUSED,
  done: RedriveState.REDRIVE_STATE_DONE,
  cancelled: RedriveState.REDRIVE_STATE_CANCELLED,
};

/** The filter that everything fits. */
export const ANY: DeadLetterFilter__Output = { reason: 0, errorName: "", topic: "", sinceMs: 0, untilMs: 0 };

/** What a stored `Record` of a dead letter says of it; null if it is none that can be sent again. */
export function letterOf(record: Buffer): DeadLetter__Output | null {
  const { body, deadLetter } = readMessage(record, RECORD.CONTENT, record.length);
  return deadLetter === null || body.length === 0 ? null : readDeadLetter(deadLetter);
}

/** Whether a dead letter is meant. */
export function fits(letter: DeadLetter__Output, filter: DeadLetterFilter__Output): boolean {
  const { reason, errorName, topic, sinceMs, untilMs } = filter;
  return (
    (reason === 0 || letter.reason === reason) &&
    (errorName === "" || letter.errorName === errorName) &&
    (topic === "" || letter.topic === topic) &&
    letter.failedAtMs >= sinceMs &&
    (untilMs === 0 || letter.failedAtMs < untilMs)
  );
}
