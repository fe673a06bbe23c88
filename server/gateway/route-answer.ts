import { AddressScheme } from "../../proto/gen/apache/rocketmq/v2/AddressScheme.js";
import type { Broker } from "../../proto/gen/apache/rocketmq/v2/Broker.js";
import type { Endpoints } from "../../proto/gen/apache/rocketmq/v2/Endpoints.js";
import type { MessageQueue } from "../../proto/gen/apache/rocketmq/v2/MessageQueue.js";
import { MessageType } from "../../proto/gen/apache/rocketmq/v2/MessageType.js";
import { Permission } from "../../proto/gen/apache/rocketmq/v2/Permission.js";
import type { Resource } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import type { Topic__Output } from "../../proto/gen/logwheel/v1/Topic.js";
import { parseAddress } from "../../proto/kernel/address.js";

/** Permissions of RocketMQ by those of logwheel: read and write, read, write, none. */
const PERMISSIONS: readonly Permission[] = [
  Permission.READ_WRITE,
  Permission.READ,
  Permission.WRITE,
  Permission.NONE,
];

/** What topics take, by their type. */
const ACCEPTED: readonly (readonly MessageType[])[] = [
  [MessageType.NORMAL],
  [MessageType.NORMAL],
  [MessageType.FIFO],
  [MessageType.DELAY],
  [MessageType.TRANSACTION],
  [MessageType.NORMAL, MessageType.FIFO, MessageType.DELAY, MessageType.TRANSACTION],
];

/** A topic's queues on one broker, and how clients find that. */
export interface RoutedShare {
  readonly broker: string;
  readonly endpoints: Endpoints;
  readonly topic: Topic__Output;
}

/** The queues of a topic, in an order that stays, for clients that compare answers as they come. */
export function messageQueues(topic: Resource, shares: readonly RoutedShare[]): MessageQueue[] {
  return shares.flatMap((share) =>
    Array.from({ length: share.topic.queues }, (_, id) => ({ ...queueOn(topic, share), id })),
  );
}

/** For groups that take what comes, from any queue of a broker: a queue of each that stands for all. */
export function brokerQueues(topic: Resource, shares: readonly RoutedShare[]): MessageQueue[] {
  return shares.map((share) => ({ ...queueOn(topic, share), id: -1 }));
}

function queueOn(
  topic: Resource,
  { broker, endpoints, topic: { permission, type } }: RoutedShare,
): MessageQueue {
  const on: Broker = { name: broker, id: 0, endpoints };
  return {
    topic,
    permission: PERMISSIONS[permission] ?? PERMISSIONS[0]!,
    broker: on,
    acceptMessageTypes: [...(ACCEPTED[type] ?? ACCEPTED[0]!)],
  };
}

export function isReadable({ permission }: Topic__Output): boolean {
  return permission === 0 || permission === 1;
}

/** `host:port` as RocketMQ writes it. */
export function endpointsOf(address: string): Endpoints {
  const { host, port } = parseAddress(address);
  const scheme = host.includes(":")
    ? AddressScheme.IPv6
    : /^\d+(\.\d+){3}$/.test(host)
      ? AddressScheme.IPv4
      : AddressScheme.DOMAIN_NAME;
  return { scheme, addresses: [{ host, port }] };
}
