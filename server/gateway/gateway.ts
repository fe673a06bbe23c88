import { ClientType } from "../../proto/gen/apache/rocketmq/v2/ClientType.js";
import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { Endpoints__Output } from "../../proto/gen/apache/rocketmq/v2/Endpoints.js";
import type { QueryAssignmentRequest__Output } from "../../proto/gen/apache/rocketmq/v2/QueryAssignmentRequest.js";
import type { QueryAssignmentResponse } from "../../proto/gen/apache/rocketmq/v2/QueryAssignmentResponse.js";
import type { QueryRouteRequest__Output } from "../../proto/gen/apache/rocketmq/v2/QueryRouteRequest.js";
import type { QueryRouteResponse } from "../../proto/gen/apache/rocketmq/v2/QueryRouteResponse.js";
import type { Resource__Output } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { CallContext, Handlers, Served } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { MESSAGING, MESSAGING_NAME } from "../../proto/kernel/rocketmq-contract.js";
import { Access, type AccessKey } from "./access.js";
import type { BrokerChannels } from "./brokers.js";
import { ClientAdmin } from "./client-admin.js";
import { ClientCommands } from "./client-commands.js";
import { clientIdOf, type GatewayClient, GatewayClients, namespaceOf } from "./clients.js";
import { Consumers } from "./consumers.js";
import { identified } from "./identified.js";
import type { NameServers } from "./name-servers.js";
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
  /** Closed with the gateway. */
  readonly brokers: BrokerChannels;
  /** Closed with the gateway. */
  readonly nameServers: NameServers;
  readonly bodyBytesMax: number;
  /** Every call has to be signed with it; undefined takes all calls. */
  readonly accessKey?: AccessKey | undefined;
  /** The broker that the gateway is part of, if it is. */
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
  /** What administrators ask about the clients here. */
  readonly admin: ClientAdmin;
  readonly #options: GatewayOptions;
  readonly #clients: GatewayClients;
  readonly #commands: ClientCommands;
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
    const { clock, nameServers, brokers, own, bodyBytesMax } = options;
    this.#options = options;
    this.#brokers = brokers;
    this.#clients = new GatewayClients(clock, (client) => {
      this.#transactions.left(client);
      this.#consumers.end(client.id);
    });
    this.#commands = new ClientCommands(options);
    this.#routes = new TopicRoutes({ clock, nameServers, own: (topic) => own?.share(topic) });
    const places = { routes: this.#routes, brokers };
    this.admin = new ClientAdmin({ ...places, clock, clients: this.#clients, commands: this.#commands });
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

  /** Who is there, for metrics. */
  get counts(): { readonly clients: number; readonly consumers: number; readonly outstanding: number } {
    const { size, outstanding } = this.#consumers;
    return { clients: this.#clients.size, consumers: size, outstanding };
  }

  /** Gives out no more messages, and waits until those that clients have are settled, `withinMs` at most. */
  finish(withinMs: number): Promise<void> {
    return this.#consumers.finish(withinMs);
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
    this.#options.nameServers.close();
  }

  #handlers(): Handlers<typeof MESSAGING> {
    return {
      queryRoute: (request, call) => this.#queryRoute(request, namespaceOf(call)),
      queryAssignment: (request, call) => this.#queryAssignment(request, namespaceOf(call)),
      heartbeat: ({ group, clientType }, call) => ({ status: this.#hear(call, group, clientType).status }),
      telemetry: (stream, call) => {
        const { bodyBytesMax, groupRules } = this.#options;
        const rules = { bodyBytesMax };
        const settled: TelemetryDeps["settled"] = (client, namespace) =>
          this.#transactions.joined(client, namespace);
        const closed = (telemetry: Telemetry): void => void this.#telemetry.delete(telemetry);
        const here = { clients: this.#clients, commands: this.#commands };
        this.#telemetry.add(new Telemetry({ ...here, rules, groupRules, settled, closed }, stream, call));
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
    const wrong = topicRefusal(name) ?? this.#placeRefusal(request.endpoints);
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
    const wrong = topicRefusal(name) ?? groupRefusal(group) ?? this.#placeRefusal(request.endpoints);
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

  /** Clients are only told of this gateway where they have found it themselves, unless it is part of a broker. */
  #placeRefusal(asked: Endpoints__Output | null): Status | undefined {
    if (this.#options.own !== undefined || isSomewhere(asked)) return undefined;
    return refusal(Code.ILLEGAL_ACCESS_POINT, "the call does not say where its client has found the gateway");
  }

  /**
   * What is here is found where the client has found it, through whatever network: everything, unless the gateway is part
   * of a broker. Then the others are found where they say.
   */
  async #routed(topic: string, asked: Endpoints__Output | null): Promise<RoutedShare[]> {
    const shares = await this.#routes.of(topic);
    const { own } = this.#options;
    return shares.map(({ broker, address, topic: at }) => {
      const here = own === undefined || broker === own.broker;
      const elsewhere = own !== undefined && here ? own.address() : address;
      const endpoints = here && isSomewhere(asked) ? asked : endpointsOf(elsewhere);
      return { broker, topic: at, endpoints };
    });
  }

  /**
   * The client of a call, which may name its group and its type. With a type it is heard also if it has told no settings: after
   * a restart some tell them late or never, and send to an endpoint that has failed again only when it takes their heartbeat.
   */
  #hear(
    call: CallContext,
    group: Resource__Output | null | undefined,
    type: ClientType = ClientType.CLIENT_TYPE_UNSPECIFIED,
  ): { readonly status: Status; readonly client: GatewayClient | undefined } {
    const client = this.#clients.heard(clientIdOf(call));
    if (client?.settings === undefined && type === ClientType.CLIENT_TYPE_UNSPECIFIED)
      return {
        status: refusal(Code.UNRECOGNIZED_CLIENT_TYPE, "the client has not told its settings yet"),
        client,
      };
    // Producers of some languages name an empty one.
    const wrong = group?.name ? groupRefusal(nameOf(group, namespaceOf(call))) : undefined;
    return wrong === undefined ? { status: OK, client } : { status: wrong, client: undefined };
  }
}

function isSomewhere(endpoints: Endpoints__Output | null): endpoints is Endpoints__Output {
  return endpoints !== null && endpoints.addresses.length > 0;
}
