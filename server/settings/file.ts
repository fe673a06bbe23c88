import { readFileSync } from "node:fs";
import { LogwheelError } from "../../proto/kernel/errors.js";

/** The settings of a JSON file, values unread. BAD_REQUEST names the file when it is missing or no JSON object. */
export function readSettingsFile(path: string): { path: string; content: Record<string, unknown> } {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LogwheelError("BAD_REQUEST", `the settings file ${path} cannot be read: ${reason}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    throw new LogwheelError("BAD_REQUEST", `the settings file ${path} holds no JSON object`);
  return { path, content: content as Record<string, unknown> };
}

/** The text of a file that a setting names. BAD_REQUEST names both when it cannot be read. */
export function readNamedFile(setting: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LogwheelError("BAD_REQUEST", `the file that ${setting} names cannot be read: ${reason}`);
  }
}
