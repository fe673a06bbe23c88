import { LogwheelError } from "../../proto/kernel/errors.js";

/** The error of a promise that has to be refused. */
export async function failure(promise: Promise<unknown>): Promise<LogwheelError> {
  const error = await outcome(promise);
  if (error === null) throw new Error("it did not fail");
  return error;
}

/** The code that a promise is refused with; "none" if it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await outcome(promise))?.code ?? "none";
}

/** Code and text that a promise is refused with; "none" if it is not. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await outcome(promise);
  return error === null ? "none" : `${error.code}: ${error.message}`;
}

/** Null if it is not refused; what is no LogwheelError is thrown on. */
async function outcome(promise: Promise<unknown>): Promise<LogwheelError | null> {
  try {
    await promise;
    return null;
  } catch (thrown) {
    if (LogwheelError.is(thrown)) return thrown;
    throw thrown;
  }
}
