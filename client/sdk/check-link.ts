import type { CheckReply__Output } from "../../proto/gen/logwheel/v1/CheckReply.js";
import type { CheckRequest } from "../../proto/gen/logwheel/v1/CheckRequest.js";
import type { Question__Output } from "../../proto/gen/logwheel/v1/Question.js";
import { backoffMs } from "../../proto/kernel/backoff.js";
import type { Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Connections } from "./connections.js";
import { pause } from "./pause.js";
import type { Routes } from "./routes.js";

const RECONNECT = { baseMs: 20, maxMs: 1_000 };
/** A restarted broker is called within this time, by all producers not at once. */
const KICK_MS_MAX = 100;

/** What a link stands on. */
export interface CheckLinkDeps {
  readonly broker: string;
  readonly group: string;
  readonly host: string;
  readonly connections: Connections;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
  /** The broker asks how a transaction ended; `answer` is for the stream on which it asked. */
  asked(question: Question__Output, answer: (decision: number) => void): void;
  /** The broker does not want this producer, or cannot be reached; it is tried again. */
  broken(error: LogwheelError): void;
}

type State =
  | {
      readonly is: "open";
      readonly stream: Stream<CheckRequest, CheckReply__Output>;
      readonly address: string;
    }
  | { readonly is: "waiting"; readonly cancel: () => void }
  | { readonly is: "closed" };

/** A `Check` stream to one broker that is opened again and again, so that its questions find this producer. */
export class CheckLink {
  readonly #deps: CheckLinkDeps;
  #state: State = { is: "waiting", cancel: () => {} };
  #failures = 0;
  #cancelPing: () => void = () => {};
  #heardMs = 0;

  constructor(deps: CheckLinkDeps) {
    this.#deps = deps;
    this.#open();
  }

  /** The broker was seen again: do not wait out the back-off. */
  kick(): void {
    if (this.#state.is !== "waiting") return;
    this.#state.cancel();
    this.#openAfter(this.#deps.random() * KICK_MS_MAX);
  }

  close(): void {
    const state = this.#state;
    this.#state = { is: "closed" };
    this.#cancelPing();
    if (state.is === "open") state.stream.end();
    if (state.is === "waiting") state.cancel();
  }

  #open(): void {
    const { routes, connections, broker, group, host } = this.#deps;
    try {
      const address = routes.broker(broker)?.address;
      if (address === undefined)
        throw new LogwheelError("BROKER_UNAVAILABLE", `broker ${broker} is not in the routes any more`);
      const stream = connections.open(address, BROKER.check);
      this.#state = { is: "open", stream, address };
      const still = (): boolean => this.#state.is === "open" && this.#state.stream === stream;
      stream.listen({
        message: (reply) => {
          if (still()) this.#take(stream, address, reply);
        },
        close: (closed) => {
          if (still())
            this.#broken(
              address,
              closed ?? new LogwheelError("CONNECTION_LOST", `${broker} ended the stream`),
            );
        },
      });
      stream.write({ hello: { producerGroup: group, host, processId: process.pid } });
    } catch (thrown) {
      this.#broken(undefined, LogwheelError.from(thrown));
    }
  }

  #take(stream: Stream<CheckRequest, CheckReply__Output>, address: string, reply: CheckReply__Output): void {
    this.#heardMs = this.#deps.clock.monotonicMs();
    this.#deps.connections.up(address);
    if (reply.reply === "welcome") {
      this.#failures = 0;
      const { heartbeatMs, expiryMs } = reply.welcome!;
      this.#ping(stream, address, heartbeatMs, expiryMs);
    } else if (reply.reply === "question") {
      const question = reply.question!;
      const { transactionId, topic } = question;
      this.#deps.asked(question, (decision) => {
        if (this.#state.is === "open" && this.#state.stream === stream)
          stream.write({ answer: { transactionId, topic, decision: decision as 0 | 1 | 2 } });
      });
    }
  }

  /** Shows that this producer lives, and notices when the broker does not answer any more. */
  #ping(
    stream: Stream<CheckRequest, CheckReply__Output>,
    address: string,
    heartbeatMs: number,
    expiryMs: number,
  ): void {
    const { clock, broker } = this.#deps;
    this.#cancelPing();
    this.#cancelPing = clock.after(heartbeatMs, () => {
      if (clock.monotonicMs() - this.#heardMs > expiryMs) {
        stream.end();
        this.#broken(address, new LogwheelError("CONNECTION_LOST", `broker ${broker} is silent`));
        return;
      }
      stream.write({ ping: {} });
      this.#ping(stream, address, heartbeatMs, expiryMs);
    });
  }

  #broken(address: string | undefined, thrown: Error): void {
    const error = LogwheelError.from(thrown);
    this.#cancelPing();
    if (address !== undefined) this.#deps.connections.down(address, error);
    this.#failures++;
    this.#openAfter(backoffMs(this.#failures, RECONNECT, this.#deps.random));
    this.#deps.broken(error);
  }

  #openAfter(delayMs: number): void {
    const cancel = pause(this.#deps.clock, delayMs, () => this.#open());
    this.#state = { is: "waiting", cancel };
  }
}
