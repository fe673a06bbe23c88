import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import type { ReceiveMessageRequest } from "../../proto/gen/apache/rocketmq/v2/ReceiveMessageRequest.js";
import type { ReceiveMessageResponse__Output } from "../../proto/gen/apache/rocketmq/v2/ReceiveMessageResponse.js";
import type { Settings } from "../../proto/gen/apache/rocketmq/v2/Settings.js";
import type {
  TelemetryCommand,
  TelemetryCommand__Output,
} from "../../proto/gen/apache/rocketmq/v2/TelemetryCommand.js";
import type { Method } from "../../proto/kernel/channel.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { until } from "./until.js";

const WAIT_MS = 20_000;

/** A client of RocketMQ that calls one endpoint only, whatever routes say, as the one for Rust does. */
export class RocketmqCaller {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  /** `headers` are of every call, beside the client's id. */
  constructor(address: string, clientId: string, headers: Readonly<Record<string, string>> = {}) {
    this.#client = new Client(address, credentials.createInsecure());
    for (const [name, value] of Object.entries({ ...headers, "x-mq-client-id": clientId }))
      this.#metadata.set(name, value);
  }

  /** Rejects if there is no answer within `waitMs`. */
  call<Q, QOut, R, ROut>(
    { path, request, reply }: Method<Q, QOut, R, ROut>,
    message: Q,
    waitMs = WAIT_MS,
  ): Promise<ROut> {
    const encode = (value: Q): Buffer => Buffer.from(request.encode(value));
    const options = { deadline: Date.now() + waitMs };
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: ROut): void =>
        error === null ? resolve(answer!) : reject(error);
      this.#client.makeUnaryRequest(path, encode, reply.decode, message, this.#metadata, options, answered);
    });
  }

  /** All that comes of one poll. Rejects if that does not end within `waitMs`. */
  async receive(message: ReceiveMessageRequest, waitMs = WAIT_MS): Promise<ReceiveMessageResponse__Output[]> {
    const { path, request, reply } = MESSAGING.receiveMessage;
    const encode = (value: ReceiveMessageRequest): Buffer => Buffer.from(request.encode(value));
    const options = { deadline: Date.now() + waitMs };
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

  /** Opens telemetry that this client gives up after `waitMs`, and tells these settings; resolves when they are answered. */
  async telemetry(settings: Settings, waitMs: number): Promise<CallerTelemetry> {
    const { path, request, reply } = MESSAGING.telemetry;
    const encode = (value: TelemetryCommand): Buffer => Buffer.from(request.encode(value));
    const options = { deadline: Date.now() + waitMs };
    const stream = this.#client.makeBidiStreamRequest(path, encode, reply.decode, this.#metadata, options);
    const opened = new CallerTelemetry(stream);
    stream.write({ settings });
    await until("settings are answered", () => opened.heard.some(({ settings: answer }) => answer !== null));
    return opened;
  }

  close(): void {
    this.#client.close();
  }
}

/** Telemetry of a caller. */
export class CallerTelemetry {
  /** What the server has said. */
  readonly heard: TelemetryCommand__Output[] = [];
  /** With the code of gRPC that the stream ended with. */
  readonly ended: Promise<number>;

  constructor(stream: ClientDuplexStream<TelemetryCommand, TelemetryCommand__Output>) {
    stream.on("data", (command) => this.heard.push(command)).on("error", () => {});
    this.ended = new Promise((resolve) => {
      stream.once("status", ({ code }: StatusObject) => resolve(code));
    });
  }

  /** The answer to its settings. */
  get answer(): TelemetryCommand__Output {
    return this.heard[0]!;
  }
}
