import type { Sender } from "../../client/outbox/index.js";
import type { OutMessage, SendReceipt } from "../../client/sdk/types.js";

/** A producer that notes what it was given, and refuses what `refuse` has an error for. */
export class RecordingSender implements Sender {
  readonly sent: OutMessage<Uint8Array>[] = [];
  refuse: (message: OutMessage<Uint8Array>) => Error | undefined = () => undefined;

  /** The bodies, as texts, in the order in which they were acknowledged. */
  get texts(): string[] {
    return this.sent.map(({ body }) => Buffer.from(body).toString());
  }

  async send(message: OutMessage<Uint8Array>): Promise<SendReceipt> {
    await new Promise((resolve) => setImmediate(resolve));
    const error = this.refuse(message);
    if (error !== undefined) throw error;
    this.sent.push(message);
    const done = { written: true, flushed: true, replicas: 0 };
    return {
      messageId: `m-${this.sent.length}`,
      topic: message.topic.name,
      broker: "a",
      queueId: 0,
      queueOffset: 0,
      done,
    };
  }
}
