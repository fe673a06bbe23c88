import type { CheckReply__Output } from "../gen/logwheel/v1/CheckReply.js";
import type { CheckRequest } from "../gen/logwheel/v1/CheckRequest.js";
import type { Question__Output } from "../gen/logwheel/v1/Question.js";
import { backoffMs } from "./backoff.js";
import type { Stream } from "./channel.js";
import type { Clock } from "./clock.js";
import { LogwheelError } from "./errors.js";
import { pause } from "./pause.js";

const RECONNECT = { baseMs: 20, maxMs: 1_000 };
/** A restarted broker is called within this time, by all producers not at once. */
const KICK_MS_MAX = 100;

/** A stream to a broker, and who wants to know whether that answers. */
export interface CheckStream {
  readonly stream: Stream<CheckRequest, CheckReply__Output>;
  heard?(): void;
  lost?(error: LogwheelError): void;
}

/** What a link stands on. */
export interface CheckLinkDeps {
  readonly broker: string;
  readonly group: string;
  readonly host: string;
  /** Opens a stream to where the broker is now. Throws while that is not known. */
  open(): CheckStream;
  readonly clock: Clock;
  readonly random: () => number;
  /** The broker asks how a transaction ended; `answer` is for the stream on which it asked. */
  asked(question: Question__Output, answer: (decision: number) => void): void;
  /** The broker does not want this producer, or cannot be reached; it is tried again. */
  broken(error: LogwheelError): void;
}

type State =
  | { readonly is: "open"; readonly opened: CheckStream }
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
    if (state.is === "open") state.opened.stream.end();
    if (state.is === "waiting") state.cancel();
  }

  #open(): void {
    const { broker, group, host } = this.#deps;
    try {
      const opened = this.#deps.open();
      this.#state = { is: "open", opened };
      opened.stream.listen({
        message: (reply) => {
          if (this.#isOpen(opened)) this.#take(opened, reply);
        },
        close: (closed) => {
          if (!this.#isOpen(opened)) return;
          this.#broken(opened, closed ?? new LogwheelError("CONNECTION_LOST", `${broker} ended the stream`));
        },
      });
      opened.stream.write({ hello: { producerGroup: group, host, processId: process.pid } });
    } catch (thrown) {
      this.#broken(undefined, LogwheelError.from(thrown));
    }
  }

  #isOpen(opened: CheckStream): boolean {
    return this.#state.is === "open" && this.#state.opened === opened;
  }

  #take(opened: CheckStream, reply: CheckReply__Output): void {
    this.#heardMs = this.#deps.clock.monotonicMs();
    opened.heard?.();
    if (reply.reply === "welcome") {
      this.#failures = 0;
      const { heartbeatMs, expiryMs } = reply.welcome!;
      this.#ping(opened, heartbeatMs, expiryMs);
    } else if (reply.reply === "question") {
      const question = reply.question!;
      const { transactionId, topic } = question;
      this.#deps.asked(question, (decision) => {
        if (this.#isOpen(opened))
          opened.stream.write({ answer: { transactionId, topic, decision: decision as 0 | 1 | 2 } });
      });
    }
  }

  /** Shows that this producer lives, and notices when the broker does not answer any more. */
  #ping(opened: CheckStream, heartbeatMs: number, expiryMs: number): void {
    const { clock, broker } = this.#deps;
    this.#cancelPing();
    this.#cancelPing = clock.after(heartbeatMs, () => {
      if (clock.monotonicMs() - this.#heardMs > expiryMs) {
        opened.stream.end();
        this.#broken(opened, new LogwheelError("CONNECTION_LOST", `broker ${broker} is silent`));
        return;
      }
      opened.stream.write({ ping: {} });
      this.#ping(opened, heartbeatMs, expiryMs);
    });
  }

  #broken(opened: CheckStream | undefined, thrown: Error): void {
    const error = LogwheelError.from(thrown);
    this.#cancelPing();
    opened?.lost?.(error);
    this.#failures++;
    this.#openAfter(backoffMs(this.#failures, RECONNECT, this.#deps.random));
    this.#deps.broken(error);
  }

  #openAfter(delayMs: number): void {
    const cancel = pause(this.#deps.clock, delayMs, () => this.#open());
    this.#state = { is: "waiting", cancel };
  }
}
