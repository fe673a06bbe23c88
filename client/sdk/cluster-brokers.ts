import type { BrokerInfo__Output } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { Method } from "../../proto/kernel/channel.js";
import { NAME_SERVER } from "../../proto/kernel/contract.js";
import { type ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";
import type { Connections } from "./connections.js";
import type { Routes } from "./routes.js";
import type { CallOptions } from "./types.js";

/** What one broker answered. */
export interface Answer<R> {
  readonly broker: string;
  readonly address: string;
  readonly reply?: R;
  readonly error?: LogwheelError;
}

/** An answer without an error. */
export type GoodAnswer<R> = Answer<R> & { readonly reply: R };

/** The brokers that the name servers know, to be asked one by one or all at once. */
export class ClusterBrokers {
  readonly #routes: Routes;
  readonly #connections: Connections;
  readonly #timeoutMs: number;

  constructor(routes: Routes, connections: Connections, timeoutMs: number) {
    this.#routes = routes;
    this.#connections = connections;
    this.#timeoutMs = timeoutMs;
  }

  /** By name. BROKER_UNAVAILABLE if there is none. */
  async list(options: CallOptions = {}): Promise<BrokerInfo__Output[]> {
    const { brokers } = await this.#routes.call(NAME_SERVER.listBrokers, {}, pick(options));
    const infos = brokers.flatMap(({ info }) => info ?? []);
    if (infos.length === 0)
      throw new LogwheelError("BROKER_UNAVAILABLE", "no broker is registered at the name server: start one");
    return infos.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** One broker by name; BROKER_NOT_FOUND if the name server does not know it. */
  async find(name: string, options: CallOptions = {}): Promise<BrokerInfo__Output> {
    const found = (await this.list(options)).find((info) => info.name === name);
    if (found !== undefined) return found;
    throw new LogwheelError("BROKER_NOT_FOUND", `no broker ${name} is registered at the name server`, {
      broker: name,
    });
  }

  /** Asks one broker; its errors name it. */
  async call<Q, QOut, R, ROut>(
    broker: { readonly name: string; readonly address: string },
    method: Method<Q, QOut, R, ROut>,
    request: Q,
    options: CallOptions = {},
  ): Promise<ROut> {
    try {
      return await this.#connections.call(broker.address, method, request, {
        timeoutMs: this.#timeoutMs,
        ...pick(options),
      });
    } catch (thrown) {
      const error = LogwheelError.from(thrown);
      throw new LogwheelError(error.code, error.message, {
        ...error.details,
        sent: error.sent,
        broker: broker.name,
      });
    }
  }

  /** Asks several brokers at the same time; `requestFor` may pass over one with null. Never rejects for one broker. */
  async ask<Q, QOut, R, ROut>(
    brokers: readonly BrokerInfo__Output[],
    method: Method<Q, QOut, R, ROut>,
    requestFor: (broker: BrokerInfo__Output) => Q | null,
    options: CallOptions = {},
  ): Promise<Answer<ROut>[]> {
    const asked = brokers.flatMap((broker) => {
      const request = requestFor(broker);
      return request === null ? [] : [{ broker, request }];
    });
    return Promise.all(
      asked.map(async ({ broker, request }) => {
        const who = { broker: broker.name, address: broker.address };
        try {
          return { ...who, reply: await this.call(broker, method, request, options) };
        } catch (thrown) {
          return { ...who, error: LogwheelError.from(thrown) };
        }
      }),
    );
  }
}

/** The first answer with an error that is not `allowed`; if all have that, the first. */
export function worstAnswer<R>(answers: readonly Answer<R>[], allowed?: ErrorCode): Answer<R> | undefined {
  const bad = answers.filter(({ error }) => error !== undefined);
  const all = bad.length === answers.length;
  return bad.find(({ error }) => error!.code !== allowed) ?? (all ? bad[0] : undefined);
}

/** The good answers. Throws the worst error, saying where it was done. */
export function goodAnswers<R>(answers: readonly Answer<R>[], allowed?: ErrorCode): GoodAnswer<R>[] {
  const good = answers.filter((answer): answer is GoodAnswer<R> => answer.error === undefined);
  const worst = worstAnswer(answers, allowed);
  if (worst === undefined) return good;
  const error = worst.error!;
  if (good.length === 0) throw error;
  const done = good.map(({ broker }) => broker).join(", ");
  throw new LogwheelError(error.code, `broker ${worst.broker}: ${error.message} (done on ${done})`, {
    ...error.details,
    sent: "yes",
  });
}

function pick({ signal, timeoutMs }: CallOptions): CallOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}
