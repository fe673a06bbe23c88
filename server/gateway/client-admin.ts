import { ClientType } from "../../proto/gen/apache/rocketmq/v2/ClientType.js";
import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import { Language } from "../../proto/gen/apache/rocketmq/v2/Language.js";
import type { Message } from "../../proto/gen/apache/rocketmq/v2/Message.js";
import type { Resource__Output } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import type { CommandRocketmqClientReply } from "../../proto/gen/logwheel/v1/CommandRocketmqClientReply.js";
import type { CommandRocketmqClientRequest__Output } from "../../proto/gen/logwheel/v1/CommandRocketmqClientRequest.js";
import type { ListRocketmqClientsReply } from "../../proto/gen/logwheel/v1/ListRocketmqClientsReply.js";
import type { ListRocketmqClientsRequest__Output } from "../../proto/gen/logwheel/v1/ListRocketmqClientsRequest.js";
import type { RocketmqClient } from "../../proto/gen/logwheel/v1/RocketmqClient.js";
import type { VerifyRocketmqMessage__Output } from "../../proto/gen/logwheel/v1/VerifyRocketmqMessage.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { CallContext, Handlers } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import type { BrokerChannels } from "./brokers.js";
import type { ClientCommands, CommandWait } from "./client-commands.js";
import type { GatewayClient, GatewayClients } from "./clients.js";
import { deliveredMessage } from "./message-out.js";
import { nameOf } from "./names.js";
import { deadlineMs, waitableMs } from "./poll-time.js";
import type { TopicRoutes } from "./topic-routes.js";

const LISTED_MAX = 1_024;

/** Characters of what clients have told in one list, which its caller has to be able to read; the first client comes whatever it has. */
const LISTED_TEXT_MAX = 1 << 20;

/** What administration of clients stands on. */
export interface ClientAdminDeps {
  readonly clients: GatewayClients;
  readonly commands: ClientCommands;
  readonly routes: TopicRoutes;
  readonly brokers: BrokerChannels;
  readonly clock: Clock;
}

