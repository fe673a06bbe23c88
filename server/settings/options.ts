import { KINDS } from "./kinds.js";
import { flagOf, type Setting, type Table } from "./table.js";

/** A command-line option as yargs takes it. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly description: string;
  readonly defaultDescription?: string;
  readonly choices?: readonly string[];
  readonly requiresArg?: boolean;
  /** May be given several times. */
  readonly array?: boolean;
}

/** The options of a table by flag. Values stay unread and defaults unset: `resolve` knows both. Secrets have none. */
export function optionsOf(table: Table): Record<string, Option> {
  const options = Object.entries(table)
    .filter(([, { kind }]) => kind !== "secret")
    .map(([key, setting]) => [flagOf(key), optionOf(setting)] as const);
  return Object.fromEntries(options);
}

/** Moves what yargs parsed from flags to keys. */
export function flagsOf(table: Table, parsed: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(table).map((key) => [key, parsed[flagOf(key)]]));
}

/** A setting's default as people write it, or null where there is none. */
export function defaultText(setting: Setting): string | null {
  return setting.default === null ? null : KINDS[setting.kind].write(setting.default as never);
}

function optionOf(setting: Setting): Option {
  const text = defaultText(setting);
  return {
    type: setting.kind === "boolean" ? "boolean" : "string",
    description: setting.doc.replaceAll("`", ""),
    ...(text === null ? {} : { defaultDescription: text }),
    ...(setting.choices === undefined ? {} : { choices: setting.choices }),
    ...(setting.kind === "boolean" ? {} : { requiresArg: true }),
    ...(setting.kind === "addresses" ? { array: true } : {}),
  };
}
