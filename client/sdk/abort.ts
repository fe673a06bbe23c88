const listening = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `run` once when the signal aborts; the returned function takes that back. Every call needs a function of its own.
 * However many wait for one signal, it has a single listener: Node takes eleven for a leak and says so.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  const waiting = listening.get(signal) ?? listen(signal);
  waiting.add(run);
  return () => void waiting.delete(run);
}

function listen(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  listening.set(signal, waiting);
  const abort = (): void => {
    listening.delete(signal);
    for (const run of waiting) run();
  };
  signal.addEventListener("abort", abort, { once: true });
  return waiting;
}
