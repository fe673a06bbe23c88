/** Something with a loop of its own. Both calls are idempotent; `stop` waits and throws away no work half done. */
export interface Lifecycle {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts services in order and stops them in reverse, also when one fails to start. */
export class Services implements Lifecycle {
  readonly #services: readonly Lifecycle[];
  #started: Lifecycle[] = [];

  constructor(services: readonly Lifecycle[]) {
    this.#services = services;
  }

  async start(): Promise<void> {
    for (const service of this.#services) {
      if (this.#started.includes(service)) continue;
      try {
        await service.start();
      } catch (thrown) {
        await this.stop();
        throw thrown;
      }
      this.#started.push(service);
    }
  }

  async stop(): Promise<void> {
    const started = this.#started.reverse();
    this.#started = [];
    for (const service of started) await service.stop();
  }
}
