/** What went wrong with a delivery, as its member tells it. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** Messages of one queue whose last error is remembered: what a member is told with the next delivery. */
const REMEMBERED_MAX = 1_024;

const NAME_BYTES_MAX = 255;
const MESSAGE_BYTES_MAX = 1 << 10;
const STACK_BYTES_MAX = 4 << 10;

/** Why messages of one queue failed last. In memory only, and only so many: who asks has to live without. */
export class LastErrors {
  readonly #byOffset = new Map<number, Failure>();

  get(offset: number): Failure | undefined {
    return this.#byOffset.get(offset);
  }

  /** Remembers a failure without its stack; what lies below `floor` is not needed any more. */
  set(offset: number, failure: Failure, floor: number): void {
    this.#byOffset.delete(offset);
    if (failure.name === "" && failure.message === "") return;
    if (this.#byOffset.size >= REMEMBERED_MAX)
      for (const known of this.#byOffset.keys()) if (known < floor) this.#byOffset.delete(known);
    if (this.#byOffset.size >= REMEMBERED_MAX)
      for (const oldest of this.#byOffset.keys()) {
        this.#byOffset.delete(oldest);
        break;
      }
    this.#byOffset.set(offset, { ...failure, stack: "" });
  }
}

/** A failure within its bounds: name 255 bytes, message 1 KiB, stack 4 KiB, each cut between characters. */
export function boundedFailure(given: {
  readonly errorName: string;
  readonly errorMessage: string;
  readonly stack: string;
}): Failure {
  return {
    name: cut(given.errorName, NAME_BYTES_MAX),
    message: cut(given.errorMessage, MESSAGE_BYTES_MAX),
    stack: cut(given.stack, STACK_BYTES_MAX),
  };
}

/** The text, or as much of it as has at most so many bytes in UTF-8. */
export function cut(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
