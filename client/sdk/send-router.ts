import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { pause } from "../../proto/kernel/pause.js";
import type { PendingSend } from "./pending-send.js";
import type { Publisher } from "./publisher.js";
import type { Routes } from "./routes.js";
import { RoutePlaces, SendRoute } from "./send-route.js";

/** How often the name servers are asked for a topic that a send has just made. */
const MADE_POLL_MS = 20;

/** Of a send whose caller has stopped waiting: it is let go of. */
const ABANDONED = new LogwheelError("ABORTED", "the caller has stopped waiting", { sent: "no" });

/** What a router stands on. */
export interface SendRouterDeps {
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly requestTimeoutMs: number;
  /** Messages wait for a broker however long it takes. */
  readonly patient: boolean;
  publisherOf(broker: string): Publisher;
  /** The message cannot go anywhere. */
  failed(send: PendingSend, error: LogwheelError): void;
}

/**
 * Brings each message to the publisher of the broker that its queue is on. Messages for a topic whose route is being asked
 * for wait in their order; those for a topic that nobody has wait while the first of them makes it.
 */
export class SendRouter {
  readonly #deps: SendRouterDeps;
  readonly #publishers = new Map<string, Publisher>();
  readonly #ways = new Map<string, SendRoute>();
  readonly #places = new RoutePlaces((broker) => this.#publisher(broker));
  /** Messages that wait for a route. */
  readonly #waiting = new Map<string, PendingSend[]>();
  /** Messages for topics whose brokers are all away. */
  readonly #held = new Map<string, { readonly sends: PendingSend[]; readonly cancel: () => void }>();
  readonly #stopListening: () => void;
  #closed = false;

  constructor(deps: SendRouterDeps) {
    this.#deps = deps;
    this.#stopListening = deps.routes.onChange((topic) => this.#onRouteChange(topic));
  }

  get publishers(): Iterable<Publisher> {
    return this.#publishers.values();
  }

  /** Gives the message to a publisher, now or when its topic's route is known. */
  route(send: PendingSend): void {
    const way = this.#ways.get(send.topic);
    if (way === undefined) this.#await(send);
    else this.#go(way, send);
  }

  /** The same after asking for a new route. */
  reroute(send: PendingSend): void {
    this.#ways.delete(send.topic);
    this.#await(send, true);
  }

