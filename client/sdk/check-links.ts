import { backoffMs } from "../../proto/kernel/backoff.js";
import { CheckLink, type CheckLinkDeps, type CheckStream } from "../../proto/kernel/check-link.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Connections } from "./connections.js";
import type { Routes } from "./routes.js";

/** Between two questions for routes that nobody answers. */
const FIND = { baseMs: 20, maxMs: 1_000 };

/** What the links of a producer stand on. */
export interface CheckLinksDeps extends Omit<CheckLinkDeps, "broker" | "open"> {
  readonly connections: Connections;
  readonly routes: Routes;
}

/** Links to all brokers that have a transactional producer's topics, wherever these go. */
export class CheckLinks {
  readonly #deps: CheckLinksDeps;
  readonly #topics: readonly string[];
  readonly #byBroker = new Map<string, CheckLink>();
  readonly #stopListening: () => void;
  #closed = false;

  constructor(deps: CheckLinksDeps, topics: readonly string[]) {
    this.#deps = deps;
    this.#topics = topics;
    this.#stopListening = deps.routes.onChange((topic) => {
      if (topics.includes(topic)) this.#follow();
      for (const link of this.#byBroker.values()) link.kick();
    });
    void this.#find();
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    for (const link of this.#byBroker.values()) link.close();
  }

  /** Asks for the routes until somebody answers. Never rejects. */
  async #find(): Promise<void> {
    const { routes, clock, random, broken } = this.#deps;
    for (let failures = 1; !this.#closed; failures++) {
      try {
        await Promise.all(this.#topics.map((topic) => routes.find(topic)));
        return this.#follow();
      } catch (thrown) {
        const error = LogwheelError.from(thrown);
        if (error.code === "CLOSED") return;
        broken(error);
        await clock.sleep(backoffMs(failures, FIND, random));
      }
    }
  }

  #follow(): void {
    if (this.#closed) return;
    const listed = new Set<string>();
    for (const topic of this.#topics)
      for (const share of this.#deps.routes.route(topic)?.shares ?? []) listed.add(share.broker);
    for (const [broker, link] of this.#byBroker)
      if (!listed.has(broker)) {
        this.#byBroker.delete(broker);
        link.close();
      }
    for (const broker of [...listed].sort())
      if (!this.#byBroker.has(broker))
        this.#byBroker.set(broker, new CheckLink({ ...this.#deps, broker, open: () => this.#open(broker) }));
  }

  #open(broker: string): CheckStream {
    const { routes, connections } = this.#deps;
    const address = routes.broker(broker)?.address;
    if (address === undefined)
      throw new LogwheelError("BROKER_UNAVAILABLE", `broker ${broker} is not in the routes any more`);
    return {
      stream: connections.open(address, BROKER.check),
      heard: () => connections.up(address),
      lost: (error) => connections.down(address, error),
    };
  }
}
