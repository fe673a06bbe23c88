import type { DescribeBrokerReply__Output } from "../../proto/gen/logwheel/v1/DescribeBrokerReply.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import { NAME_SERVER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type {
  Admin,
  BrokerDescription,
  BrokerSilence,
  ClusterDescription,
  ClusterHealth,
} from "./admin-types.js";
import type { ClusterBrokers } from "./cluster-brokers.js";
import type { Connections } from "./connections.js";
import type { CallOptions } from "./types.js";

/** The cluster as a whole. */
export class ClusterAdmin implements NonNullable<Admin["cluster"]> {
  readonly #brokers: ClusterBrokers;
  readonly #connections: Connections;
  readonly #endpoints: readonly string[];
  readonly #timeoutMs: number;

  constructor(
    brokers: ClusterBrokers,
    connections: Connections,
    endpoints: readonly string[],
    timeoutMs: number,
  ) {
    this.#brokers = brokers;
    this.#connections = connections;
    this.#endpoints = endpoints;
    this.#timeoutMs = timeoutMs;
  }

  async describe(options: CallOptions = {}): Promise<ClusterDescription> {
    const [nameServers, infos] = await Promise.all([this.#nameServers(options), this.#list(options)]);
    const answers = await this.#brokers.ask(infos, ADMIN.describeBroker, () => ({}), options);
    const brokers: BrokerDescription[] = [];
    const unreachable: BrokerSilence[] = [];
    for (const { broker, address, reply, error } of answers)
      if (reply !== undefined) brokers.push(descriptionOf(reply));
      else unreachable.push({ name: broker, address, code: error!.code, message: error!.message });
    return { nameServers, brokers, unreachable };
  }

  async health(options: CallOptions = {}): Promise<ClusterHealth> {
    const { nameServers, brokers, unreachable } = await this.describe(options);
    const problems = [
      ...nameServers.flatMap(({ address, reachable }) =>
        reachable ? [] : [`name server ${address} does not answer`],
      ),
      ...(brokers.length + unreachable.length === 0 ? ["no broker is registered"] : []),
      ...unreachable.map(
        ({ name, address, message }) => `broker ${name} at ${address} does not answer: ${message}`,
      ),
      ...brokers.flatMap(({ name, state }) => (state === "serving" ? [] : [`broker ${name} is ${state}`])),
      ...brokers.flatMap(({ name, nameServers: known }) =>
        known.flatMap(({ address, connected }) =>
          connected ? [] : [`broker ${name} does not reach name server ${address}`],
        ),
      ),
    ];
    return { healthy: problems.length === 0, problems };
  }

  /** None is a finding here, not an error. */
  async #list(options: CallOptions) {
    try {
      return await this.#brokers.list(options);
    } catch (thrown) {
      if (LogwheelError.is(thrown, "BROKER_UNAVAILABLE")) return [];
      throw thrown;
    }
  }

  #nameServers(options: CallOptions): Promise<{ address: string; reachable: boolean }[]> {
    return Promise.all(
      this.#endpoints.map(async (address) => {
        const call = this.#connections.call(
          address,
          NAME_SERVER.getRoutes,
          {},
          { timeoutMs: this.#timeoutMs, ...options },
        );
        return call.then(
          () => ({ address, reachable: true }),
          () => ({ address, reachable: false }),
        );
      }),
    );
  }
}

function descriptionOf({ flushSync, startedAtMs, ...rest }: DescribeBrokerReply__Output): BrokerDescription {
  return { ...rest, flush: flushSync ? "sync" : "async", startedAt: new Date(startedAtMs) };
}
