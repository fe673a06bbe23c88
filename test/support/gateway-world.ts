import type { Message } from "../../proto/gen/apache/rocketmq/v2/Message.js";
import type { SendMessageResponse__Output } from "../../proto/gen/apache/rocketmq/v2/SendMessageResponse.js";
import type { SystemProperties } from "../../proto/gen/apache/rocketmq/v2/SystemProperties.js";
import type { Topic } from "../../proto/gen/logwheel/v1/Topic.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { AnyMethod, CallContext, Channel, Method, Served } from "../../proto/kernel/channel.js";
import { TIMEOUT_HEADER } from "../../proto/kernel/grpc-timeout.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import type { BrokerOptions } from "../../server/broker/broker.js";
import type { Gateway } from "../../server/gateway/gateway.js";
import { brokerGateway } from "../../server/rocketmq.js";
import { MemoryCluster } from "./memory-cluster.js";

export const BODY_MAX = 4 << 20;

type Headers = Readonly<Record<string, string>>;

/** The gateways of brokers in memory, and what clients of RocketMQ say to them. */
export class GatewayWorld {
  readonly cluster: MemoryCluster;
  readonly #gateways = new Map<string, Gateway>();
  #calls = 0;
  #messages = 0;

  private constructor(cluster: MemoryCluster) {
    this.cluster = cluster;
  }

  static async start(
    brokers: readonly string[] = ["a"],
    options: Partial<BrokerOptions> = {},
  ): Promise<GatewayWorld> {
    const cluster = await MemoryCluster.start([], options);
    const world = new GatewayWorld(cluster);
    for (const name of brokers) {
      const { clock, network } = cluster;
      cluster.configure({ ...options, rocketmq: () => world.#gateways.get(name)?.admin });
      await cluster.startBroker(name);
      const gateway = brokerGateway({
        broker: cluster.brokerOf(name),
        name,
        config: {
          namesrv: ["names:9876"],
          listen: `${name}:10911`,
          bodyBytesMax: BODY_MAX,
          rocketmqAccessKey: null,
          rocketmqAccessSecret: null,
        },
        clock,
        random: () => 0.5,
        logger: silentLogger,
        connect: network.connect,
        address: () => `${name}:10911`,
      });
      await gateway.start();
      world.#gateways.set(name, gateway);
    }
    cluster.configure(options);
    return world;
  }

  /** Makes a topic on one broker: of one queue and mixed, unless told otherwise. */
  async createTopic(topic: Topic, broker = "a"): Promise<void> {
    const { network } = this.cluster;
    await this.cluster.advance(
      network
        .connect(`${broker}:10911`)
        .unary(ADMIN.createTopic, { topic: { type: 5, queues: 1, ...topic } }),
    );
    // The name server learns of it by the broker's stream.
    await this.cluster.clock.advance(100);
  }

  /** A way to the gateway of a broker for one client; its calls carry these headers. */
  to(broker = "a", headers: Headers = {}): Channel {
    const { network } = this.cluster;
    const address = `gateway-${this.#calls++}:8081`;
    const all = { "x-mq-client-id": "client", ...headers };
    network.serve(
      address,
      this.#gateways.get(broker)!.served.map((each) => withHeaders(each, all)),
    );
    return network.connect(address);
  }

  /** One call, its answer. */
  ask<Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, request: Q, channel = this.to()): Promise<ROut> {
    return this.cluster.advance(channel.unary(method, request));
  }

  /** All that is answered to one request on a stream. */
  frames<Q, QOut, R, ROut>(
    method: Method<Q, QOut, R, ROut>,
    request: Q,
    channel = this.to(),
  ): Promise<ROut[]> {
    return this.cluster.advance(this.answered(method, request, channel));
  }

  /** The same, while the test moves the clock. */
  answered<Q, QOut, R, ROut>(
    method: Method<Q, QOut, R, ROut>,
    request: Q,
    channel = this.to(),
  ): Promise<ROut[]> {
    const frames: ROut[] = [];
    return new Promise((resolve, reject) => {
      const stream = channel.open(method);
      stream.listen({
        message: (frame) => void frames.push(frame),
        close: (error) => (error === null ? resolve(frames) : reject(error)),
      });
      stream.write(request);
      stream.end();
    });
  }

  /** A message of this body; ids count up. */
  message(topic: string, body: string, system: SystemProperties = {}, more: Message = {}): Message {
    const messageId = `id-${this.#messages++}`;
    return {
      topic: { name: topic },
      body: Buffer.from(body),
      systemProperties: { messageId, messageType: 1, ...system },
      ...more,
    };
  }

  send(...messages: Message[]): Promise<SendMessageResponse__Output> {
    return this.ask(MESSAGING.sendMessage, { messages });
  }

  async close(): Promise<void> {
    for (const gateway of this.#gateways.values()) await gateway.stop();
    await this.cluster.close();
  }
}

/** Headers of a client that waits so long for an answer. */
export function waiting(ms: number): Headers {
  return { [TIMEOUT_HEADER]: `${ms}m` };
}

function withHeaders({ name, service, handlers }: Served, headers: Headers): Served {
  const wrapped: Record<string, unknown> = {};
  for (const [key, handler] of Object.entries(handlers))
    wrapped[key] = (request: AnyMethod, call: CallContext) =>
      (handler as (request: AnyMethod, call: CallContext) => unknown)(request, {
        ...call,
        header: (asked) => headers[asked],
      });
  return { name, service, handlers: wrapped };
}
