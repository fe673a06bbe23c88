import type { Connect } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { ClusterAdmin } from "./admin-cluster.js";
import { DeadLetterAdmin } from "./admin-dead-letters.js";
import { DelayedAdmin } from "./admin-delayed.js";
import { GroupAdmin } from "./admin-groups.js";
import { MessageAdmin } from "./admin-messages.js";
import { RocketmqAdmin } from "./admin-rocketmq.js";
import { TopicAdmin } from "./admin-topics.js";
import { TransactionAdmin } from "./admin-transactions.js";
import type { Admin } from "./admin-types.js";
import { BatchDispatcher } from "./batch-dispatcher.js";
import { checkCallable } from "./callable.js";
import { CheckedProducer } from "./checked-producer.js";
import { Closing } from "./closing.js";
import { ClusterBrokers } from "./cluster-brokers.js";
import { Connections } from "./connections.js";
import { atLeast } from "./consume-settings.js";
import { DelayedChanges } from "./delayed-changes.js";
import { Dispatcher } from "./dispatcher.js";
import { guardedLogger } from "./guarded-logger.js";
import { OrderedDispatcher } from "./ordered-dispatcher.js";
import { MessageProducer } from "./producer.js";
import { HandlingConsumer } from "./push-consumer.js";
import { QueueReader } from "./reader.js";
import { Routes } from "./routes.js";
import { LeasingConsumer } from "./simple-consumer.js";
import { StatusFeed } from "./status.js";
import type { Topic } from "./topic.js";
import type { TransactionalOptions, TransactionalProducer } from "./transaction-types.js";
import type {
  BatchHandler,
  CallOptions,
  Closable,
  CloseOptions,
  ConsumeOptions,
  Handler,
  Producer,
  ProducerOptions,
  PushConsumer,
  Reader,
  ReaderOptions,
  RetryPolicy,
  SimpleConsumer,
  SimpleOptions,
  Status,
} from "./types.js";

const BATCH_WAIT_MS = 50;

/** What a client is made of. */
export interface ClientDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly logger: Logger;
  /** Name servers. */
  readonly endpoints: readonly string[];
  /** What operators see. */
  readonly host: string;
  readonly requestTimeoutMs: number;
  readonly retry: Partial<RetryPolicy> | undefined;
}

/** A way to a cluster; owns connections, routes and everything that is made from it. */
export interface Client extends Closable {
  /** Sends messages. */
  producer(options?: ProducerOptions): Producer;
  /** Sends messages that are delivered only if a local transaction was committed. */
  transactional<T>(options: TransactionalOptions<T>): TransactionalProducer<T>;
  /** A member of a group that calls a handler for each message, once `start()` was called. */
  consume<T>(
    topic: Topic<T> | readonly Topic<T>[],
    options: ConsumeOptions,
    handler: Handler<T>,
  ): PushConsumer;
  /** The same with several messages a call: up to `size`, or what has come within `waitMs` (50) of the first. */
  consumeBatch<T>(
    topic: Topic<T>,
    options: ConsumeOptions & { readonly batch: { readonly size: number; readonly waitMs?: number } },
    handler: BatchHandler<T>,
  ): PushConsumer;
  /** A member of a group that takes messages call by call, under a lease. */
  simpleConsumer<T>(topic: Topic<T>, options: SimpleOptions): SimpleConsumer<T>;
  /** Reads queues from any place, without a group. */
  reader<T>(topic: Topic<T>, options: ReaderOptions): Reader<T>;
  readonly admin: Admin;
  /** What happens to connections, routes and consumers, from now on. */
  status(): AsyncIterable<Status>;
}

/** A client on any network, by any clock: `connect()` gives it the real ones. */
export class ClusterClient implements Client {
  readonly #deps: ClientDeps;
  readonly #status = new StatusFeed();
  readonly #connections: Connections;
  readonly #routes: Routes;
  readonly #closing: Closing;
  readonly #open = new Set<Closable>();
  readonly admin: Admin;

