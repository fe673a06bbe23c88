import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { Endpoints__Output } from "../../proto/gen/apache/rocketmq/v2/Endpoints.js";
import type { QueryAssignmentRequest__Output } from "../../proto/gen/apache/rocketmq/v2/QueryAssignmentRequest.js";
import type { QueryAssignmentResponse } from "../../proto/gen/apache/rocketmq/v2/QueryAssignmentResponse.js";
import type { QueryRouteRequest__Output } from "../../proto/gen/apache/rocketmq/v2/QueryRouteRequest.js";
import type { QueryRouteResponse } from "../../proto/gen/apache/rocketmq/v2/QueryRouteResponse.js";
import type { Resource__Output } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { CallContext, Channel, Connect, Handlers, Served } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { MESSAGING, MESSAGING_NAME } from "../../proto/kernel/rocketmq-contract.js";
import { Access, type AccessKey } from "./access.js";
import { BrokerChannels } from "./brokers.js";
import { clientIdOf, type GatewayClient, GatewayClients, namespaceOf } from "./clients.js";
import { Consumers } from "./consumers.js";
import { identified } from "./identified.js";
import { groupRefusal, nameOf, topicRefusal } from "./names.js";
import { Offsets } from "./offsets.js";
import { Pulls } from "./pulls.js";
import { recall } from "./recalls.js";
import { Receives } from "./receives.js";
import { brokerQueues, endpointsOf, isReadable, messageQueues, type RoutedShare } from "./route-answer.js";
import { noRoute, Sends } from "./sends.js";
import type { GroupRules } from "./settings.js";
import { Settlements } from "./settlements.js";
import { NO_LITE, OK, refusal, statusOf } from "./status.js";
import { Telemetry, type TelemetryDeps } from "./telemetry.js";
import { TopicRoutes, type TopicShare } from "./topic-routes.js";
import { producerGroup, Transactions } from "./transactions.js";

/** What a gateway stands on. */
export interface GatewayOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** For people, in the broker's list of producers. */
  readonly host: string;
  readonly connect: Connect;
  readonly nameServers: readonly Channel[];
  readonly bodyBytesMax: number;
  /** Every call has to be signed with it; undefined takes all calls. */
  readonly accessKey?: AccessKey | undefined;
  /** The broker that the gateway is part of. */
  readonly own?: {
    readonly broker: string;
    share(topic: string): TopicShare | undefined;
    /** Where clients find it. */
    address(): string;
  };
  groupRules(group: string): Promise<GroupRules>;
}

/** What clients of RocketMQ 5 call: translated into calls of brokers, here or elsewhere. Decides nothing itself. */
export class Gateway implements Lifecycle {
  readonly served: readonly Served[];
  readonly #options: GatewayOptions;
  readonly #clients: GatewayClients;
  readonly #routes: TopicRoutes;
  readonly #brokers: BrokerChannels;
  readonly #sends: Sends;
  readonly #transactions: Transactions;
  readonly #consumers: Consumers;
  readonly #receives: Receives;
  readonly #pulls: Pulls;
  readonly #offsets: Offsets;
  readonly #settlements: Settlements;
  readonly #telemetry = new Set<Telemetry>();

