import { systemClock } from "../../proto/kernel/clock.js";

const STEP_MS = 20;

/** Looks again and again until `look` gives something true, and gives that back; fails after `boundMs`. For real processes. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  boundMs = 15_000,
): Promise<T> {
  const endMs = systemClock.monotonicMs() + boundMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (systemClock.monotonicMs() > endMs) throw new Error(`in ${boundMs} ms it did not happen that ${what}`);
    await systemClock.sleep(STEP_MS);
  }
}
