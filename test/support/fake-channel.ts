import type { Channel, Method, Stream } from "../../proto/kernel/channel.js";
import { FakeStream } from "./fake-stream.js";

/** A Channel whose other side is the test. */
export class FakeChannel implements Channel {
  readonly address: string;
  // biome-ignore lint/suspicious/noExplicitAny: streams of unlike types
  readonly streams: FakeStream<any, any>[] = [];
  readonly #answer: (path: string, request: unknown) => unknown;
  closed = false;

  /** `answer` gives the reply to a unary call, or throws. */
  constructor(address: string, answer: (path: string, request: unknown) => unknown = () => ({})) {
    this.address = address;
    this.#answer = answer;
  }

  async unary<Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, request: Q): Promise<ROut> {
    return this.#answer(method.path, request) as ROut;
  }

  open<Q, QOut, R, ROut>(_method: Method<Q, QOut, R, ROut>): Stream<Q, ROut> {
    const stream = new FakeStream<Q, ROut>();
    this.streams.push(stream);
    return stream;
  }

  close(): void {
    this.closed = true;
  }
}
