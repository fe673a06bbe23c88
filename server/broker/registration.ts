import type { BrokerInfo } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { NameServerStatus } from "../../proto/gen/logwheel/v1/NameServerStatus.js";
import type { Topic } from "../../proto/gen/logwheel/v1/Topic.js";
import type { Connect } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { NameServerLink } from "./name-server-link.js";

/** What a broker has to tell of itself. */
export interface RegistrationSource {
  info(): BrokerInfo;
  topics(): Topic[];
  /** Calls `listener` after each change: topics as they are now, and names of those that are gone. */
  onTopicsChanged(listener: (topics: Topic[], deleted: string[]) => void): () => void;
}

/** What a registration needs. */
export interface RegistrationOptions {
  /** Of every name server. */
  readonly addresses: readonly string[];
  readonly source: RegistrationSource;
  readonly connect: Connect;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly heartbeatMs: number;
}

/** Longest wait for name servers to know of a change, or of the end. */
const ANSWER_MS = 1_000;
/** Longest wait for the first tries. */
const FIRST_MS = 3_000;

/** Keeps a broker in the routes of all its name servers, whichever of them are up. */
export class Registration implements Lifecycle {
  readonly #options: RegistrationOptions;
  #links: NameServerLink[] = [];
  #unlisten: (() => void) | null = null;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /**
   * Begins to register, and waits until each name server has answered or could not be reached, 3 s at most: no name
   * server is a reason to wait longer, since brokers and name servers start in any order.
   */
  async start(): Promise<void> {
    if (this.#unlisten !== null) return;
    const { addresses, source } = this.#options;
    this.#links = addresses.map((address) => this.#link(address));
    this.#unlisten = source.onTopicsChanged((topics, deleted) => {
      for (const link of this.#links) link.change(topics, deleted);
    });
    for (const link of this.#links) link.start();
    await this.#bounded(FIRST_MS, (link) => link.tried());
  }

  /** Takes the broker out of all routes, 1 s at most. */
  async stop(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = null;
    const links = this.#links;
    this.#links = [];
    await Promise.all(links.map((link) => link.stop(ANSWER_MS)));
  }

  /** Resolves when every name server that is connected has all that was told so far in its routes, after 1 s at most. */
  registered(): Promise<void> {
    return this.#bounded(ANSWER_MS, (link) => link.settled());
  }

  /** Each name server, and whether the broker is registered there. */
  status(): NameServerStatus[] {
    const { addresses } = this.#options;
    return addresses.map((address, i) => ({ address, connected: this.#links[i]?.connected ?? false }));
  }

  #link(address: string): NameServerLink {
    const { source, addresses: _, ...rest } = this.#options;
    const state = () => ({ broker: source.info(), topics: source.topics() });
    return new NameServerLink({ ...rest, address, state });
  }

  async #bounded(ms: number, wait: (link: NameServerLink) => Promise<void>): Promise<void> {
    const bound = new AbortController();
    await Promise.race([Promise.all(this.#links.map(wait)), this.#options.clock.sleep(ms, bound.signal)]);
    bound.abort();
  }
}
