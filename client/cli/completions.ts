import { NOUNS } from "./nouns.js";
import { type Verb, wordOf } from "./verb.js";

/** What a shell calls to learn which words may follow; the words so far come behind it. */
export const COMPLETE_FLAG = "--complete-words";

/** Words that may stand in the place of the last of `words`, which may be empty or a beginning. */
export function completions(words: readonly string[], noun: string | null, verbs: readonly Verb[]): string[] {
  const last = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  return candidates(before, noun, verbs).filter((word) => word.startsWith(last));
}

function candidates(before: readonly string[], noun: string | null, verbs: readonly Verb[]): string[] {
  if (noun === null || !before.includes(noun)) return Object.keys(NOUNS);
  const alone = NOUNS[noun]?.alone === true;
  const verb = alone ? verbs[0] : verbs.find((known) => before.includes(wordOf(known)));
  if (verb === undefined) return verbs.map(wordOf);
  const chosen = verb.options[before.at(-1)?.replace(/^--/, "") ?? ""]?.choices;
  if (chosen !== undefined) return chosen.map(String);
  const places = Object.values(verb.positionals).flatMap(({ choices }) => choices ?? []);
  return [...places.map(String), ...Object.keys(verb.options).map((option) => `--${option}`)];
}
