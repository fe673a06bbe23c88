import { hostname } from "node:os";
import type { Topic__Output } from "../proto/gen/logwheel/v1/Topic.js";
import type { Connect } from "../proto/kernel/channel.js";
import type { Clock } from "../proto/kernel/clock.js";
import type { Logger } from "../proto/kernel/logger.js";
import { MemoryNetwork } from "../proto/kernel/memory-channel.js";
import type { Broker } from "./broker/broker.js";
import { ATTEMPTS_MAX, RETRY_DELAYS_MS } from "./broker/retry-ladder.js";
import { BrokerChannels } from "./gateway/brokers.js";
import { ClusterGroups } from "./gateway/cluster-groups.js";
import { Gateway } from "./gateway/gateway.js";
import { NameServers } from "./gateway/name-servers.js";

/** What every gateway needs. */
export interface GatewayParts {
  readonly nameServers: readonly string[];
  readonly bodyBytesMax: number;
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
  const { broker, name, clock, random, logger, connect, nameServers, bodyBytesMax } = options;
  const network = new MemoryNetwork({ clock, logger });
  network.serve(HERE, broker.served);
  return new Gateway({
    clock,
    random,
    logger,
    host: `${hostname()} gateway`,
    bodyBytesMax,
    brokers: new BrokerChannels((address) => (address === HERE ? network : { connect }).connect(address)),
    nameServers: new NameServers(nameServers.map((address) => connect(address))),
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
  const { clock, random, logger, connect, bodyBytesMax } = options;
  const brokers = new BrokerChannels(connect);
  const nameServers = new NameServers(options.nameServers.map((address) => connect(address)));
  const unmade = { ordered: false, maxAttempts: ATTEMPTS_MAX, retryDelaysMs: RETRY_DELAYS_MS };
  const groups = new ClusterGroups({ clock, nameServers, brokers, unmade });
  const gateway = new Gateway({
    clock,
    random,
    logger,
    host: `${hostname()} gateway`,
    bodyBytesMax,
    brokers,
    nameServers,
    groupRules: (group) => groups.rules(group),
  });
  return { gateway, nameServers };
}
