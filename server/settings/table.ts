import type { Kind, KindValues } from "./kinds.js";

/** One setting: the only place where it is named, defaulted, bounded and explained. */
export interface Setting {
  readonly kind: Kind;
  /** As the kind reads it; null when the setting may be absent and is. */
  readonly default: unknown;
  /** Lowest value, of numbers, sizes and durations. */
  readonly min?: number;
  /** Highest value. */
  readonly max?: number;
  /** What a choice chooses from. */
  readonly choices?: readonly string[];
  /** What a string has to look like. */
  readonly pattern?: RegExp;
  /** One sentence: what it does. */
  readonly doc: string;
}

/** Settings of one process by name, in the order of help and documents. */
export type Table = Readonly<Record<string, Setting>>;

type ValueOf<S extends Setting> = S extends { readonly choices: readonly (infer C)[] }
  ? C
  : KindValues[S["kind"]];

/** What a table's settings are once they have been read. */
export type Values<T extends Table> = {
  readonly [K in keyof T]: T[K]["default"] extends null ? ValueOf<T[K]> | null : ValueOf<T[K]>;
};

/** `segmentBytes` is `segment-bytes` on the command line, behind two dashes. */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `segmentBytes` is `LOGWHEEL_SEGMENT_BYTES` in the environment. */
export function variableOf(key: string): string {
  return `LOGWHEEL_${flagOf(key).replaceAll("-", "_").toUpperCase()}`;
}
