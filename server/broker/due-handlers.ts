import { DueAnswer } from "../../proto/gen/logwheel/v1/DueAnswer.js";
import type { SettleReply } from "../../proto/gen/logwheel/v1/SettleReply.js";
import type { SettleRequest__Output } from "../../proto/gen/logwheel/v1/SettleRequest.js";
import type { Handlers } from "../../proto/kernel/channel.js";
import type { BROKER } from "../../proto/kernel/contract.js";
import { isCommit } from "./decision.js";
import type { DueWork } from "./due-work.js";

const ANSWERS = {
  done: DueAnswer.DUE_ANSWER_DONE,
  "already-delivered": DueAnswer.DUE_ANSWER_ALREADY_DELIVERED,
  "not-found": DueAnswer.DUE_ANSWER_NOT_FOUND,
} as const;

/** What the broker answers about what happens later. */
export function dueHandlers(
  due: DueWork,
): Pick<Handlers<typeof BROKER>, "changeDelayed" | "settle" | "check"> {
  return {
    changeDelayed: async (request) => ({ answer: ANSWERS[await due.delays.change(request)] }),
    settle: (request) => settle(due, request),
    check: (stream) => due.checks.open(stream),
  };
}

async function settle(
  { transactions }: DueWork,
  { transactionId, topic, decision }: SettleRequest__Output,
): Promise<SettleReply> {
  const commit = isCommit(decision);
  await transactions.settle(transactions.place(transactionId), topic, commit);
  return {};
}
