import type { Assigned__Output } from "../gen/logwheel/v1/Assigned.js";
import type { ConsumeRequest } from "../gen/logwheel/v1/ConsumeRequest.js";
import type { Hello } from "../gen/logwheel/v1/Hello.js";
import type { QueueAck } from "../gen/logwheel/v1/QueueAck.js";
import type { Welcome__Output } from "../gen/logwheel/v1/Welcome.js";
import type { CallOptions, Method, Stream } from "./channel.js";
import type { Clock } from "./clock.js";
import type { ConsumeEvent, RecordBatch } from "./consume-codec.js";
import { BROKER } from "./contract.js";
import { LogwheelError } from "./errors.js";
import { errorOf } from "./failure.js";

/** Until the welcome says otherwise. */
const HEARTBEAT_MS = 3_000;
const EXPIRY_MS = 10_000;

/** Where streams come from, and who wants to know whether a server answers. */
export interface SessionConnections {
  open<Q, QOut, R, ROut>(
    address: string,
    method: Method<Q, QOut, R, ROut>,
    options?: CallOptions,
  ): Stream<Q, ROut>;
  up(address: string): void;
  down(address: string, error: LogwheelError): void;
}

/** What a session tells. Calls come in the order in which things happened; after `closed` none comes. */
export interface SessionEvents {
  welcomed(welcome: Welcome__Output): void;
  /** All queues that the member has now. */
  assigned(queues: readonly Assigned__Output[], note: string): void;
  arrived(batch: RecordBatch): void;
  /** The acknowledgements up to `serial` were taken, but for `failures`. */
  acked(serial: number, failures: readonly LogwheelError[]): void;
  leaseLost(lease: { topic: string; queueId: number; offset: number; attempt: number }): void;
  /** The group was paused, or goes on. */
  paused(paused: boolean): void;
  /** The broker is going to stop. */
  draining(): void;
  closed(error: LogwheelError): void;
}

/** One `Consume` stream, from the hello to its end: speaks, pings, and notices when nobody answers. */
export class ConsumeSession {
  readonly #clock: Clock;
  readonly #connections: SessionConnections;
  readonly #address: string;
  readonly #events: SessionEvents;
  readonly #stream: Stream<ConsumeRequest, ConsumeEvent>;
  readonly #pongs: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #cancelPing: (() => void) | null = null;
  #heartbeatMs = HEARTBEAT_MS;
  #expiryMs = EXPIRY_MS;
  #heardMs: number;
  #serial = 0;
  #failures = 0;
  #over = false;

  /** Opens the stream. Throws what opening it throws; later failures come as `closed`. */
  constructor(
    deps: { readonly clock: Clock; readonly connections: SessionConnections },
    address: string,
    hello: Hello,
    events: SessionEvents,
  ) {
    this.#clock = deps.clock;
    this.#connections = deps.connections;
    this.#address = address;
    this.#events = events;
    this.#heardMs = this.#clock.monotonicMs();
    this.#stream = deps.connections.open(address, BROKER.consume);
    this.#stream.listen({
      message: (event) => this.#hear(event),
      close: (error) => this.#close(error),
    });
    this.#stream.write({ hello });
    this.#keepAlive();
  }

  credit(amount: { readonly messages: number; readonly bytes: number; readonly anew?: boolean }): void {
    this.#write({ credit: amount });
  }

  /** Returns the serial under which the answer comes; `awaited`: somebody does nothing before it. */
  ack(queues: QueueAck[], awaited = false): number {
    this.#serial++;
    this.#write({ acks: { serial: this.#serial, queues, awaited } });
    return this.#serial;
  }

  /** How many nacks were written. */
  get failures(): number {
    return this.#failures;
  }

  nack(nack: NonNullable<ConsumeRequest["nack"]>): void {
    this.#failures++;
    this.#write({ nack });
  }

  extend(extend: NonNullable<ConsumeRequest["extend"]>): void {
    this.#write({ extend });
  }

  released(released: NonNullable<ConsumeRequest["released"]>): void {
    this.#write({ released });
  }

  /** Resolves when the broker has worked off everything said before; rejects if the stream ends first. */
  roundTrip(): Promise<void> {
    if (this.#over)
      return Promise.reject(new LogwheelError("CONNECTION_LOST", `no stream to ${this.#address}`));
    return new Promise((resolve, reject) => {
      this.#pongs.push({ resolve, reject });
      this.#write({ ping: {} });
    });
  }

  /** Leaves the group for good. */
  leave(): void {
    if (this.#over) return;
    this.#finish(new LogwheelError("CLOSED", "the consumer left the group"));
    this.#stream.end();
  }

  /** Gives up the stream, but not the membership: the broker waits a while for the member to come back. */
  fail(error: LogwheelError): void {
    if (this.#over) return;
    this.#finish(error);
    this.#stream.fail(error);
    this.#connections.down(this.#address, error);
    this.#events.closed(error);
  }

  #write(request: ConsumeRequest): void {
    if (!this.#over) this.#stream.write(request);
  }

  #hear(event: ConsumeEvent): void {
    if (this.#over) return;
    this.#heardMs = this.#clock.monotonicMs();
    try {
      this.#take(event);
    } catch (thrown) {
      const cause = LogwheelError.from(thrown);
      const what = `${this.#address} sent something to a consumer that makes no sense: ${cause.message}`;
      this.fail(new LogwheelError("PROTOCOL", what, { cause }));
    }
  }

  #take(event: ConsumeEvent): void {
    switch (event.reply) {
      case "batch":
        return this.#events.arrived(event.batch);
      case "acked":
        return this.#events.acked(event.acked.serial, event.acked.failures.map(errorOf));
      case "welcome":
        this.#heartbeatMs = event.welcome.heartbeatMs || HEARTBEAT_MS;
        this.#expiryMs = event.welcome.expiryMs || EXPIRY_MS;
        this.#connections.up(this.#address);
        this.#keepAlive();
        return this.#events.welcomed(event.welcome);
      case "assignment":
        return this.#events.assigned(event.assignment.queues, event.assignment.note);
      case "leaseLost":
        return this.#events.leaseLost(event.leaseLost);
      case "pause":
        return this.#events.paused(event.pause.paused);
      case "pong":
        return this.#pongs.shift()?.resolve();
      case "draining":
        return this.#events.draining();
      case "unknown":
        return;
    }
  }

  /** Pings at every heartbeat; a broker that answers nothing for the expiry time is as good as gone. */
  #keepAlive(): void {
    this.#cancelPing?.();
    this.#cancelPing = this.#clock.after(this.#heartbeatMs, () => {
      const silentMs = this.#clock.monotonicMs() - this.#heardMs;
      if (silentMs >= this.#expiryMs)
        return this.fail(
          new LogwheelError(
            "CONNECTION_LOST",
            `${this.#address} has been silent for ${Math.round(silentMs)} ms`,
          ),
        );
      this.roundTrip().catch(() => {});
      this.#keepAlive();
    });
  }

  #close(closed: Error | null): void {
    if (this.#over) return;
    const error = LogwheelError.from(
      closed ?? new LogwheelError("CONNECTION_LOST", `${this.#address} ended the stream`),
    );
    this.#finish(error);
    this.#connections.down(this.#address, error);
    this.#events.closed(error);
  }

  #finish(error: LogwheelError): void {
    this.#over = true;
    this.#cancelPing?.();
    for (const { reject } of this.#pongs.splice(0)) reject(error);
  }
}
