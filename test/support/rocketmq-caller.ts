import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import type { ReceiveMessageRequest } from "../../proto/gen/apache/rocketmq/v2/ReceiveMessageRequest.js";
import type { ReceiveMessageResponse__Output } from "../../proto/gen/apache/rocketmq/v2/ReceiveMessageResponse.js";
import type { Method } from "../../proto/kernel/channel.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";

const DEADLINE_MS = 20_000;

/** A client of RocketMQ that calls one endpoint only, whatever routes say, as the one for Rust does. */
export class RocketmqCaller {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(address: string, clientId: string) {
    this.#client = new Client(address, credentials.createInsecure());
    this.#metadata.set("x-mq-client-id", clientId);
  }

  call<Q, QOut, R, ROut>({ path, request, reply }: Method<Q, QOut, R, ROut>, message: Q): Promise<ROut> {
    const encode = (value: Q): Buffer => Buffer.from(request.encode(value));
    const options = { deadline: Date.now() + DEADLINE_MS };
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: ROut): void =>
        error === null ? resolve(answer!) : reject(error);
      this.#client.makeUnaryRequest(path, encode, reply.decode, message, this.#metadata, options, answered);
    });
  }

  /** All that comes of one poll. */
  async receive(message: ReceiveMessageRequest): Promise<ReceiveMessageResponse__Output[]> {
    const { path, request, reply } = MESSAGING.receiveMessage;
    const encode = (value: ReceiveMessageRequest): Buffer => Buffer.from(request.encode(value));
    const options = { deadline: Date.now() + DEADLINE_MS };
    const stream = this.#client.makeServerStreamRequest(
      path,
      encode,
      reply.decode,
      message,
      this.#metadata,
      options,
    );
    const received: ReceiveMessageResponse__Output[] = [];
    for await (const each of stream) received.push(each);
    return received;
  }

  close(): void {
    this.#client.close();
  }
}
