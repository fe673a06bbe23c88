const REASON = Symbol.for("logwheel.skip-reason");

type Skippable = { [REASON]?: string; readonly parent?: Skippable | undefined };

/** Skips the running test, or in a hook the tests of its suite, for a reason that the reporter prints. */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.runnable() as unknown as Skippable & { readonly type: string };
  const target = runnable.type === "hook" ? runnable.parent : runnable;
  if (target !== undefined) target[REASON] = reason;
  return context.skip();
}

/** Why a test was skipped, as told to `skip` for itself or for a suite around it. */
export function skipReason(test: Mocha.Test): string {
  for (let at: Skippable | undefined = test as unknown as Skippable; at !== undefined; at = at.parent) {
    const reason = at[REASON];
    if (reason !== undefined) return reason;
  }
  return "no reason given";
}