/** What administrators see of clients of RocketMQ, and have them do. */
export class ClientAdmin
  implements Pick<Handlers<typeof ADMIN>, "listRocketmqClients" | "commandRocketmqClient">
{
  readonly #deps: ClientAdminDeps;

  constructor(deps: ClientAdminDeps) {
    this.#deps = deps;
  }

  listRocketmqClients({
    group,
    clientId,
    max,
  }: ListRocketmqClientsRequest__Output): ListRocketmqClientsReply {
    const nowMs = this.#deps.clock.monotonicMs();
    const most = Math.min(max || LISTED_MAX, LISTED_MAX);
    const clients: RocketmqClient[] = [];
    let textLeft = LISTED_TEXT_MAX;
    const { clients: all } = this.#deps;
    const asked = clientId === "" ? all : [all.get(clientId)].filter((client) => client !== undefined);
    for (const client of asked) {
      if (group !== "" && groupOf(client) !== group) continue;
      const shown = show(client, nowMs);
      textLeft -= lengthOf(shown);
      if (clients.length > 0 && (clients.length >= most || textLeft < 0)) return { clients, more: true };
      clients.push(shown);
    }
    return { clients, more: false };
  }

  async commandRocketmqClient(
    request: CommandRocketmqClientRequest__Output,
    call: CallContext,
  ): Promise<CommandRocketmqClientReply> {
    const { clientId, stackTrace = false, verify = null, reconnect = false } = request;
    const beganMs = this.#deps.clock.monotonicMs();
    const { commands, clock } = this.#deps;
    const client = this.#get(clientId);
    const wait = (): CommandWait => {
      const goneMs = clock.monotonicMs() - beganMs;
      return { waitMs: waitableMs(deadlineMs(call) - goneMs), signal: call.signal };
    };
    if (reconnect) {
      commands.tell(client, (nonce) => ({ reconnectEndpointsCommand: { nonce } }));
      return {};
    }
    if (stackTrace) {
      const command = (nonce: string) => ({ printThreadStackTraceCommand: { nonce } });
      return answerOf(await commands.ask(client, command, wait()));
    }
    if (verify === null)
      throw new LogwheelError("BAD_REQUEST", "the request has no command: stack_trace, verify or reconnect");
    const message = await this.#stored(client, verify, wait());
    // It may have gone, or have opened another stream, while the message was looked up.
    const still = this.#get(clientId);
    return answerOf(
      await commands.ask(still, (nonce) => ({ verifyMessageCommand: { nonce, message } }), wait()),
    );
  }

  #get(clientId: string): GatewayClient {
    const client = this.#deps.clients.get(clientId);
    if (client !== undefined) return client;
    throw new LogwheelError(
      "CLIENT_NOT_FOUND",
      `no client of RocketMQ ${JSON.stringify(clientId.slice(0, 200))} is known at this broker: logwheel rocketmq clients shows who is known where`,
    );
  }

  /** A stored message as the client would get it, but for the receipt handle: there is nothing to acknowledge. */
  async #stored(
    client: GatewayClient,
    { topic, messageId }: VerifyRocketmqMessage__Output,
    { waitMs, signal }: CommandWait,
  ): Promise<Message> {
    const { routes, brokers } = this.#deps;
    const broker = parseMessageId(messageId)?.broker;
    if (broker === undefined)
      throw new LogwheelError(
        "BAD_REQUEST",
        `${JSON.stringify(messageId.slice(0, 200))} is no message id of logwheel such as broker-a-1-4096`,
      );
    const share = (await routes.of(topic)).find((each) => each.broker === broker);
    const notThere = `message ${messageId} is not of topic ${topic.slice(0, 200)}`;
    if (share === undefined) throw new LogwheelError("MESSAGE_NOT_FOUND", notThere);
    const request = { id: messageId };
    const found = await brokers
      .at(share.address)
      .unary(ADMIN.getMessage, request, { timeoutMs: waitMs, signal });
    const { record, id, state } = found;
    if (found.topic !== topic || record?.message == null)
      throw new LogwheelError("MESSAGE_NOT_FOUND", notThere);
    if (state !== "" && state !== "delivered")
      throw new LogwheelError(
        "CONFLICT",
        `message ${messageId} is in no queue (${state}): no consumer may have it`,
      );
    const { message, queueId, queueOffset, storedAtMs } = record;
    const resource = topicsOf(client).find((each) => nameOf(each, client.namespace) === topic);
    return deliveredMessage({
      message,
      id,
      topic: resource ?? { name: topic },
      broker,
      queueId,
      queueOffset: state === "" ? queueOffset : 0,
      storedAtMs,
      attempt: 1,
      receiptHandle: "",
    });
  }
}

function show(client: GatewayClient, nowMs: number): Required<RocketmqClient> {
  const { id, settings, namespace, tell, heardMs } = client;
  const { language, version, hostname } = settings?.userAgent ?? {};
  return {
    id,
    type: wordOf(ClientType, settings?.clientType),
    language: wordOf(Language, language),
    version: version ?? "",
    host: hostname ?? "",
    group: groupOf(client),
    topics: topicsOf(client).map((topic) => nameOf(topic, namespace)),
    telemetry: tell !== undefined,
    heardMsAgo: Math.round(nowMs - heardMs),
  };
}

function lengthOf({ id, version, host, group, topics }: Required<RocketmqClient>): number {
  return [id, version, host, group, ...topics].reduce((sum, text) => sum + text.length, 0);
}

function groupOf({ settings, namespace }: GatewayClient): string {
  return nameOf(settings?.subscription?.group, namespace);
}

function topicsOf({ settings }: GatewayClient): readonly Resource__Output[] {
  const subscribed = settings?.subscription?.subscriptions.flatMap(({ topic }) => topic ?? []);
  return subscribed ?? settings?.publishing?.topics ?? [];
}

function answerOf({
  status,
  threadStackTrace,
}: Awaited<ReturnType<ClientCommands["ask"]>>): CommandRocketmqClientReply {
  const trace = threadStackTrace?.threadStackTrace;
  return {
    status: wordOf(Code, status?.code),
    message: status?.message ?? "",
    ...(trace === undefined ? {} : { stackTrace: trace }),
  };
}

/** The protocol's word for a number, or the number where it has none; empty for 0 and nothing, which say nothing. */
function wordOf(words: Readonly<Record<string, number>>, value = 0): string {
  if (value === 0) return "";
  return Object.keys(words).find((word) => words[word] === value) ?? String(value);
}
