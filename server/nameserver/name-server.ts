import type { Handlers, Served } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { NAME_SERVER, SERVICE_NAME } from "../../proto/kernel/contract.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import { checkTopicName } from "../../proto/kernel/limits.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { Registrations } from "./registrations.js";
import { Routes } from "./routes.js";
import { Watchers } from "./watchers.js";

/** What a name server needs. */
export interface NameServerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Silence after which a broker leaves the routes. */
  readonly brokerExpiryMs: number;
}

/** Composition root of the name server: answers where topics live, from memory alone. */
export class NameServer implements Lifecycle {
  readonly served: readonly Served[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #routes = new Routes();
  readonly #watchers: Watchers;
  readonly #registrations: Registrations;
  readonly #periodMs: number;
  #cancel: (() => void) | null = null;

  constructor({ clock, logger, brokerExpiryMs }: NameServerOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#periodMs = Math.min(1_000, brokerExpiryMs / 4);
    this.#watchers = new Watchers((topics) => this.#routes.of(topics));
    const touch = this.#watchers.touch.bind(this.#watchers);
    this.#registrations = new Registrations({
      routes: this.#routes,
      clock,
      logger,
      touch,
      expiryMs: brokerExpiryMs,
    });
    this.served = [{ name: SERVICE_NAME.NAME_SERVER, service: NAME_SERVER, handlers: this.#handlers() }];
  }

  /** Brokers, topics and watching clients now, for metrics. */
  get counts(): { readonly brokers: number; readonly topics: number; readonly watchers: number } {
    return { ...this.#routes.counts, watchers: this.#watchers.size };
  }

  async start(): Promise<void> {
    if (this.#cancel === null) this.#schedule();
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    this.#watchers.end();
    this.#registrations.end();
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(this.#periodMs, () => {
      this.#schedule();
      try {
        this.#registrations.tick(this.#periodMs);
      } catch (thrown) {
        this.#logger.error({ err: thrown }, "expiry of brokers failed");
      }
    });
  }

  #handlers(): Handlers<typeof NAME_SERVER> {
    const routes = this.#routes;
    return {
      register: (stream, call) => this.#registrations.add(stream, call),
      watch: (stream) => this.#watchers.add(stream),
      getRoutes: ({ topics }) => {
        for (const topic of topics) checkTopicName(topic);
        return routes.of(topics);
      },
      listBrokers: () => ({ brokers: routes.brokers(this.#clock.monotonicMs()) }),
      listTopics: () => ({ routes: routes.topics() }),
    };
  }
}
