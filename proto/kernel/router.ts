import type { AnyMethod, CallContext, Served, Stream } from "./channel.js";
import { LogwheelError } from "./errors.js";
import type { Logger } from "./logger.js";
import { TypedStream } from "./typed-stream.js";

type UnaryHandler = (request: unknown, call: CallContext) => unknown;
type StreamHandler = (stream: Stream<unknown, unknown>, call: CallContext) => void;

/** One method that is served. */
export interface Route {
  readonly method: AnyMethod;
  readonly handler: UnaryHandler | StreamHandler;
}

/** Turns bytes into calls of handlers and what they return or throw into bytes and LogwheelErrors, for every transport. */
export class Router {
  readonly routes: ReadonlyMap<string, Route>;
  readonly #logger: Logger;

  constructor(served: readonly Served[], logger: Logger) {
    this.#logger = logger;
    const routes = new Map<string, Route>();
    for (const { name, service, handlers } of served)
      for (const [key, method] of Object.entries(service)) {
        const handler = handlers[key];
        if (typeof handler !== "function") throw new Error(`${name} has no handler for ${key}`);
        routes.set(method.path, { method, handler: handler.bind(handlers) as Route["handler"] });
      }
    this.routes = routes;
  }

  /** Answers one unary call; rejects with nothing but LogwheelErrors. */
  async unary(route: Route, request: Buffer, call: CallContext): Promise<Buffer> {
    try {
      const reply = await (route.handler as UnaryHandler)(route.method.request.decode(request), call);
      return route.method.reply.encode(reply);
    } catch (thrown) {
      throw this.#known(route, thrown);
    }
  }

  /** Hands a stream to its handler. */
  stream(route: Route, bytes: Stream<Buffer, Buffer>, call: CallContext): void {
    const stream = new TypedStream<unknown, unknown>(bytes, {
      encode: (message) => route.method.reply.encode(message),
      decode: (message) => route.method.request.decode(message),
      known: (thrown) => this.#known(route, thrown),
    });
    try {
      (route.handler as StreamHandler)(stream, call);
    } catch (thrown) {
      stream.fail(this.#known(route, thrown));
    }
  }

  /** The thrown thing as a LogwheelError; bugs are logged, since the caller learns little. */
  #known(route: Route, thrown: unknown): LogwheelError {
    const error = LogwheelError.from(thrown);
    if (error.code === "INTERNAL")
      this.#logger.error({ err: thrown, method: route.method.path }, "a call failed");
    return error;
  }
}
