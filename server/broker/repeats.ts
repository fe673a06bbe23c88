import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { KIND } from "../store/record.js";
import { PRODUCERS_MAX } from "../store/state.js";
import type { Store } from "../store/store.js";
import type { PublishOutcome } from "./publish-outcome.js";

/** What a message is known by; zeros: it is not to be recognised. */
export interface SentBefore {
  readonly producerId: number;
  readonly sequence: number;
}

/** Recognises messages that were sent before, by what the log has of their producers. */
export class Repeats {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Log offset of the message if it is stored already, 0 if it is new. SEQUENCE_UNKNOWN if that is not known any more,
   * THROTTLED if its producer cannot be remembered.
   */
  find(sent: SentBefore): number {
    if (sent.producerId === 0 || sent.sequence === 0) return 0;
    const { state } = this.#store;
    const window = state.producers.get(sent.producerId);
    const known = window?.find(sent.sequence);
    if (known !== undefined) return known;
    if (window !== undefined) throw unknownSequence(sent);
    if (state.roomForProducer(this.#clock.nowMs())) return 0;
    throw new LogwheelError(
      "THROTTLED",
      `the broker remembers ${PRODUCERS_MAX} producers of the last minute, and that is its limit: send from fewer, or without de-duplication`,
      { retryAfterMs: 1_000 },
    );
  }

  /** Fills in the first receipts of messages that were stored before. */
  async recall(outcome: PublishOutcome): Promise<void> {
    for (const { index, logOffset } of outcome.duplicates) {
      const found = await this.#store.lookup.headerAt(logOffset);
      if (found === undefined) {
        const error = new LogwheelError(
          "SEQUENCE_UNKNOWN",
          "the message was stored before, but retention has dropped it",
          {
            sent: "yes",
          },
        );
        outcome.refusals.push({ index, error });
        continue;
      }
      outcome.logOffsets[index] = logOffset;
      if (found.kind === KIND.message) outcome.queueOffsets[index] = found.queueOffset;
      else outcome.deferred.push(index);
      outcome.queueIds[index] = found.queueId;
      if (found.epoch !== this.#store.epoch) outcome.oldEpochs.push({ index, epoch: found.epoch });
    }
  }
}

/** The answer where a sequence lies below what is remembered: unknown, never new. */
export function unknownSequence(sent: SentBefore): LogwheelError {
  return new LogwheelError(
    "SEQUENCE_UNKNOWN",
    `whether sequence ${sent.sequence} of this producer is stored is not known any more: it lies below what the broker remembers`,
  );
}
