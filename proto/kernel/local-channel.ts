import { aborted, channelClosed, protocolError, timedOut, unknownMethod } from "./call-errors.js";
import type { AnyMethod, CallContext, CallOptions, Channel, Method, Stream } from "./channel.js";
import type { Clock } from "./clock.js";
import type { LogwheelError } from "./errors.js";
import type { Router } from "./router.js";

/** What a channel to the server of the same process needs. */
export interface LocalChannelOptions {
  readonly address: string;
  readonly router: Router;
  readonly clock: Clock;
  /** Opens the streams. */
  readonly streams: Channel;
}

const NEVER = new AbortController().signal;
const UNBOUNDED: CallContext = { peer: "local", signal: NEVER, header: () => undefined };

/**
 * A way to a server of the same process: a call of one message goes straight to its handler, by its codecs and nothing else. In a
 * network of the process, with its turns and its connections that may break, it costs half as much again as what the broker does for a message.
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
      const { signal = NEVER, timeoutMs } = options;
      if (this.#closed) throw channelClosed(this.address, "no");
      if (signal.aborted) throw aborted(method, "no");
      const answer = this.#ask(method, request, signal);
      const release = this.#limit(method, { signal, timeoutMs }, reject);
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

  #ask<Q, ROut>(method: Method<Q, unknown, unknown, ROut>, request: Q, signal: AbortSignal): Promise<ROut> {
    const route = this.#router.routes.get(method.path);
    if (route === undefined) throw unknownMethod(this.address, method);
    const call = signal === NEVER ? UNBOUNDED : { ...UNBOUNDED, signal };
    return this.#router
      .unary(route, method.request.encode(request), call)
      .then((reply) => this.#read(method, reply));
  }

  #read<ROut>(method: Method<never, unknown, unknown, ROut>, reply: Buffer): ROut {
    try {
      return method.reply.decode(reply);
    } catch (thrown) {
      throw protocolError(this.address, method, thrown);
    }
  }

  /** Ends the wait, not the call, when the signal aborts or the time is over; the result takes both back. */
  #limit(
    method: AnyMethod,
    { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number | undefined },
    reject: (error: LogwheelError) => void,
  ): () => void {
    const cancel =
      timeoutMs === undefined
        ? undefined
        : this.#clock.after(timeoutMs, () => reject(timedOut(this.address, method, timeoutMs)));
    if (signal === NEVER) return cancel ?? nothing;
    const abort = (): void => reject(aborted(method, "maybe"));
    signal.addEventListener("abort", abort, { once: true });
    return () => {
      cancel?.();
      signal.removeEventListener("abort", abort);
    };
  }
}

function nothing(): void {}
