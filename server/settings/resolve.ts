import { LogwheelError } from "../../proto/kernel/errors.js";
import { nearest } from "../../proto/kernel/nearest.js";
import { KINDS } from "./kinds.js";
import { flagOf, type Setting, type Table, type Values, variableOf } from "./table.js";

/** Where a value came from, strongest first. */
export type Origin = "flag" | "environment" | "file" | "default";

/** What was given, by whom. */
export interface Sources {
  /** By key, not by flag; undefined is the same as absent. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly file?: { readonly path: string; readonly content: Readonly<Record<string, unknown>> };
}

/** A table's values, and for each of them where it came from. */
export interface Resolved<T extends Table> {
  readonly values: Values<T>;
  readonly origins: { readonly [K in keyof T]: Origin };
}

/** Variables that Kubernetes sets for a service that happens to be called `logwheel`. */
const SERVICE_LINK = /^LOGWHEEL_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[A-Z0-9_]+)?)$/;

/**
 * Reads every setting of a table: flag before environment before file before default. BAD_REQUEST for a key that
 * neither the table nor `others` (for the environment: tables of the other processes, and `config`) has, and for a
 * value that its setting does not take; the sentence names the place.
 */
export function resolve<T extends Table>(table: T, sources: Sources, others: readonly string[]): Resolved<T> {
  refuseUnknown(table, sources, others);
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const [key, setting] of Object.entries(table)) {
    const { origin, raw, place } = find(key, sources);
    origins[key] = origin;
    values[key] = origin === "default" ? setting.default : read(setting, raw, place);
  }
  return { values, origins } as Resolved<T>;
}

function find(key: string, sources: Sources): { origin: Origin; raw: unknown; place: string } {
  const flag = sources.flags?.[key];
  if (flag !== undefined) return { origin: "flag", raw: flag, place: `--${flagOf(key)}` };
  const variable = variableOf(key);
  const text = sources.environment?.[variable];
  if (text !== undefined && text !== "") return { origin: "environment", raw: text, place: variable };
  if (sources.file !== undefined && Object.hasOwn(sources.file.content, key)) {
    return { origin: "file", raw: sources.file.content[key], place: `"${key}" in ${sources.file.path}` };
  }
  return { origin: "default", raw: undefined, place: "default" };
}

function read(setting: Setting, raw: unknown, place: string): unknown {
  if (raw === null && setting.default === null) return null;
  try {
    const value = KINDS[setting.kind].read(raw);
    checkBounds(setting, value);
    return value;
  } catch (thrown) {
    throw new LogwheelError("BAD_REQUEST", `${place}: ${LogwheelError.from(thrown).message}`);
  }
}

function checkBounds(setting: Setting, value: unknown): void {
  const write = (bound: number): string => KINDS[setting.kind].write(bound as never);
  if (typeof value === "number" && value < (setting.min ?? value))
    throw new LogwheelError("BAD_REQUEST", `${write(value)} is less than ${write(setting.min!)}, the least`);
  if (typeof value === "number" && value > (setting.max ?? value))
    throw new LogwheelError("BAD_REQUEST", `${write(value)} is more than ${write(setting.max!)}, the most`);
  if (setting.choices !== undefined && !setting.choices.includes(String(value)))
    throw new LogwheelError(
      "BAD_REQUEST",
      `${JSON.stringify(value)} is none of ${setting.choices.join(", ")}`,
    );
  if (setting.pattern !== undefined && !setting.pattern.test(String(value)))
    throw new LogwheelError(
      "BAD_REQUEST",
      value === "" ? "it is empty" : `${JSON.stringify(value)} does not match ${setting.pattern.source}`,
    );
}

function refuseUnknown(table: Table, sources: Sources, others: readonly string[]): void {
  const keys = Object.keys(table);
  for (const key of Object.keys(sources.file?.content ?? {})) {
    if (!keys.includes(key)) throw unknown(`"${key}" in ${sources.file?.path}`, key, keys);
  }
  const variables = [...keys, ...others].map(variableOf);
  for (const name of Object.keys(sources.environment ?? {})) {
    if (!name.startsWith("LOGWHEEL_") || variables.includes(name) || SERVICE_LINK.test(name)) continue;
    throw unknown(name, name, variables);
  }
}

function unknown(place: string, key: string, known: readonly string[]): LogwheelError {
  const meant = nearest(key, known);
  const hint = meant === null ? "the settings stand in docs/config.md" : `did you mean ${meant}?`;
  return new LogwheelError("BAD_REQUEST", `${place}: there is no such setting; ${hint}`);
}