  close(error: LogwheelError): void {
    this.#closed = true;
    this.#stopListening();
    for (const sends of this.#waiting.values()) for (const send of sends) this.#deps.failed(send, error);
    this.#waiting.clear();
    for (const topic of [...this.#held.keys()])
      for (const send of this.#unhold(topic)) this.#deps.failed(send, error);
    for (const publisher of this.#publishers.values()) publisher.close(error);
  }

  #go(way: SendRoute, send: PendingSend): void {
    try {
      const { publisher, queueId } = way.choose(send);
      send.queueId = queueId;
      if (send.orderingKey && queueId !== undefined && send.lane === null)
        publisher.lane(send.topic, queueId).enter(send);
      publisher.add(send);
    } catch (thrown) {
      const error = LogwheelError.from(thrown);
      if (error.code === "BROKER_UNAVAILABLE") this.#hold(send, error);
      else this.#deps.failed(send, error);
    }
  }

  /**
   * Every broker that has the topic is away: one may be back within the time that a request has, or, for the patient,
   * at any time. Those whose callers have stopped waiting are let go of when that time is over.
   */
  #hold(send: PendingSend, error: LogwheelError): void {
    const { topic } = send;
    const held = this.#held.get(topic);
    if (held !== undefined) {
      held.sends.push(send);
      return;
    }
    const { clock, requestTimeoutMs, patient, failed } = this.#deps;
    const cancel = pause(clock, requestTimeoutMs, () => {
      for (const late of this.#unhold(topic))
        if (patient && !late.settled) this.#hold(late, error);
        else failed(late, error);
    });
    this.#held.set(topic, { sends: [send], cancel });
  }

  #unhold(topic: string): PendingSend[] {
    const held = this.#held.get(topic);
    this.#held.delete(topic);
    held?.cancel();
    return held?.sends ?? [];
  }

  /** A broker is back, or another one has the topic: those that still find nobody wait on as long as they would have. */
  #retryHeld(topic: string): void {
    const held = this.#held.get(topic);
    const way = this.#ways.get(topic);
    if (held === undefined || way === undefined) return;
    for (const send of held.sends.splice(0)) this.#go(way, send);
    if (held.sends.length === 0) this.#unhold(topic);
  }

  #await(send: PendingSend, anew = false): void {
    if (this.#closed) return this.#deps.failed(send, new LogwheelError("CLOSED", "the producer is closed"));
    const sends = this.#waiting.get(send.topic);
    if (sends !== undefined) {
      sends.push(send);
      return;
    }
    this.#waiting.set(send.topic, [send]);
    const { routes } = this.#deps;
    (anew ? routes.refresh(send.topic) : routes.find(send.topic)).then(
      () => this.#onFound(send.topic),
      (thrown: unknown) => this.#failWaiting(send.topic, LogwheelError.from(thrown)),
    );
  }

  #onFound(topic: string): void {
    const route = this.#deps.routes.route(topic);
    const sends = this.#waiting.get(topic);
    if (sends === undefined) return;
    const way = this.#makeWay(topic);
    if (route !== undefined && route.shares.length === 0 && this.#deps.routes.makers.length > 0)
      return this.#make(topic, way, sends);
    this.#release(topic, way);
  }

  /** The first message makes the topic; then the others know its queues. */
  #make(topic: string, way: SendRoute, sends: PendingSend[]): void {
    let maker = sends.shift();
    for (; maker?.settled; maker = sends.shift()) this.#deps.failed(maker, ABANDONED);
    if (maker === undefined) return this.#release(topic, way);
    const { resolve, reject } = maker;
    maker.resolve = (outcome) => {
      resolve(outcome);
      this.#awaitMade(topic, this.#deps.clock.monotonicMs() + this.#deps.requestTimeoutMs);
    };
    maker.reject = (error) => {
      reject(error);
      if (this.#waiting.has(topic)) this.#make(topic, way, sends);
    };
    this.#go(way, maker);
  }

  /** Polls, because nobody says how long a name server takes to hear of the topic. */
  #awaitMade(topic: string, untilMs: number): void {
    const { routes, clock } = this.#deps;
    if (!this.#waiting.has(topic)) return;
    routes.refresh(topic).then(
      (route) => {
        if (route.shares.length > 0 || clock.monotonicMs() >= untilMs)
          this.#release(topic, this.#makeWay(topic));
        else clock.after(MADE_POLL_MS, () => this.#awaitMade(topic, untilMs));
      },
      () => this.#release(topic, this.#makeWay(topic)),
    );
  }

  #release(topic: string, way: SendRoute): void {
    const sends = this.#waiting.get(topic) ?? [];
    this.#waiting.delete(topic);
    if (this.#closed) return;
    const made = (this.#deps.routes.route(topic)?.shares.length ?? 0) > 0;
    if (made) this.#ways.set(topic, way);
    for (const send of sends) this.#go(way, send);
  }

  #failWaiting(topic: string, error: LogwheelError): void {
    const sends = this.#waiting.get(topic) ?? [];
    this.#waiting.delete(topic);
    for (const send of sends) this.#deps.failed(send, error);
  }

  #onRouteChange(topic: string): void {
    if (this.#ways.has(topic)) this.#ways.set(topic, this.#makeWay(topic));
    for (const publisher of this.#publishers.values()) publisher.kick();
    this.#retryHeld(topic);
  }

  #makeWay(topic: string): SendRoute {
    const { routes, random } = this.#deps;
    const route = routes.route(topic) ?? { topic, shares: [] };
    return new SendRoute(topic, this.#places.of(route, routes.makers), random());
  }

  #publisher(broker: string): Publisher {
    let publisher = this.#publishers.get(broker);
    if (publisher === undefined) {
      publisher = this.#deps.publisherOf(broker);
      this.#publishers.set(broker, publisher);
    }
    return publisher;
  }
}