  constructor(deps: ClientDeps) {
    const { connect, clock, random, endpoints, requestTimeoutMs } = deps;
    const logger = guardedLogger(deps.logger);
    const status = this.#status;
    const connections = new Connections(connect, status);
    const routes = new Routes({ endpoints, connections, clock, random, status, logger, requestTimeoutMs });
    const brokers = new ClusterBrokers(routes, connections, requestTimeoutMs);
    const changes = new DelayedChanges({ routes, connections, clock, random, requestTimeoutMs });
    this.#deps = { ...deps, logger };
    this.#connections = connections;
    this.#routes = routes;
    const topics = new TopicAdmin(brokers, routes, clock);
    const messages = new MessageAdmin(brokers);
    const groups = new GroupAdmin(brokers);
    this.admin = {
      topics,
      groups,
      transactions: new TransactionAdmin(brokers),
      rocketmq: new RocketmqAdmin(brokers),
      messages,
      deadLetters: new DeadLetterAdmin(brokers, { topics, messages, groups }, (topic, options) =>
        this.reader(topic, options),
      ),
      delayed: new DelayedAdmin(brokers, changes, clock),
      cluster: new ClusterAdmin(brokers, connections, endpoints, requestTimeoutMs),
    };
    this.#closing = new Closing(clock, {
      drain: (options) => this.#drain(options),
      end: () => this.#end(),
    });
  }

  get closed(): Promise<void> {
    return this.#closing.closed;
  }

  /** Finds a name server and begins to watch it. Rejects when none answers in time. */
  start(options: CallOptions = {}): Promise<void> {
    return this.#routes.start(options);
  }

  producer(options: ProducerOptions = {}): Producer {
    return this.#add((parts) => new MessageProducer(parts, options));
  }

  transactional<T>(options: TransactionalOptions<T>): TransactionalProducer<T> {
    return this.#add((parts) => new CheckedProducer(parts, options));
  }

  consume<T>(
    topic: Topic<T> | readonly Topic<T>[],
    options: ConsumeOptions,
    handler: Handler<T>,
  ): PushConsumer {
    checkCallable("the handler", handler);
    return this.#add(
      (parts) =>
        new HandlingConsumer<T>(parts, topic, options, (dispatch) =>
          dispatch.mode === "ordered"
            ? new OrderedDispatcher(dispatch, handler)
            : new Dispatcher(dispatch, handler),
        ),
    );
  }

  consumeBatch<T>(
    topic: Topic<T>,
    options: ConsumeOptions & { readonly batch: { readonly size: number; readonly waitMs?: number } },
    handler: BatchHandler<T>,
  ): PushConsumer {
    checkCallable("the handler", handler);
    const size = atLeast("batch.size", options.batch?.size, 1);
    const waitMs = atLeast("batch.waitMs", options.batch.waitMs ?? BATCH_WAIT_MS, 0);
    const prefetch = { messages: 2 * size, ...options.prefetch };
    const roomy = prefetch.messages > 1_024 || options.mode === "shared" ? { ...options, prefetch } : options;
    return this.#add(
      (parts) =>
        new HandlingConsumer<T>(
          parts,
          topic,
          roomy,
          (dispatch) => new BatchDispatcher(dispatch, { size, waitMs }, handler),
        ),
    );
  }

  simpleConsumer<T>(topic: Topic<T>, options: SimpleOptions): SimpleConsumer<T> {
    return this.#add((parts) => new LeasingConsumer(parts, topic, options));
  }

  reader<T>(topic: Topic<T>, options: ReaderOptions): Reader<T> {
    return this.#add((parts) => new QueueReader(parts, topic, options));
  }

  status(): AsyncIterable<Status> {
    return this.#status.read();
  }

  /** A channel's own word on its connection: also while no call is under way. */
  connectionChanged(address: string, connected: boolean, error?: LogwheelError): void {
    if (connected) this.#connections.up(address);
    else if (error !== undefined) this.#connections.down(address, error);
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#closing.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #add<P extends Closable>(make: (parts: Parts) => P): P {
    if (this.#closing.begun) throw new LogwheelError("CLOSED", "the client is closed: connect anew");
    const { clock, random, logger, host, requestTimeoutMs, retry } = this.#deps;
    const part = make({
      connections: this.#connections,
      routes: this.#routes,
      status: this.#status,
      clock,
      random,
      logger,
      host,
      requestTimeoutMs,
      retry,
      onClosed: (closed) => this.#open.delete(closed as Closable),
    });
    this.#open.add(part);
    return part;
  }

  /** Every part has the deadline of the whole. */
  async #drain(options: CloseOptions): Promise<void> {
    await Promise.all([...this.#open].map((part) => part.close(options)));
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#open].map((part) => part.close({ drain: false })));
    this.#routes.close();
    this.#connections.close();
    this.#status.close();
  }
}

/** What the client gives to everything made from it. */
interface Parts extends Omit<ClientDeps, "connect" | "endpoints"> {
  readonly connections: Connections;
  readonly routes: Routes;
  readonly status: StatusFeed;
  onClosed(part: unknown): void;
}
