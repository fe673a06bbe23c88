import type { RegisterReply } from "../../proto/gen/logwheel/v1/RegisterReply.js";
import type { RegisterRequest__Output } from "../../proto/gen/logwheel/v1/RegisterRequest.js";
import { parseAddress } from "../../proto/kernel/address.js";
import type { CallContext, Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkTopicName } from "../../proto/kernel/limits.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Routes, Session, Touched } from "./routes.js";

type RegisterStream = Stream<RegisterReply, RegisterRequest__Output>;

/** What registrations need. */
export interface RegistrationsDeps {
  readonly routes: Routes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears of every change of the routes. */
  readonly touch: (touched: Touched) => void;
  /** Silence after which a broker leaves the routes. */
  readonly expiryMs: number;
}

const BROKER_NAME = /^[A-Za-z0-9_-]{1,63}$/;

/** A pause of this process that is longer puts every expiry off: timers run before what waits in the sockets is read. */
const PAUSE_MS = 250;

/** The Register streams of brokers: what they tell goes into the routes, their end or silence takes them out. */
export class Registrations {
  readonly #deps: RegistrationsDeps;
  readonly #streams = new Map<Session, RegisterStream>();
  /** Those that have said which broker they are. */
  readonly #registered = new WeakSet<Session>();
  #tickedMs: number;

  constructor(deps: RegistrationsDeps) {
    this.#deps = deps;
    this.#tickedMs = deps.clock.monotonicMs();
  }

  /** Serves one Register stream until it ends. */
  add(stream: RegisterStream, call: CallContext): void {
    const session = { peer: call.peer };
    this.#streams.set(session, stream);
    stream.listen({
      message: (request) => this.#onRequest(session, stream, request),
      drain: () => stream.resume(),
      end: () => stream.end(),
      close: (error) => this.#onClose(session, error),
    });
  }

  /** Takes out brokers that have been silent for too long. Called at least every `periodMs`. */
  tick(periodMs: number): void {
    const { routes, clock, expiryMs } = this.#deps;
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - this.#tickedMs - periodMs;
    this.#tickedMs = nowMs;
    if (lateMs > PAUSE_MS) return routes.forgive(lateMs);
    for (const session of routes.silentSince(nowMs - expiryMs)) this.#expire(session);
  }

  /** Ends every stream well. */
  end(): void {
    for (const stream of this.#streams.values()) stream.end();
  }

  #onRequest(session: Session, stream: RegisterStream, request: RegisterRequest__Output): void {
    try {
      this.#apply(session, request);
      if (!stream.write({ serial: request.serial })) stream.pause();
    } catch (thrown) {
      const error = LogwheelError.from(thrown);
      this.#deps.logger.warn({ ...session, code: error.code }, `registration refused: ${error.message}`);
      stream.fail(error);
    }
  }

  #apply(session: Session, request: RegisterRequest__Output): void {
    const { routes, clock, touch } = this.#deps;
    routes.heard(session, clock.monotonicMs());
    for (const topic of request.topics) checkTopicName(topic.name);
    if (request.broker !== null) this.#register(session, request);
    else if (!this.#registered.has(session))
      throw new LogwheelError("BAD_REQUEST", "a Register stream begins with the broker; there is none");
    else if (request.topics.length > 0 || request.deleted.length > 0)
      touch(routes.change(session, request.topics, request.deleted));
    if (request.stopping) this.#leave(session, "is stopping");
  }

  #register(session: Session, request: RegisterRequest__Output): void {
    const { routes, clock, logger, touch } = this.#deps;
    const { broker } = request;
    if (broker === null || !request.full)
      throw new LogwheelError("BAD_REQUEST", "a registration with `broker` has to be `full`");
    if (!BROKER_NAME.test(broker.name))
      throw new LogwheelError("BAD_REQUEST", `${JSON.stringify(broker.name)} is no broker name`);
    parseAddress(broker.address);
    const touched = routes.register(session, broker, request.topics, clock.monotonicMs());
    this.#registered.add(session);
    const { name, address, epoch } = broker;
    logger.info({ broker: name, address, epoch, topics: request.topics.length }, "broker registered");
    touch(touched);
    if (touched.replaced !== null) this.#drop(touched.replaced, name, address);
  }

  #drop(session: Session, name: string, address: string): void {
    const sentence = `broker ${name} has registered again from ${address}, and its newest registration holds`;
    this.#streams.get(session)?.fail(new LogwheelError("CONFLICT", sentence, { broker: name }));
  }

  #expire(session: Session): void {
    this.#leave(session, `was silent for ${this.#deps.expiryMs} ms`);
    const sentence = "the name server heard nothing for too long: register again";
    this.#streams.get(session)?.fail(new LogwheelError("TIMEOUT", sentence));
  }

  #onClose(session: Session, error: Error | null): void {
    this.#streams.delete(session);
    this.#leave(session, error === null ? "ended its registration" : `lost its connection: ${error.message}`);
  }

  #leave(session: Session, why: string): void {
    const { routes, logger, touch } = this.#deps;
    const broker = routes.brokerOf(session);
    if (broker === null) return;
    logger.info({ broker }, `broker left the routes: it ${why}`);
    touch(routes.leave(session));
  }
}
