import { decodeBody, isPromise } from "./decoding.js";
import type { Delivery } from "./delivery.js";
import { traces } from "./diagnostics.js";
import { Reject } from "./handler-errors.js";
import type { ReceivedMessage } from "./message.js";
import type { Topic } from "./topic.js";
import type { Handler } from "./types.js";

/** How one message comes to its handler. */
export interface CallOptions<T> {
  readonly group: string;
  readonly topics: ReadonlyMap<string, Topic<T>>;
  /** What becomes of bodies that cannot be decoded. */
  readonly undecodable: "retry" | "dead-letter" | "skip";
  failed(error: unknown, message: ReceivedMessage<T>): void;
}

/** Decodes a message's body and calls the handler with it. */
export class HandlerCall<T> {
  readonly #options: CallOptions<T>;
  readonly #handler: Handler<T>;

  constructor(options: CallOptions<T>, handler: Handler<T>) {
    this.#options = options;
    this.#handler = handler;
  }

  /** No promise if decoding and handler need none. Throws, or rejects with, what they throw. */
  call(topic: Topic<T>, delivery: Delivery<T>): void | Promise<void> {
    const { message } = delivery;
    let decoding: void | Promise<void>;
    try {
      decoding = decodeBody(topic, message);
    } catch (thrown) {
      return this.#undecodable(thrown, message);
    }
    if (!isPromise(decoding)) return this.#trace(delivery);
    return decoding.then(
      () => this.#trace(delivery),
      (thrown: unknown) => this.#undecodable(thrown, message),
    );
  }

  #trace(delivery: Delivery<T>): void | Promise<void> {
    const { message } = delivery;
    const handler = this.#handler;
    if (!traces.process.hasSubscribers) return handler(message, delivery);
    const context = { group: this.#options.group, topic: message.topic, messages: [message] };
    return traces.process.tracePromise(async () => handler(message, delivery), context);
  }

  /** Such a message is passed over, or fails like one whose handler threw. */
  #undecodable(thrown: unknown, message: ReceivedMessage<T>): void {
    const { undecodable, failed } = this.#options;
    if (undecodable === "retry") throw thrown;
    failed(thrown, message);
    if (undecodable === "dead-letter") throw new Reject("the body cannot be decoded", { cause: thrown });
  }
}
