import { Decision } from "../../proto/gen/logwheel/v1/Decision.js";
import { LogwheelError } from "../../proto/kernel/errors.js";

/** Whether a decision is a commit, else it is a rollback. BAD_REQUEST for none, and for one that this version does not know. */
export function isCommit(decision: number | string): boolean {
  if (decision === Decision.DECISION_COMMIT) return true;
  if (decision === Decision.DECISION_ROLLBACK) return false;
  throw new LogwheelError("BAD_REQUEST", `${decision} is no decision: commit is 1 and rollback is 2`);
}
