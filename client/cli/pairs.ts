import { LogwheelError } from "../../proto/kernel/errors.js";

/** Reads `NAME=VALUE` arguments; BAD_REQUEST names the option when one is none. */
export function pairs(option: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at < 1)
        throw new LogwheelError("BAD_REQUEST", `${option}: ${JSON.stringify(text)} is not NAME=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
