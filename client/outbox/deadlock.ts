const TRIES = 8;

/** SQLSTATEs of PostgreSQL, and MySQL's own name. */
const CODES: ReadonlySet<unknown> = new Set(["40P01", "40001", "ER_LOCK_DEADLOCK"]);

/**
 * Runs statements again that the database ended, because two transactions waited for each other: nothing of them has
 * happened then. `run` is one statement, or a transaction from its beginning.
 */
export async function despiteDeadlocks<T>(run: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await run();
    } catch (thrown) {
      if (tried === TRIES || !CODES.has((thrown as { code?: unknown }).code)) throw thrown;
    }
  }
}
