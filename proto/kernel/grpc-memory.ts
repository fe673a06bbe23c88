/** A connection, as far as it is about its memory. */
export interface Holder {
  /** Bytes that its client makes the server hold. */
  readonly heldBytes: number;
  /** Closes it; it holds nothing after that. */
  shed(): void;
}

/**
 * Bytes that callers make a server hold: messages of which only a part has come, what has come and is not read because
 * the caller is being slowed down, and answers that the caller does not read. When all of it is too much, the
 * connection with the most of it is closed, so that one caller cannot take the memory of the others.
 */
export class HeldBytes {
  readonly #bytesMax: number;
  readonly #holders: () => Iterable<Holder>;
  #total = 0;

  constructor(bytesMax: number, holders: () => Iterable<Holder>) {
    this.#bytesMax = bytesMax;
    this.#holders = holders;
  }

  /** In all. */
  get total(): number {
    return this.#total;
  }

  /** One of the holders holds so many more, or fewer. */
  add(bytes: number): void {
    this.#total += bytes;
    while (bytes > 0 && this.#total > this.#bytesMax) {
      const before = this.#total;
      largest(this.#holders())?.shed();
      if (this.#total >= before) return;
    }
  }
}

function largest(holders: Iterable<Holder>): Holder | undefined {
  let found: Holder | undefined;
  for (const holder of holders) if (holder.heldBytes > (found?.heldBytes ?? 0)) found = holder;
  return found;
}
