import { hostname } from "node:os";
import type { Topic__Output } from "../proto/gen/logwheel/v1/Topic.js";
import { isLoopback, parseAddress } from "../proto/kernel/address.js";
import type { Connect } from "../proto/kernel/channel.js";
import type { Clock } from "../proto/kernel/clock.js";
import type { Logger } from "../proto/kernel/logger.js";
import { MemoryNetwork } from "../proto/kernel/memory-channel.js";
import type { Broker } from "./broker/broker.js";
import type { BrokerConfig } from "./config.js";
import { Gateway } from "./gateway/gateway.js";

/** Settings of a broker that concern its gateway. */
export type GatewayConfig = Pick<
  BrokerConfig,
  "name" | "namesrv" | "listen" | "bodyBytesMax" | "rocketmq" | "rocketmqAccessKey" | "rocketmqAccessSecret"
>;

/** What a gateway of a broker needs beside it. */
export interface BrokerGatewayOptions {
  readonly broker: Broker;
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly connect: Connect;
  /** Where the broker is found, once it listens. */
  address(): string;
}

/** Where a broker is for its own gateway: calls to it do not leave the process. */
const HERE = "here:0";

/** A gateway in the process of a broker: what concerns other brokers goes to them. */
export function brokerGateway(options: BrokerGatewayOptions): Gateway {
  const { broker, config, clock, random, logger, connect } = options;
  const { name, bodyBytesMax, rocketmqAccessKey: key, rocketmqAccessSecret: secret } = config;
  const network = new MemoryNetwork({ clock, logger });
  network.serve(HERE, broker.served);
  return new Gateway({
    clock,
    random,
    logger,
    host: `${hostname()} gateway`,
    bodyBytesMax,
    accessKey: key === null || secret === null ? undefined : { name: key, secret: secret.reveal() },
    connect: (address) => (address === HERE ? network.connect(address) : connect(address)),
    nameServers: config.namesrv.map((address) => connect(address)),
    own: {
      broker: name,
      share: (topic) => {
        const own = broker.topic(topic);
        return own && { broker: name, address: HERE, topic: own as Topic__Output };
      },
      address: () => options.address(),
    },
    groupRules: async (group) => broker.groupRules(group),
  });
}

/** What is risky about a broker's gateway, in plain words; null for nothing. */
export function openGatewayWarning({
  listen,
  rocketmq,
  rocketmqAccessKey,
}: Pick<GatewayConfig, "listen" | "rocketmq" | "rocketmqAccessKey">): string | null {
  if (!rocketmq || rocketmqAccessKey !== null || isLoopback(parseAddress(listen).host)) return null;
  return `whoever reaches ${listen} may send and receive as a client of RocketMQ: set rocketmqAccessKey and rocketmqAccessSecret, or let only those reach it whom you trust`;
}
