import type { Listing } from "./admin-types.js";

/** A listing that asks when its loop begins. */
export function listing<T>(fetch: () => Promise<readonly T[]>): Listing<T> {
  return {
    async *[Symbol.asyncIterator]() {
      yield* await fetch();
    },
    toArray: async () => [...(await fetch())],
  };
}
