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

/** The same of things that come bit by bit. */
export function streamed<T>(things: () => AsyncGenerator<T, void>): Listing<T> {
  return {
    [Symbol.asyncIterator]: things,
    async toArray() {
      const all: T[] = [];
      for await (const thing of things()) all.push(thing);
      return all;
    },
  };
}
