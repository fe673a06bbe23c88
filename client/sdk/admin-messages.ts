import type { GetMessageRequest } from "../../proto/gen/logwheel/v1/GetMessageRequest.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import type { Admin, FoundMessage, MessagePlace, MessageQuery } from "./admin-types.js";
import { type ClusterBrokers, goodAnswers } from "./cluster-brokers.js";
import { foundMessage } from "./found-message.js";
import type { CallOptions, Message } from "./types.js";

const FOUND_MAX = 64;

/** Messages of a cluster, looked up by id, place or key. */
export class MessageAdmin implements NonNullable<Admin["messages"]> {
  readonly #brokers: ClusterBrokers;

  constructor(brokers: ClusterBrokers) {
    this.#brokers = brokers;
  }

  async get(which: string | MessagePlace, options: CallOptions = {}): Promise<FoundMessage> {
    const { broker, request } = typeof which === "string" ? byId(which) : byPlace(which);
    const brokers =
      broker === undefined ? await this.#brokers.list(options) : [await this.#brokers.find(broker, options)];
    const answers = (await this.#brokers.ask(brokers, ADMIN.getMessage, () => request, options)).filter(
      ({ error }, _, all) =>
        all.length === 1 || (error?.code !== "MESSAGE_NOT_FOUND" && error?.code !== "TOPIC_NOT_FOUND"),
    );
    const found = goodAnswers(answers).filter(({ reply }) => reply.record !== null);
    if (found.length > 1)
      throw new LogwheelError(
        "BAD_REQUEST",
        `several brokers have such a message (${found.map((f) => f.broker).join(", ")}): name one with \`broker\``,
      );
    const [answer] = found;
    if (answer === undefined) throw new LogwheelError("MESSAGE_NOT_FOUND", "no broker has such a message");
    const { topic, record, state, dueAtMs } = answer.reply;
    return Object.assign(foundMessage(answer.broker, topic, record!), {
      ...(state === "" ? {} : { state: state as NonNullable<FoundMessage["state"]> }),
      ...(dueAtMs === 0 ? {} : { deliverAt: new Date(dueAtMs) }),
    });
  }

  async query({ topic, key, max = FOUND_MAX, ...options }: MessageQuery): Promise<{
    readonly messages: readonly Message<Uint8Array>[];
    readonly more: boolean;
  }> {
    const brokers = await this.#brokers.list(options);
    const answers = await this.#brokers.ask(
      brokers,
      ADMIN.findMessages,
      () => ({ topic, key, max }),
      options,
    );
    const good = goodAnswers(answers, "TOPIC_NOT_FOUND");
    const messages = good
      .flatMap(({ broker, reply }) => reply.records.map((record) => foundMessage(broker, topic, record)))
      .sort((a, b) => b.storedAt.getTime() - a.storedAt.getTime());
    return {
      messages: messages.slice(0, max),
      more: messages.length > max || good.some(({ reply }) => reply.more),
    };
  }
}

/** An id names its broker: `broker-epoch-offset`. */
function byId(id: string): { broker: string; request: GetMessageRequest } {
  const broker = parseMessageId(id)?.broker;
  if (broker !== undefined) return { broker, request: { id } };
  throw new LogwheelError("BAD_REQUEST", `${JSON.stringify(id)} is no message id such as broker-a-1-4096`);
}

function byPlace({ topic, queueId, offset, broker }: MessagePlace): {
  broker: string | undefined;
  request: GetMessageRequest;
} {
  return { broker, request: { topic, queueId, offset } };
}
