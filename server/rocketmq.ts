import { hostname } from "node:os";
import type { Topic__Output } from "../proto/gen/logwheel/v1/Topic.js";
import type { Connect } from "../proto/kernel/channel.js";
import type { Clock } from "../proto/kernel/clock.js";
import type { Logger } from "../proto/kernel/logger.js";
import { MemoryNetwork } from "../proto/kernel/memory-channel.js";
import type { Broker } from "./broker/broker.js";
import { Gateway } from "./gateway/gateway.js";

/** What a gateway of a broker needs beside it. */
export interface BrokerGatewayOptions {
  readonly broker: Broker;
  readonly name: string;
  readonly nameServers: readonly string[];
  readonly bodyBytesMax: number;
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
  const { broker, name, clock, random, logger, connect, nameServers, bodyBytesMax } = options;
  const network = new MemoryNetwork({ clock, logger });
  network.serve(HERE, broker.served);
  return new Gateway({
    clock,
    random,
    logger,
    host: `${hostname()} gateway`,
    bodyBytesMax,
    connect: (address) => (address === HERE ? network.connect(address) : connect(address)),
    nameServers: nameServers.map((address) => connect(address)),
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
