import { aborted, channelClosed, readReply, unknownMethod } from "./call-errors.js";
import { limitCall } from "./call-limit.js";
import type { CallContext, CallOptions, Channel, Method, Stream } from "./channel.js";
import type { Clock } from "./clock.js";
import type { Router } from "./router.js";

/** What a channel to the server of the same process needs. */
export interface LocalChannelOptions {
  readonly address: string;
  readonly router: Router;
  readonly clock: Clock;
  /** Opens the streams. */
  readonly streams: Channel;
}

const UNBOUNDED: CallContext = {
  peer: "local",
  signal: new AbortController().signal,
  header: () => undefined,
};

/**
 * A way to a server of the same process: a call of one message goes straight to its handler, by its codecs and nothing else. In a
 * network of the process it would have copies, turns and connections that may break, which nobody needs here.
 */
export class LocalChannel implements Channel {
  readonly address: string;
  readonly #router: Router;
  readonly #clock: Clock;
  readonly #streams: Channel;
  #closed = false;

  constructor({ address, router, clock, streams }: LocalChannelOptions) {
    this.address = address;
    this.#router = router;
    this.#clock = clock;
    this.#streams = streams;
  }

  unary<Q, QOut, R, ROut>(
    method: Method<Q, QOut, R, ROut>,
    request: Q,
    options: CallOptions = {},
  ): Promise<ROut> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw channelClosed(this.address, "no");
      if (options.signal?.aborted) throw aborted(method, "no");
      const answer = this.#ask(method, request, options.signal);
      // What ends the wait does not end the call.
      const release = limitCall({ clock: this.#clock, address: this.address, method }, options, reject);
      answer.then(
        (reply) => {
          release();
          resolve(reply);
        },
        (thrown: unknown) => {
          release();
          reject(thrown);
        },
      );
    });
  }

  open<Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, options?: CallOptions): Stream<Q, ROut> {
    return this.#streams.open(method, options);
  }

  close(): void {
    this.#closed = true;
    this.#streams.close();
  }

  #ask<Q, ROut>(method: Method<Q, unknown, unknown, ROut>, request: Q, signal?: AbortSignal): Promise<ROut> {
    const route = this.#router.routes.get(method.path);
    if (route === undefined) throw unknownMethod(this.address, method);
    const call = signal === undefined ? UNBOUNDED : { ...UNBOUNDED, signal };
    return this.#router
      .unary(route, method.request.encode(request), call)
      .then((reply) => readReply(this.address, method, reply));
  }
}
