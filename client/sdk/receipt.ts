import { inspect } from "node:util";
import { messageId } from "../../proto/kernel/record.js";
import type { SendReceipt } from "./types.js";

const WRITTEN: SendReceipt["done"] = Object.freeze({ written: true, flushed: false, replicas: 0 });
const FLUSHED: SendReceipt["done"] = Object.freeze({ written: true, flushed: true, replicas: 0 });

/** A receipt that makes the text of its message id when asked: at high rates nobody does. */
export class Receipt implements SendReceipt {
  readonly topic: string;
  readonly broker: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly done: SendReceipt["done"];
  readonly #epoch: number;
  readonly #logOffset: number;

  constructor(
    topic: string,
    broker: string,
    queueId: number,
    queueOffset: number,
    epoch: number,
    logOffset: number,
    flushed: boolean,
  ) {
    this.topic = topic;
    this.broker = broker;
    this.queueId = queueId;
    this.queueOffset = queueOffset;
    this.#epoch = epoch;
    this.#logOffset = logOffset;
    this.done = flushed ? FLUSHED : WRITTEN;
  }

  get messageId(): string {
    return messageId(this.broker, this.#epoch, this.#logOffset);
  }

  toJSON(): SendReceipt {
    const { messageId: id, topic, broker, queueId, queueOffset, done } = this;
    return { messageId: id, topic, broker, queueId, queueOffset, done };
  }

  [inspect.custom](): SendReceipt {
    return this.toJSON();
  }
}
