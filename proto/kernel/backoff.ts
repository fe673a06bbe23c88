/** How long to wait between tries. */
export interface BackoffOptions {
  /** Upper bound of the first wait. */
  readonly baseMs: number;
  /** Upper bound of every wait. */
  readonly maxMs: number;
  /** Upper bound of the n-th wait over that of the one before; 2 by default. */
  readonly factor?: number;
}

/**
 * Milliseconds to wait before try `attempt` + 1, where `attempt` counts the failed ones from 1: anything from 0 to a
 * bound that doubles up to `maxMs` ("full jitter"), so that clients that failed together do not come back together.
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const bound = options.baseMs * (options.factor ?? 2) ** (attempt - 1);
  return random() * Math.min(options.maxMs, bound);
}

/**
 * Keeps retries to a share of the traffic: every request earns `ratio` of a retry, every retry costs one, and at most
 * `tokensMax` are saved up. So a broken broker is not buried under repeats.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #tokensMax: number;
  #tokens: number;

  constructor(ratio = 0.1, tokensMax = 100) {
    this.#ratio = ratio;
    this.#tokensMax = tokensMax;
    this.#tokens = tokensMax;
  }

  /** Says that `count` requests were made for the first time. */
  earn(count = 1): void {
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + count * this.#ratio);
  }

  /** Takes `count` retries if there are so many; false: do not repeat. */
  take(count = 1): boolean {
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}
