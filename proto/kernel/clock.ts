/** SEAM: time. Everything that waits or reads a clock gets one of these. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump. */
  nowMs(): number;
  /** Monotonic milliseconds from an arbitrary start, with fractions. Never falls. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`; the returned function takes it back. Does not keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
  /** Resolves after `delayMs`, or at once (without an error) when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      signal?.addEventListener("abort", done, { once: true });
    });
  },
};
