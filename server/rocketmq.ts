import { hostname } from "node:os";
import type { Topic__Output } from "../proto/gen/logwheel/v1/Topic.js";
import { isLoopback, parseAddress } from "../proto/kernel/address.js";
import type { Channel, Connect } from "../proto/kernel/channel.js";
import type { Clock } from "../proto/kernel/clock.js";
import { LocalChannel } from "../proto/kernel/local-channel.js";
import type { Logger } from "../proto/kernel/logger.js";
import { MemoryNetwork } from "../proto/kernel/memory-channel.js";
import { Router } from "../proto/kernel/router.js";
import type { Broker } from "./broker/broker.js";
import { ATTEMPTS_MAX, RETRY_DELAYS_MS } from "./broker/retry-ladder.js";
import type { GatewayConfig } from "./config.js";
import type { AccessKey } from "./gateway/access.js";
import { BrokerChannels } from "./gateway/brokers.js";
import { ClusterGroups } from "./gateway/cluster-groups.js";
import { Gateway } from "./gateway/gateway.js";
import { NameServers } from "./gateway/name-servers.js";

/** Settings of a gateway. */
export type GatewaySettings = Pick<
  GatewayConfig,
  "namesrv" | "listen" | "bodyBytesMax" | "rocketmqAccessKey" | "rocketmqAccessSecret"
>;

/** What every gateway needs. */
export interface GatewayParts {
  readonly config: GatewaySettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly connect: Connect;
}

/** What a gateway of a broker needs beside it. */
export interface BrokerGatewayOptions extends GatewayParts {
  readonly broker: Broker;
  readonly name: string;
  /** Where the broker is found, once it listens. */
  address(): string;
}

/** Where a broker is for its own gateway: calls to it do not leave the process. */
const HERE = "here:0";

/** A gateway in the process of a broker: what concerns other brokers goes to them. */
export function brokerGateway(options: BrokerGatewayOptions): Gateway {
  const { broker, name, clock, logger, connect } = options;
  const network = new MemoryNetwork({ clock, logger });
  network.serve(HERE, broker.served);
  const router = new Router(broker.served, logger);
  const here = (): Channel =>
    new LocalChannel({ address: HERE, router, clock, streams: network.connect(HERE) });
  return new Gateway({
    ...partsOf(options),
    brokers: new BrokerChannels((address) => (address === HERE ? here() : connect(address))),
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

/** A gateway of a cluster, and the name servers that it asks. */
export interface ClusterGateway {
  readonly gateway: Gateway;
  readonly nameServers: NameServers;
}

/** A gateway without a broker: every call goes to the brokers that the name servers tell of. */
export function clusterGateway(options: GatewayParts): ClusterGateway {
  const brokers = new BrokerChannels(options.connect);
  const parts = partsOf(options);
  const unmade = { ordered: false, maxAttempts: ATTEMPTS_MAX, retryDelaysMs: RETRY_DELAYS_MS };
  const groups = new ClusterGroups({ ...parts, brokers, unmade });
  const gateway = new Gateway({ ...parts, brokers, groupRules: (group) => groups.rules(group) });
  return { gateway, nameServers: parts.nameServers };
}

/** What every gateway is made of alike. */
function partsOf({ config, clock, random, logger, connect }: GatewayParts) {
  return {
    clock,
    random,
    logger,
    host: `${hostname()} gateway`,
    bodyBytesMax: config.bodyBytesMax,
    accessKey: accessKeyOf(config),
    nameServers: new NameServers(config.namesrv.map((address) => connect(address))),
  };
}

function accessKeyOf({
  rocketmqAccessKey: name,
  rocketmqAccessSecret: secret,
}: GatewaySettings): AccessKey | undefined {
  return name === null || secret === null ? undefined : { name, secret: secret.reveal() };
}

/** What is risky about a gateway, in plain words; null for nothing. */
export function openGatewayWarning({
  listen,
  rocketmqAccessKey,
}: Pick<GatewaySettings, "listen" | "rocketmqAccessKey">): string | null {
  if (rocketmqAccessKey !== null || isLoopback(parseAddress(listen).host)) return null;
  return `whoever reaches ${listen} may send and receive as a client of RocketMQ: set rocketmqAccessKey and rocketmqAccessSecret, or let only those reach it whom you trust`;
}
