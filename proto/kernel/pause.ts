import type { Clock } from "./clock.js";

/**
 * Calls `run` once after `delayMs`; the returned function takes that back. Unlike `Clock.after` it keeps the process alive:
 * somebody waits for what comes then, and while no server can be reached nothing else would.
 */
export function pause(clock: Clock, delayMs: number, run: () => void): () => void {
  const stop = new AbortController();
  clock.sleep(delayMs, stop.signal).then(
    () => {
      if (!stop.signal.aborted) run();
    },
    () => {},
  );
  return () => stop.abort();
}
