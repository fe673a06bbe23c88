import type { Address__Output } from "../gen/apache/rocketmq/v2/Address.js";
import type { Broker__Output } from "../gen/apache/rocketmq/v2/Broker.js";
import type { Endpoints__Output } from "../gen/apache/rocketmq/v2/Endpoints.js";
import type { FilterExpression__Output } from "../gen/apache/rocketmq/v2/FilterExpression.js";
import type { MessageQueue__Output } from "../gen/apache/rocketmq/v2/MessageQueue.js";
import type { ReceiveMessageRequest__Output } from "../gen/apache/rocketmq/v2/ReceiveMessageRequest.js";
import { passOver, within } from "./message-fields.js";
import { readResource, readSeconds } from "./rocketmq-fields.js";
import { TextCache } from "./text-cache.js";
import { WireReader } from "./wire.js";

/** Field tags of `ReceiveMessageRequest` of `apache.rocketmq.v2`. */
const REQUEST = {
  GROUP: 0x0a,
  QUEUE: 0x12,
  FILTER: 0x1a,
  BATCH_SIZE: 0x20,
  INVISIBLE_DURATION: 0x2a,
  AUTO_RENEW: 0x30,
  LONG_POLLING_TIMEOUT: 0x3a,
  ATTEMPT_ID: 0x42,
} as const;

/** Field tags of `MessageQueue`, whose list of types is packed or not, of `Broker`, `Endpoints`, `Address` and `FilterExpression`. */
const QUEUE = {
  TOPIC: 0x0a,
  ID: 0x10,
  PERMISSION: 0x18,
  BROKER: 0x22,
  TYPE: 0x28,
  TYPES: 0x2a,
} as const;
const BROKER = { NAME: 0x0a, ID: 0x10, ENDPOINTS: 0x1a } as const;
const ENDPOINTS = { SCHEME: 0x08, ADDRESS: 0x12 } as const;
const ADDRESS = { HOST: 0x0a, PORT: 0x10 } as const;
const FILTER = { TYPE: 0x08, EXPRESSION: 0x12 } as const;

const reader = new WireReader();
const texts = new TextCache();

/** A `ReceiveMessageRequest`. BAD_REQUEST for bytes that are none. */
export function decodeReceiveMessage(bytes: Buffer): ReceiveMessageRequest__Output {
  reader.reset(bytes, 0, bytes.length);
  const request: ReceiveMessageRequest__Output = {
    group: null,
    messageQueue: null,
    filterExpression: null,
    batchSize: 0,
    autoRenew: false,
  };
  while (reader.at < reader.end) readField(reader.tag(), request);
  return request;
}

function readField(tag: number, request: ReceiveMessageRequest__Output): void {
  switch (tag) {
    case REQUEST.GROUP:
      request.group = readResource(reader);
      return;
    case REQUEST.QUEUE:
      request.messageQueue = within(reader, readQueue);
      return;
    case REQUEST.FILTER:
      request.filterExpression = within(reader, readFilter);
      return;
    case REQUEST.BATCH_SIZE:
      request.batchSize = readInt32();
      return;
    case REQUEST.AUTO_RENEW:
      request.autoRenew = reader.uint64() !== 0;
      return;
    case REQUEST.INVISIBLE_DURATION:
      request.invisibleDuration = readSeconds(reader);
      request._invisibleDuration = "invisibleDuration";
      return;
    case REQUEST.LONG_POLLING_TIMEOUT:
      request.longPollingTimeout = readSeconds(reader);
      request._longPollingTimeout = "longPollingTimeout";
      return;
    case REQUEST.ATTEMPT_ID:
      request.attemptId = reader.text();
      request._attemptId = "attemptId";
      return;
    default:
      passOver(reader, tag, 8, "a request to receive");
  }
}

function readQueue(): MessageQueue__Output {
  const queue: MessageQueue__Output = {
    topic: null,
    id: 0,
    permission: 0,
    broker: null,
    acceptMessageTypes: [],
  };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === QUEUE.TOPIC) queue.topic = readResource(reader);
    else if (tag === QUEUE.ID) queue.id = readInt32();
    else if (tag === QUEUE.PERMISSION) queue.permission = readInt32() as typeof queue.permission;
    else if (tag === QUEUE.BROKER) queue.broker = within(reader, readBroker);
    else if (tag === QUEUE.TYPE) queue.acceptMessageTypes.push(readInt32() as never);
    else if (tag === QUEUE.TYPES)
      within(reader, () => {
        while (reader.at < reader.end) queue.acceptMessageTypes.push(readInt32() as never);
      });
    else passOver(reader, tag, 5, "a queue");
  }
  return queue;
}

function readBroker(): Broker__Output {
  const broker: Broker__Output = { name: "", id: 0, endpoints: null };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === BROKER.NAME) broker.name = reader.text(texts);
    else if (tag === BROKER.ID) broker.id = readInt32();
    else if (tag === BROKER.ENDPOINTS) broker.endpoints = within(reader, readEndpoints);
    else passOver(reader, tag, 3, "a broker");
  }
  return broker;
}

function readEndpoints(): Endpoints__Output {
  const endpoints: Endpoints__Output = { scheme: 0, addresses: [] };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === ENDPOINTS.SCHEME) endpoints.scheme = readInt32() as typeof endpoints.scheme;
    else if (tag === ENDPOINTS.ADDRESS) endpoints.addresses.push(within(reader, readAddress));
    else passOver(reader, tag, 2, "endpoints");
  }
  return endpoints;
}

function readAddress(): Address__Output {
  const address = { host: "", port: 0 };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === ADDRESS.HOST) address.host = reader.text(texts);
    else if (tag === ADDRESS.PORT) address.port = readInt32();
    else passOver(reader, tag, 2, "an address");
  }
  return address;
}

function readFilter(): FilterExpression__Output {
  const filter: FilterExpression__Output = { type: 0, expression: "" };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === FILTER.TYPE) filter.type = readInt32() as typeof filter.type;
    else if (tag === FILTER.EXPRESSION) filter.expression = reader.text(texts);
    else passOver(reader, tag, 2, "a filter");
  }
  return filter;
}

function readInt32(): number {
  return reader.uint32() | 0;
}
