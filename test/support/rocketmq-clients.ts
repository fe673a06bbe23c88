/** Clients of RocketMQ for Node in this process: what they leave behind in it is taken back. */
export class RocketmqClients {
  readonly #open: { shutdown(): Promise<void> }[] = [];
  readonly #timers = { setInterval: globalThis.setInterval, setTimeout: globalThis.setTimeout };
  readonly #home = process.env.HOME;
  readonly #begun: NodeJS.Timeout[] = [];

  /**
   * Push consumers log to a file in the home folder, by intervals that nothing of theirs ends; clients whose server has died
   * try again by timeouts that they set anew for ever.
   */
  constructor(home: string) {
    process.env.HOME = home;
    for (const name of ["setInterval", "setTimeout"] as const) {
      const begin = this.#timers[name];
      const noted = (...args: Parameters<typeof setTimeout>) => {
        const timer = begin(...args);
        this.#begun.push(timer);
        return timer;
      };
      Object.assign(globalThis, { [name]: Object.assign(noted, begin) });
    }
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
    Object.assign(globalThis, this.#timers);
    for (const timer of this.#begun) clearTimeout(timer);
    if (this.#home === undefined) delete process.env.HOME;
    else process.env.HOME = this.#home;
  }
}
