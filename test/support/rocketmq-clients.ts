/** Clients of RocketMQ for Node in this process: what they leave behind in it is taken back. */
export class RocketmqClients {
  readonly #open: { shutdown(): Promise<void> }[] = [];
  readonly #begin = globalThis.setInterval;
  readonly #home = process.env.HOME;
  readonly #intervals: NodeJS.Timeout[] = [];

  /** Push consumers log to a file in the home folder, by intervals that nothing of theirs ends. */
  constructor(home: string) {
    process.env.HOME = home;
    globalThis.setInterval = ((...args: Parameters<typeof globalThis.setInterval>) => {
      const interval = this.#begin(...args);
      this.#intervals.push(interval);
      return interval;
    }) as typeof globalThis.setInterval;
  }

  /** Starts a client that `shutdown` is going to stop. */
  async started<T extends { startup(): Promise<void>; shutdown(): Promise<void> }>(client: T): Promise<T> {
    await client.startup();
    this.#open.push(client);
    return client;
  }

  /** Stops all clients. Their servers have to be there still, and may stop then; `restore` comes last. */
  async shutdown(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((client) => client.shutdown().catch(() => {})));
  }

  restore(): void {
    for (const interval of this.#intervals) clearInterval(interval);
    globalThis.setInterval = this.#begin;
    if (this.#home === undefined) delete process.env.HOME;
    else process.env.HOME = this.#home;
  }
}
