import type { BrokerInfo__Output } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { CommandRocketmqClientReply__Output } from "../../proto/gen/logwheel/v1/CommandRocketmqClientReply.js";
import type { CommandRocketmqClientRequest } from "../../proto/gen/logwheel/v1/CommandRocketmqClientRequest.js";
import type { ListRocketmqClientsReply__Output } from "../../proto/gen/logwheel/v1/ListRocketmqClientsReply.js";
import type { RocketmqClient__Output } from "../../proto/gen/logwheel/v1/RocketmqClient.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type {
  RocketmqAnswer,
  RocketmqClientInfo,
  RocketmqClientQuery,
  RocketmqClientsOf,
  RocketmqCommandOptions,
} from "./admin-rocketmq-types.js";
import { type Answer, type ClusterBrokers, goodAnswers, worstAnswer } from "./cluster-brokers.js";

/** Characters of an id in an error. */
const ID_SHOWN = 200;

type Command = Omit<CommandRocketmqClientRequest, "clientId">;

/** Clients of RocketMQ of a cluster: each broker knows those that call it. */
export class RocketmqAdmin implements RocketmqClientsOf {
  readonly #brokers: ClusterBrokers;

  constructor(brokers: ClusterBrokers) {
    this.#brokers = brokers;
  }

  async list({ group = "", max = 0, ...options }: RocketmqClientQuery = {}): Promise<{
    readonly clients: readonly RocketmqClientInfo[];
    readonly more: boolean;
  }> {
    const brokers = await this.#brokers.list(options);
    const answers = await this.#brokers.ask(
      brokers,
      ADMIN.listRocketmqClients,
      () => ({ group, max }),
      options,
    );
    const good = goodAnswers(answers, "CONFLICT");
    return {
      clients: good
        .flatMap(({ broker, reply }) => reply.clients.map((client) => show(broker, client)))
        .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)),
      more: good.some(({ reply }) => reply.more),
    };
  }

  async stackTrace(
    id: string,
    options: RocketmqCommandOptions = {},
  ): Promise<RocketmqAnswer & { readonly stackTrace: string | undefined }> {
    const { reply, ...answer } = await this.#command(id, { stackTrace: true }, options);
    return { ...answer, stackTrace: reply.stackTrace };
  }

  async verify(
    id: string,
    message: { readonly topic: string; readonly messageId: string },
    options: RocketmqCommandOptions = {},
  ): Promise<RocketmqAnswer> {
    const { reply: _, ...answer } = await this.#command(id, { verify: message }, options);
    return answer;
  }

  async reconnect(
    id: string,
    options: RocketmqCommandOptions = {},
  ): Promise<{ readonly id: string; readonly broker: string }> {
    const { broker } = await this.#command(id, { reconnect: true }, options);
    return { id, broker };
  }

  async #command(
    id: string,
    command: Command,
    options: RocketmqCommandOptions,
  ): Promise<RocketmqAnswer & { readonly reply: CommandRocketmqClientReply__Output }> {
    const broker = await this.#brokerOf(id, options);
    const request = { clientId: id, ...command };
    const reply = await this.#brokers.call(broker, ADMIN.commandRocketmqClient, request, options);
    const { status, message } = reply;
    return {
      id,
      broker: broker.name,
      status: status || undefined,
      message: message || undefined,
      reply,
    };
  }

  /** One that has a telemetry stream of the client; which others are away does not matter then. */
  async #brokerOf(
    id: string,
    { broker, ...options }: RocketmqCommandOptions,
  ): Promise<{ readonly name: string; readonly address: string }> {
    if (broker !== undefined) return this.#brokers.find(broker, options);
    const brokers = await this.#brokers.list(options);
    const request = { clientId: id, max: 1 };
    const asked = brokers.map(async (broker) => {
      const [answer] = await this.#brokers.ask([broker], ADMIN.listRocketmqClients, () => request, options);
      return { info: broker, ...answer! };
    });
    const told = asked.map(async (answer) => {
      const { info, reply } = await answer;
      if (reply?.clients[0]?.telemetry !== true) throw new Error("no stream there");
      return info;
    });
    return Promise.any(told).catch(async () => knowing(id, await Promise.all(asked)));
  }
}

/** The broker that knows a client, though it has no stream of it. */
function knowing(
  id: string,
  answers: readonly (Answer<ListRocketmqClientsReply__Output> & { readonly info: BrokerInfo__Output })[],
): BrokerInfo__Output {
  const found = answers.find(({ reply }) => reply !== undefined && reply.clients.length > 0);
  if (found !== undefined) return found.info;
  const worst = worstAnswer(answers, "CONFLICT");
  if (worst !== undefined) throw worst.error!;
  throw new LogwheelError(
    "CLIENT_NOT_FOUND",
    `no broker knows a client of RocketMQ ${JSON.stringify(id.slice(0, ID_SHOWN))}; see logwheel rocketmq clients`,
  );
}

function show(broker: string, client: RocketmqClient__Output): RocketmqClientInfo {
  const { id, type, language, version, host, group, topics, telemetry, heardMsAgo } = client;
  return {
    id,
    broker,
    type: type || undefined,
    language: language || undefined,
    version: version || undefined,
    host: host || undefined,
    group: group || undefined,
    topics,
    telemetry,
    lastHeardMsAgo: heardMsAgo,
  };
}
