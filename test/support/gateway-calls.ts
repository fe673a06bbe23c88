import type { AnyMethod, CallContext } from "../../proto/kernel/channel.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import type { Gateway } from "../../server/gateway/gateway.js";
import { FakeStream } from "./fake-stream.js";

type Name = keyof typeof MESSAGING;

/** A client of RocketMQ as far as a gateway sees it: its calls, through their codecs. */
export class GatewayCalls {
  readonly #gateway: Gateway;
  readonly #call: CallContext;

  constructor(gateway: Gateway, id: string) {
    this.#gateway = gateway;
    const headers: Readonly<Record<string, string>> = { "x-mq-client-id": id };
    this.#call = { peer: "test", signal: new AbortController().signal, header: (name) => headers[name] };
  }

  // biome-ignore lint/suspicious/noExplicitAny: replies of unlike types
  async unary(name: Name, request: object): Promise<any> {
    return this.#handler(name)(this.#decoded(name, request), this.#call);
  }

  /** Opens a stream, with the first message said. */
  // biome-ignore lint/suspicious/noExplicitAny: replies of unlike types
  stream(name: Name, request: object): FakeStream<any, any> {
    const { encode, decode }: AnyMethod["reply"] = MESSAGING[name].reply;
    // As its client reads it, and at once: a gateway uses its bytes again.
    const stream = new FakeStream((reply) => decode(Buffer.from(encode(reply as never))));
    this.#handler(name)(stream, this.#call);
    stream.hear(this.#decoded(name, request));
    return stream;
  }

  #decoded(name: Name, request: object): unknown {
    const method: AnyMethod = MESSAGING[name];
    return method.request.decode(Buffer.from(method.request.encode(request)));
  }

  #handler(name: Name): (first: unknown, call: CallContext) => unknown {
    return this.#gateway.served[0]!.handlers[name] as never;
  }
}
