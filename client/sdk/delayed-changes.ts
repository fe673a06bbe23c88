import type { ChangeDelayedRequest } from "../../proto/gen/logwheel/v1/ChangeDelayedRequest.js";
import { DelayedChange } from "../../proto/gen/logwheel/v1/DelayedChange.js";
import { DueAnswer as Answered } from "../../proto/gen/logwheel/v1/DueAnswer.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { BROKER, NAME_SERVER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import type { Connections } from "./connections.js";
import { type DueAnswer, type DueTime, sentDue } from "./due.js";
import { DEFAULT_RETRY, retryDelayMs } from "./retry.js";
import type { Routes } from "./routes.js";
import type { CallOptions, RetryPolicy } from "./types.js";

/** What changes stand on. */
export interface DelayedChangesDeps {
  readonly connections: Connections;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly requestTimeoutMs: number;
  readonly policy?: Required<RetryPolicy>;
}

const ANSWERS: Partial<Record<Answered, DueAnswer>> = {
  [Answered.DUE_ANSWER_DONE]: "done",
  [Answered.DUE_ANSWER_ALREADY_DELIVERED]: "already-delivered",
  [Answered.DUE_ANSWER_NOT_FOUND]: "not-found",
};

/** Changes delayed messages by their handles, each of which names its broker. */
export class DelayedChanges {
  readonly #deps: DelayedChangesDeps;

  constructor(deps: DelayedChangesDeps) {
    this.#deps = deps;
  }

  /** It is not delivered. Asking again changes nothing. */
  cancel(handle: string, options?: CallOptions): Promise<DueAnswer> {
    return this.#change({ handle, change: DelayedChange.DELAYED_CHANGE_CANCEL }, options);
  }

  /** It is delivered at another time. */
  async reschedule(handle: string, due: DueTime, options?: CallOptions): Promise<DueAnswer> {
    const change = DelayedChange.DELAYED_CHANGE_RESCHEDULE;
    return this.#change({ handle, change, ...sentDue(due) }, options);
  }

  /** It is delivered at once. */
  deliverNow(handle: string, options?: CallOptions): Promise<DueAnswer> {
    return this.#change({ handle, change: DelayedChange.DELAYED_CHANGE_DELIVER_NOW }, options);
  }

  /** Asks again where it is not known whether the broker has heard. */
  async #change(request: ChangeDelayedRequest, options: CallOptions = {}): Promise<DueAnswer> {
    const { clock, random, policy = DEFAULT_RETRY } = this.#deps;
    const broker = brokerOf(request.handle!);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#ask(broker, request, options);
      } catch (thrown) {
        const error = LogwheelError.from(thrown);
        if (error.retry === "never" || attempt >= policy.attempts || options.signal?.aborted)
          throw new LogwheelError(error.code, error.message, { ...error.details, sent: error.sent, broker });
        const delayMs = retryDelayMs(policy, attempt, error.details.retryAfterMs ?? 0, random);
        await clock.sleep(delayMs, options.signal);
      }
    }
  }

  async #ask(broker: string, request: ChangeDelayedRequest, options: CallOptions): Promise<DueAnswer> {
    const { connections, requestTimeoutMs } = this.#deps;
    const call = { timeoutMs: requestTimeoutMs, ...options };
    const address = await this.#addressOf(broker, call);
    const { answer } = await connections.call(address, BROKER.changeDelayed, request, call);
    const known = ANSWERS[answer];
    if (known !== undefined) return known;
    throw new LogwheelError("PROTOCOL", `the broker answered ${answer}, which this version does not know`);
  }

  async #addressOf(name: string, options: CallOptions): Promise<string> {
    const { routes } = this.#deps;
    const known = routes.broker(name);
    if (known !== undefined) return known.address;
    const { brokers } = await routes.call(NAME_SERVER.listBrokers, {}, options);
    const found = brokers.find(({ info }) => info?.name === name)?.info;
    if (found) return found.address;
    throw new LogwheelError("BROKER_NOT_FOUND", `no broker ${name} is registered at the name server`, {
      broker: name,
    });
  }
}

function brokerOf(handle: string): string {
  const place = typeof handle === "string" ? parseMessageId(handle) : undefined;
  if (place !== undefined) return place.broker;
  throw new LogwheelError(
    "BAD_REQUEST",
    `${JSON.stringify(handle)} is no handle such as broker-a-1-4096: give the one in the receipt of the delayed message`,
  );
}
