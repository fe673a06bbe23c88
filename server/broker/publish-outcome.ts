import { LogwheelError } from "../../proto/kernel/errors.js";
import type { OldEpoch, Refused } from "../../proto/kernel/publish-reply.js";
import type { ReceiptInput } from "../../proto/kernel/receipt-codec.js";
import { messageId } from "../../proto/kernel/record.js";
import type { Queue } from "../store/queue.js";

/** A message that the producer sent before: the first receipt is given again. */
interface Duplicate {
  readonly index: number;
  readonly logOffset: number;
}

/** What became of the messages of one frame; place i belongs to entry i. */
export class PublishOutcome {
  readonly logOffsets: number[] = [];
  readonly queueOffsets: number[] = [];
  readonly queueIds: number[] = [];
  readonly refusals: Refused[] = [];
  readonly duplicates: Duplicate[] = [];
  readonly oldEpochs: OldEpoch[] = [];
  /** Places of messages that are in no queue yet. */
  readonly deferred: number[] = [];
  /** Messages that were stored, and their bytes. */
  messages = 0;
  bytes = 0;
  /** Decisions that are being carried out. None of them rejects. */
  readonly undecided: Promise<void>[] = [];

  stored(logOffset: number, queue: Queue, queueOffset: number, bytes: number): void {
    this.logOffsets.push(logOffset);
    this.queueOffsets.push(queueOffset);
    this.queueIds.push(queue.id);
    this.messages++;
    this.bytes += bytes;
  }

  /** Stored, and in no queue yet. */
  kept(logOffset: number, queue: Queue, bytes: number): void {
    this.deferred.push(this.logOffsets.length);
    this.stored(logOffset, queue, 0, bytes);
  }

  refused(error: LogwheelError): void {
    this.refusals.push({ index: this.logOffsets.length, error });
    this.#blank();
  }

  /** Refuses every entry up to one that nothing was said of yet. */
  refusedTo(index: number, error: LogwheelError): void {
    while (this.logOffsets.length <= index) this.refused(error);
  }

  duplicate(logOffset: number): void {
    this.duplicates.push({ index: this.logOffsets.length, logOffset });
    this.#blank();
  }

  /** A decision was carried out, or will be: log offset of what says so. */
  decided(done: number | Promise<number>): void {
    const index = this.logOffsets.length;
    this.#blank();
    if (typeof done === "number") {
      this.logOffsets[index] = done;
      return;
    }
    this.undecided.push(
      done.then(
        (logOffset) => {
          this.logOffsets[index] = logOffset;
        },
        (thrown: unknown) => {
          this.refusals.push({ index, error: LogwheelError.from(thrown) });
        },
      ),
    );
  }

  /** What is told of messages that were sent by one call, all of them stored, now or before. Throws the first refusal. */
  receipts(by: {
    readonly broker: string;
    readonly epoch: number;
    readonly flushed: boolean;
  }): ReceiptInput[] {
    const [refused] = this.refusals;
    if (refused !== undefined) throw refused.error;
    return this.logOffsets.map((logOffset, index) => {
      const epoch = this.oldEpochs.find((each) => each.index === index)?.epoch ?? by.epoch;
      return {
        messageId: messageId(by.broker, epoch, logOffset),
        queueId: this.queueIds[index]!,
        queueOffset: this.queueOffsets[index]!,
        written: true,
        flushed: by.flushed,
        duplicate: this.duplicates.some((each) => each.index === index),
        deferred: this.deferred.includes(index),
      };
    });
  }

  #blank(): void {
    this.logOffsets.push(0);
    this.queueOffsets.push(0);
    this.queueIds.push(0);
  }
}
