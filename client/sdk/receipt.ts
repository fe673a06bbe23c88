import { inspect } from "node:util";
import type { TransactionPlace } from "../../proto/kernel/publish-codec.js";
import { messageId } from "../../proto/kernel/record.js";
import type { SendReceipt } from "./types.js";

const WRITTEN: SendReceipt["done"] = Object.freeze({ written: true, flushed: false, replicas: 0 });
const FLUSHED: SendReceipt["done"] = Object.freeze({ written: true, flushed: true, replicas: 0 });

/** Where a message is: in its queue, or waiting for its time or for its transaction. */
export type Kept = "queue" | "delayed" | "half";

/** A receipt that makes the text of its message id when asked: at high rates nobody does. */
export class Receipt implements SendReceipt {
  readonly topic: string;
  readonly broker: string;
  readonly queueId: number;
  readonly queueOffset: number | undefined;
  readonly done: SendReceipt["done"];
  readonly #epoch: number;
  readonly #logOffset: number;
  readonly #kept: Kept;

  constructor(
    topic: string,
    broker: string,
    queueId: number,
    queueOffset: number,
    epoch: number,
    logOffset: number,
    flushed: boolean,
    kept: Kept,
  ) {
    this.topic = topic;
    this.broker = broker;
    this.queueId = queueId;
    this.queueOffset = kept === "queue" ? queueOffset : undefined;
    this.#epoch = epoch;
    this.#logOffset = logOffset;
    this.#kept = kept;
    this.done = flushed ? FLUSHED : WRITTEN;
  }

  get messageId(): string {
    return messageId(this.broker, this.#epoch, this.#logOffset);
  }

  /** Of its record, for decisions about its transaction. */
  get place(): TransactionPlace {
    return { epoch: this.#epoch, logOffset: this.#logOffset };
  }

  get handle(): string | undefined {
    return this.#kept === "delayed" ? this.messageId : undefined;
  }

  toJSON(): SendReceipt {
    const { messageId: id, topic, broker, queueId, queueOffset, handle, done } = this;
    return {
      messageId: id,
      topic,
      broker,
      queueId,
      ...(queueOffset === undefined ? {} : { queueOffset }),
      ...(handle === undefined ? {} : { handle }),
      done,
    };
  }

  [inspect.custom](): SendReceipt {
    return this.toJSON();
  }
}
