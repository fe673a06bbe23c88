import { ClientType } from "../../proto/gen/apache/rocketmq/v2/ClientType.js";
import type { Endpoints } from "../../proto/gen/apache/rocketmq/v2/Endpoints.js";
import type { FilterExpression } from "../../proto/gen/apache/rocketmq/v2/FilterExpression.js";
import { Language } from "../../proto/gen/apache/rocketmq/v2/Language.js";
import type { Resource } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import type { Settings } from "../../proto/gen/apache/rocketmq/v2/Settings.js";

/** What an official client that cannot run here writes of itself, by its sources. */
export interface Dialect {
  readonly clientId: string;
  /** Of each call. */
  readonly headers: Readonly<Record<string, string>>;
  producer(topics: readonly Resource[], accessPoint: Endpoints): Settings;
  pushConsumer(group: Resource, topic: Resource, accessPoint: Endpoints): Settings;
  simpleConsumer(group: Resource, topic: Resource, accessPoint: Endpoints): Settings;
}

const ALL: FilterExpression = { type: 1, expression: "*" };
const requestTimeout = { seconds: 3, nanos: 0 };
const longPollingTimeout = { seconds: 30, nanos: 0 };

/** No waits between attempts, bodies as long as its own limit, no validation; a simple consumer gives no polling time. */
export const CPP: Dialect = {
  clientId: "host@4711#0_1764482400000",
  headers: {
    "x-mq-language": "CPP",
    "x-mq-protocol-version": "v2",
    "x-mq-client-version": "5.1.1",
    "x-mq-date-time": "20261130T060000Z",
    "x-mq-namespace": "shop",
  },
  producer: (topics, accessPoint) => ({
    ...agent(Language.CPP, "5.1.1"),
    clientType: ClientType.PRODUCER,
    accessPoint,
    requestTimeout,
    publishing: { topics: [...topics], maxBodySize: 4 << 20, validateMessageType: false },
  }),
  pushConsumer: (group, topic, accessPoint) => ({
    ...agent(Language.CPP, "5.1.1"),
    clientType: ClientType.PUSH_CONSUMER,
    accessPoint,
    requestTimeout,
    subscription: {
      group,
      subscriptions: [{ topic, expression: ALL }],
      longPollingTimeout,
      receiveBatchSize: 32,
    },
  }),
  simpleConsumer: (group, topic, accessPoint) => ({
    ...agent(Language.CPP, "5.1.1"),
    clientType: ClientType.SIMPLE_CONSUMER,
    accessPoint,
    requestTimeout,
    subscription: { group, subscriptions: [{ topic, expression: ALL }] },
  }),
};

/** Waits of its own for a producer, none for consumers. */
export const CSHARP: Dialect = {
  clientId: "host@4711@1@MIK9G0W0",
  headers: {
    "x-mq-language": "DOTNET",
    "x-mq-client-version": "5.2.1",
    "x-mq-request-id": "4e8a2f8e-98a9-4c35-8a0e-3f6a6f0c0d10",
    "x-mq-date-time": "20261130T070000Z",
    "x-mq-namespace": "",
  },
  producer: (topics, accessPoint) => ({
    ...agent(Language.DOT_NET, "5.2.1"),
    clientType: ClientType.PRODUCER,
    accessPoint,
    requestTimeout,
    backoffPolicy: {
      maxAttempts: 3,
      exponentialBackoff: { initial: { seconds: 0 }, max: { seconds: 0 }, multiplier: 1 },
    },
    publishing: { topics: [...topics], validateMessageType: true },
  }),
  pushConsumer: (group, topic, accessPoint) => ({
    ...agent(Language.DOT_NET, "5.2.1"),
    clientType: ClientType.PUSH_CONSUMER,
    accessPoint,
    requestTimeout,
    subscription: { group, subscriptions: [{ topic, expression: ALL }] },
  }),
  simpleConsumer: (group, topic, accessPoint) => ({
    ...agent(Language.DOT_NET, "5.2.1"),
    clientType: ClientType.SIMPLE_CONSUMER,
    accessPoint,
    requestTimeout,
    subscription: { group, subscriptions: [{ topic, expression: ALL }], longPollingTimeout },
  }),
};

/** Says nowhere what its access point is; a simple consumer says not what it wants either. */
export const RUST: Dialect = {
  clientId: "host@4711#0",
  headers: {
    "x-mq-language": "RUST",
    "x-mq-protocol-version": "2.0.0",
    "x-mq-client-version": "5.0.0",
    "x-mq-date-time": "2026-11-30T07:00:00.123+01:00",
  },
  producer: (topics) => ({
    ...agent(Language.RUST, "5.0.0"),
    clientType: ClientType.PRODUCER,
    requestTimeout,
    publishing: { topics: [...topics], validateMessageType: true },
  }),
  pushConsumer: (group, topic) => ({
    ...agent(Language.RUST, "5.0.0"),
    clientType: ClientType.PUSH_CONSUMER,
    requestTimeout,
    subscription: {
      group,
      subscriptions: [{ topic, expression: ALL }],
      fifo: false,
      longPollingTimeout: { seconds: 40 },
    },
  }),
  simpleConsumer: (group) => ({
    ...agent(Language.RUST, "5.0.0"),
    clientType: ClientType.SIMPLE_CONSUMER,
    requestTimeout,
    subscription: { group, subscriptions: [], fifo: false, longPollingTimeout: { seconds: 40 } },
  }),
};

function agent(language: Language, version: string): Settings {
  return { userAgent: { language, version, platform: "Linux", hostname: "host" } };
}
