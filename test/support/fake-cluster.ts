import { Connections } from "../../client/sdk/connections.js";
import { MessageProducer } from "../../client/sdk/producer.js";
import { Routes } from "../../client/sdk/routes.js";
import { StatusFeed } from "../../client/sdk/status.js";
import type { ProducerOptions, Status } from "../../client/sdk/types.js";
import { seeded } from "../../client/testing/seeded.js";
import { TestClock } from "../../client/testing/test-clock.js";
import type { Listening } from "../../proto/kernel/listening.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { MemoryNetwork } from "../../proto/kernel/memory-channel.js";
import { FakeBroker } from "./fake-broker.js";
import { FakeNameServer } from "./fake-name-server.js";

/** One name server and brokers a, b, … whose answers the test gives, on a network that it can cut, by a clock that it moves. */
export class FakeCluster {
  readonly clock = new TestClock();
  readonly network = new MemoryNetwork({ clock: this.clock, logger: silentLogger });
  readonly names = new FakeNameServer();
  readonly random: () => number;
  readonly status = new StatusFeed();
  readonly statuses: Status[] = [];
  readonly connections = new Connections(this.network.connect, this.status);
  readonly routes: Routes;
  readonly brokers = new Map<string, FakeBroker>();
  readonly #listening = new Map<string, Listening>();

  constructor(seed = 1, endpoints: readonly string[] = ["names:9876"]) {
    this.random = seeded(seed);
    for (const endpoint of endpoints) this.network.serve(endpoint, [this.names.served()]);
    this.routes = this.routesOver(endpoints);
    this.#follow();
  }

  /** Routes by other name servers than the cluster's own. */
  routesOver(endpoints: readonly string[]): Routes {
    return new Routes({
      endpoints,
      connections: this.connections,
      clock: this.clock,
      random: this.random,
      status: this.status,
      logger: silentLogger,
      requestTimeoutMs: 3_000,
    });
  }

  /** Starts a broker and registers it. */
  broker(name: string, info: Parameters<FakeNameServer["addBroker"]>[1] = {}): FakeBroker {
    const broker = new FakeBroker(name);
    this.brokers.set(name, broker);
    this.names.addBroker(name, info);
    this.serve(name);
    return broker;
  }

  /** Lets the broker listen (again). */
  serve(name: string): void {
    this.#listening.set(name, this.network.serve(`${name}:10911`, this.brokers.get(name)!.served()));
  }

  /** The broker's process dies: connections break, nobody listens. */
  async kill(name: string): Promise<void> {
    this.network.cut(`${name}:10911`);
    await this.#listening.get(name)!.stop(0);
    this.network.heal(`${name}:10911`);
  }

  producer(options: ProducerOptions = {}): MessageProducer {
    return new MessageProducer(
      {
        connections: this.connections,
        routes: this.routes,
        clock: this.clock,
        random: this.random,
        logger: silentLogger,
        status: this.status,
        host: "test-host",
        requestTimeoutMs: 3_000,
        retry: undefined,
        onClosed: () => {},
      },
      options,
    );
  }

  #follow(): void {
    const feed = this.status.read();
    const next = (): void => {
      feed.next().then(
        ({ value, done }) => {
          if (done) return;
          this.statuses.push(value);
          next();
        },
        () => {},
      );
    };
    next();
  }
}

/** Moves the clock on until the promise has settled; gives up after a virtual hour. */
export async function until<T>(clock: TestClock, promise: Promise<T>, stepMs = 10): Promise<T> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  for (let ms = 0; !settled && ms < 3_600_000; ms += stepMs) await clock.advance(stepMs);
  if (!settled) throw new Error("the promise did not settle within a virtual hour");
  return promise;
}
