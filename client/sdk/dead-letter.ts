import type { DeadLetter__Output } from "../../proto/gen/logwheel/v1/DeadLetter.js";
import { deadReasonName, readDeadLetter } from "../../proto/kernel/dead-letter.js";
import type { DeadLetter } from "./types.js";

/** What an encoded `DeadLetter` says. */
export function deadLetterOf(bytes: Buffer): DeadLetter {
  return deadLetterFrom(readDeadLetter(bytes));
}

/** The same of a decoded one. */
export function deadLetterFrom(letter: DeadLetter__Output): DeadLetter {
  const { errorName: name, errorMessage: message, stack, storedAtMs } = letter;
  return {
    reason: deadReasonName(letter.reason),
    ...(name === "" && message === "" ? {} : { error: { name, message } }),
    ...(stack === "" ? {} : { stack }),
    attempts: letter.attempts,
    group: letter.group,
    topic: letter.topic,
    queueId: letter.queueId,
    queueOffset: letter.queueOffset,
    messageId: letter.messageId,
    ...(storedAtMs === 0 ? {} : { storedAt: new Date(storedAtMs) }),
    failedAt: new Date(letter.failedAtMs),
  };
}
