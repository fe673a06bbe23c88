import type { BrokerInfo } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { Permission } from "../../proto/gen/logwheel/v1/Permission.js";
import type { Routes } from "../../proto/gen/logwheel/v1/Routes.js";
import type { WatchRequest__Output } from "../../proto/gen/logwheel/v1/WatchRequest.js";
import type { Served, Stream } from "../../proto/kernel/channel.js";
import { NAME_SERVER, SERVICE_NAME } from "../../proto/kernel/contract.js";
import { fakeService } from "./fake-service.js";

/** A name server that says what the test tells it to. */
export class FakeNameServer {
  readonly brokers = new Map<string, BrokerInfo>();
  /** Queues by topic and broker. */
  readonly topics = new Map<string, Map<string, number>>();
  /** What may be done with a topic; everything by default. */
  readonly permissions = new Map<string, Permission & number>();
  /** Topics asked for with `GetRoutes`, one list for each call. */
  readonly asked: string[][] = [];
  readonly #watches = new Map<Stream<Routes, WatchRequest__Output>, Set<string>>();

  /** Watches that are open. */
  get watches(): number {
    return this.#watches.size;
  }

  addBroker(name: string, info: BrokerInfo = {}): void {
    this.brokers.set(name, { name, address: `${name}:10911`, epoch: 1, ...info });
  }

  /** Sets the topic's queues by broker and tells whoever watches it. */
  setTopic(topic: string, queues: Readonly<Record<string, number>>): void {
    this.topics.set(topic, new Map(Object.entries(queues)));
    this.tell(topic);
  }

  tell(topic: string): void {
    for (const [stream, topics] of this.#watches) if (topics.has(topic)) stream.write(this.#routes([topic]));
  }

  served(): Served {
    return fakeService(SERVICE_NAME.NAME_SERVER, NAME_SERVER, {
      getRoutes: ({ topics }) => {
        this.asked.push(topics);
        return this.#routes(topics);
      },
      watch: (stream) => this.#watch(stream),
      listBrokers: () => ({ brokers: [...this.brokers.values()].map((info) => ({ info })) }),
      listTopics: () => this.#routes([...this.topics.keys()]),
    });
  }

  #watch(stream: Stream<Routes, WatchRequest__Output>): void {
    const topics = new Set<string>();
    this.#watches.set(stream, topics);
    stream.listen({
      message: ({ add, remove }) => {
        for (const topic of add) topics.add(topic);
        for (const topic of remove) topics.delete(topic);
        stream.write(this.#routes(add));
      },
      end: () => stream.end(),
      close: () => this.#watches.delete(stream),
    });
  }

  #routes(topics: readonly string[]): Routes {
    const routes = topics.map((topic) => ({
      topic,
      shares: [...(this.topics.get(topic) ?? [])].map(([broker, queues]) => ({
        broker,
        topic: { name: topic, queues, type: 5 as const, permission: this.permissions.get(topic) ?? 0 },
      })),
    }));
    const named = new Set(routes.flatMap(({ shares }) => shares.map(({ broker }) => broker)));
    return {
      routes,
      brokers: [...this.brokers.values()].filter((info) => info.autoCreate || named.has(info.name!)),
    };
  }
}
