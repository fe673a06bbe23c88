import { LogwheelError } from "../../proto/kernel/errors.js";

/** What a promise is refused with: its code and text. */
export async function refusal(act: Promise<unknown>): Promise<string> {
  try {
    await act;
  } catch (thrown) {
    if (LogwheelError.is(thrown)) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
  return "none";
}
