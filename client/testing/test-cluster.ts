import type { Logger } from "../../proto/kernel/logger.js";
import type { TopicSettings } from "../sdk/admin-types.js";
import type { Client } from "../sdk/client.js";
import type { Topic } from "../sdk/topic.js";
import type { ConnectOptions, Message } from "../sdk/types.js";
import type { BrokerSettings } from "./settings.js";
import type { TestBroker } from "./test-broker.js";
import type { TestClock } from "./test-clock.js";
import type { TestNameServer } from "./test-name-server.js";

/** Topics by name, or with their settings. */
export type TestTopics = readonly string[] | Readonly<Record<string, TopicSettings>>;

/** How a test cluster is to be. */
export interface TestClusterOptions {
  /** The clock it runs by; one of its own by default. Several clusters may share one. */
  readonly clock?: TestClock;
  /** How many brokers, or their names; one by default, `broker-a`. */
  readonly brokers?: number | readonly string[];
  /** What is there from the start, for example `["orders"]` or `{ orders: { queues: 4 } }`. */
  readonly topics?: TestTopics;
  /** Settings of the brokers that differ from docs/config.md, for example `{ memberExpiryMs: "5s" }`. */
  readonly settings?: BrokerSettings;
  /** Where brokers keep their files: in memory by default, in this folder, or with `true` in a temporary one that goes with the cluster. */
  readonly dir?: string | true;
  /** Also listens on free ports of the loopback device, for clients of other processes and languages. */
  readonly ports?: boolean;
  /** Takes the log lines of servers and clients; nobody does by default. */
  readonly logger?: Logger;
  /** Of all that is left to chance, such as the jitter of waits; 1 by default. */
  readonly seed?: number;
}

/** A name server and brokers in this process, by a clock that the test moves. */
export interface TestCluster extends AsyncDisposable {
  readonly clock: TestClock;
  readonly endpoints: readonly string[];
  /** What `connect()` takes to get here: `connect({ ...cluster.connection, clientId: "billing" })`. */
  readonly connection: ConnectOptions;
  readonly nameServer: TestNameServer;
  readonly brokers: readonly TestBroker[];
  /** The broker of this name; the first one without a name. */
  broker(name?: string): TestBroker;
  /** A client of this cluster, which is closed with it at the latest. */
  client(options?: Partial<ConnectOptions>): Promise<Client>;
  /** All that a topic holds, oldest first: bytes by its name, typed bodies by its topic. */
  messages(topic: string): Promise<Message<Uint8Array>[]>;
  messages<T>(topic: Topic<T>): Promise<Message<T>[]>;
  /** Resolves when nothing goes on that does not wait for the clock; see `TestClock.settled`. */
  settled(): Promise<void>;
  /**
   * Resolves when the cluster has settled and no group with members has a message that could be handled now: none is ready,
   * none is in a handler. What waits for its next attempt does not count. Unlike `settled` it waits, in real time, for handlers
   * that use a database or the like; TIMEOUT says what is left after `timeoutMs`, 5,000 by default.
   */
  idle(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Closes all clients and servers. Call `idle()` before if handlers are to finish. */
  close(): Promise<void>;
}
