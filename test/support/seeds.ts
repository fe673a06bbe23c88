/** Nightly figures instead of those of every change. */
export const NIGHT = process.env["NIGHT"] === "1";

/** How many: on every change, or at night (NIGHT=1). */
export function figure(everyChange: number, night: number): number {
  return NIGHT ? night : everyChange;
}

/** Runs `run` and, if it fails, says how to run just that again: `VARIABLE=value … npm run test:chaos -- -g test`. */
export async function replayable<T>(
  test: string,
  values: Readonly<Record<string, string | number>>,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    const set = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    const line = `replay: ${set.join(" ")} npm run test:chaos -- -g '${test}'`;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (!error.message.startsWith("replay: ")) error.message = `${line}\n${error.message}`;
    throw error;
  }
}

/**
 * Runs `run` for `kept` seeds (those that once failed) and then for 1 to `count`, one after the other. SEED=n in the
 * environment runs that one alone.
 */
export async function forSeeds(
  test: string,
  { kept = [], count }: { kept?: readonly number[]; count: number },
  run: (seed: number) => Promise<void>,
): Promise<void> {
  const asked = process.env["SEED"];
  const counted = Array.from({ length: count }, (_, index) => index + 1);
  const seeds = asked === undefined ? [...kept, ...counted] : [Number(asked)];
  for (const seed of seeds) await replayable(test, { SEED: seed }, () => run(seed));
}
