import type { Clock } from "../../proto/kernel/clock.js";
import { NAME_SERVER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { NameServers } from "./name-servers.js";

const AGAIN_MS = 1_000;

/** What a search stands on. */
export interface NameServerSearchDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nameServers: NameServers;
  /** For people. */
  readonly addresses: readonly string[];
}

/** Looks for a name server until one has answered: whether their addresses are right shows at the start. */
export class NameServerSearch {
  readonly #deps: NameServerSearchDeps;
  #brokers: number | undefined;
  #stopped = false;
  #cancel: () => void = () => {};

  constructor(deps: NameServerSearchDeps) {
    this.#deps = deps;
  }

  /** How many brokers the first answer named; undefined until it has come. */
  get brokers(): number | undefined {
    return this.#brokers;
  }

  /** Looks once, and goes on by itself if nobody answers. */
  async look(): Promise<void> {
    const { clock, logger, nameServers, addresses } = this.#deps;
    try {
      const { brokers } = await nameServers.ask(NAME_SERVER.listBrokers, {});
      this.#brokers = brokers.length;
      logger.info({ brokers: brokers.length }, "a name server answers");
    } catch (thrown) {
      const fields = {
        namesrv: addresses,
        reason: "no name server",
        error: LogwheelError.from(thrown).message,
      };
      logger.warn(fields, "no name server answers: calls are refused until one does");
      if (!this.#stopped) this.#cancel = clock.after(AGAIN_MS, () => void this.look());
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }
}