  constructor(options: GatewayOptions) {
    const { clock, nameServers, own, bodyBytesMax } = options;
    this.#options = options;
    this.#clients = new GatewayClients(clock, (client) => {
      this.#transactions.left(client);
      this.#consumers.end(client.id);
    });
    this.#brokers = new BrokerChannels(options.connect);
    this.#routes = new TopicRoutes({ clock, nameServers, own: (topic) => own?.share(topic) });
    const places = { routes: this.#routes, brokers: this.#brokers };
    this.#sends = new Sends({ ...places, bodyBytesMax, ownBroker: own?.broker, producerGroup });
    this.#transactions = new Transactions({ ...options, ...places, clients: this.#clients });
    this.#consumers = new Consumers({ ...options, ...places });
    this.#receives = new Receives({ ...places, clock, clients: this.#clients, consumers: this.#consumers });
    this.#pulls = new Pulls({ ...places, clock, clients: this.#clients });
    this.#offsets = new Offsets(places);
    this.#settlements = new Settlements(this.#consumers, this.#clients);
    const handlers = identified(this.#handlers());
    const access = options.accessKey && new Access(options.accessKey, options.logger);
    this.served = [
      { name: MESSAGING_NAME, service: MESSAGING, handlers: access?.guard(handlers) ?? handlers },
    ];
  }

  async start(): Promise<void> {
    await this.#clients.start();
    this.#transactions.start();
  }

  /** Before the server stops: clients that are on their way out do not hear errors any more, and would die of one. */
  drain(): void {
    for (const telemetry of this.#telemetry) telemetry.end();
  }

  async stop(): Promise<void> {
    await this.#clients.stop();
    this.#transactions.stop();
    this.#consumers.close();
    this.#brokers.close();
  }

  #handlers(): Handlers<typeof MESSAGING> {
    return {
      queryRoute: (request, call) => this.#queryRoute(request, namespaceOf(call)),
      queryAssignment: (request, call) => this.#queryAssignment(request, namespaceOf(call)),
      heartbeat: ({ group }, call) => ({ status: this.#hear(call, group).status }),
      telemetry: (stream, call) => {
        const { bodyBytesMax, groupRules } = this.#options;
        const rules = { bodyBytesMax };
        const settled: TelemetryDeps["settled"] = (client, namespace) =>
          this.#transactions.joined(client, namespace);
        const closed = (telemetry: Telemetry): void => void this.#telemetry.delete(telemetry);
        this.#telemetry.add(
          new Telemetry({ clients: this.#clients, rules, groupRules, settled, closed }, stream, call),
        );
      },
      notifyClientTermination: ({ group }, call) => {
        const { status, client } = this.#hear(call, group);
        if (client !== undefined) this.#clients.end(client);
        return { status };
      },
      sendMessage: (request, call) => this.#sends.send(request, namespaceOf(call)),
      endTransaction: async (request, call) => ({
        status: await this.#transactions.end(request, namespaceOf(call)),
      }),
      recallMessage: (request, call) =>
        recall({ routes: this.#routes, brokers: this.#brokers }, request, namespaceOf(call)),
      receiveMessage: (stream, call) => this.#receives.take(stream, call),
      ackMessage: (request, call) => this.#settlements.ack(request, call),
      changeInvisibleDuration: (request, call) => this.#settlements.hide(request, call),
      forwardMessageToDeadLetterQueue: async (request, call) => ({
        status: await this.#settlements.reject(request, call),
      }),
      pullMessage: (stream, call) => this.#pulls.take(stream, call),
      updateOffset: (request, call) => this.#offsets.commit(request, call),
      getOffset: (request, call) => this.#offsets.committed(request, call),
      queryOffset: (request, call) => this.#offsets.query(request, call),
      syncLiteSubscription: () => ({ status: NO_LITE }),
    };
  }

  async #queryRoute(request: QueryRouteRequest__Output, namespace: string): Promise<QueryRouteResponse> {
    const name = nameOf(request.topic, namespace);
    const wrong = topicRefusal(name);
    if (wrong !== undefined) return { status: wrong };
    try {
      const shares = await this.#routed(name, request.endpoints);
      if (shares.length === 0) return { status: noRoute(name) };
      return { status: OK, messageQueues: messageQueues(request.topic!, shares) };
    } catch (thrown) {
      return { status: statusOf(LogwheelError.from(thrown)) };
    }
  }

  async #queryAssignment(
    request: QueryAssignmentRequest__Output,
    namespace: string,
  ): Promise<QueryAssignmentResponse> {
    const name = nameOf(request.topic, namespace);
    const group = nameOf(request.group, namespace);
    const wrong = topicRefusal(name) ?? groupRefusal(group);
    if (wrong !== undefined) return { status: wrong };
    try {
      const all = await this.#routed(name, request.endpoints);
      if (all.length === 0) return { status: noRoute(name) };
      const shares = all.filter(({ topic }) => isReadable(topic));
      if (shares.length === 0)
        return { status: refusal(Code.FORBIDDEN, `topic ${name} has no readable queue`) };
      const { ordered } = await this.#options.groupRules(group);
      const queues = (ordered ? messageQueues : brokerQueues)(request.topic!, shares);
      return { status: OK, assignments: queues.map((messageQueue) => ({ messageQueue })) };
    } catch (thrown) {
      return { status: statusOf(LogwheelError.from(thrown)) };
    }
  }

  /** The own broker is found where the client has found it, through whatever network; the others where they say. */
  async #routed(topic: string, asked: Endpoints__Output | null): Promise<RoutedShare[]> {
    const shares = await this.#routes.of(topic);
    const { own } = this.#options;
    const here = (broker: string): boolean => own === undefined || broker === own.broker;
    return shares.map(({ broker, address, topic: at }) => ({
      broker,
      topic: at,
      endpoints:
        here(broker) && asked !== null ? asked : endpointsOf(here(broker) && own ? own.address() : address),
    }));
  }

  /** The client of a call, which may name its group. */
  #hear(
    call: CallContext,
    group: Resource__Output | null | undefined,
  ): { readonly status: Status; readonly client?: GatewayClient } {
    const client = this.#clients.heard(clientIdOf(call));
    if (client?.settings === undefined) {
      const status = refusal(Code.UNRECOGNIZED_CLIENT_TYPE, "the client has not told its settings yet");
      return client === undefined ? { status } : { status, client };
    }
    // Producers of some languages name an empty one.
    const wrong = group?.name ? groupRefusal(nameOf(group, namespaceOf(call))) : undefined;
    return wrong === undefined ? { status: OK, client } : { status: wrong };
  }
}
