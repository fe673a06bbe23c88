import { stopping } from "./call-errors.js";
import type { Clock } from "./clock.js";
import { LogwheelError } from "./errors.js";
import type { Listening } from "./listening.js";
import type { MemoryStream } from "./memory-stream.js";
import type { Router } from "./router.js";

/** A call under way in a memory network. */
export interface MemoryCall {
  /** Whose it is: one for each channel. */
  readonly client: object;
  /** Of a call of streams, the server's side. */
  readonly stream?: MemoryStream;
  /** The connection broke under it. */
  lose(error: LogwheelError): void;
}

/** A server in a memory network. */
export class MemoryServer implements Listening {
  readonly address: string;
  readonly port: number;
  readonly router: Router;
  readonly #clock: Clock;
  readonly #onStop: (server: MemoryServer) => void;
  readonly #calls = new Set<MemoryCall>();
  #idle: () => void = () => {};
  #stopped: Promise<void> | null = null;

  constructor(options: {
    readonly address: string;
    readonly router: Router;
    readonly clock: Clock;
    readonly onStop: (server: MemoryServer) => void;
  }) {
    this.address = options.address;
    this.port = Number(options.address.slice(options.address.lastIndexOf(":") + 1)) || 0;
    this.router = options.router;
    this.#clock = options.clock;
    this.#onStop = options.onStop;
  }

  /** Clients with a call under way. */
  connections(): number {
    return new Set([...this.#calls].map((call) => call.client)).size;
  }

  begin(call: MemoryCall): void {
    this.#calls.add(call);
  }

  finish(call: MemoryCall): void {
    this.#calls.delete(call);
    if (this.#calls.size === 0) this.#idle();
  }

  /** Breaks every connection. */
  lose(): void {
    for (const call of [...this.#calls])
      call.lose(new LogwheelError("CONNECTION_LOST", `the connection to ${this.address} broke`));
  }

  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async #stop(graceMs: number): Promise<void> {
    this.#onStop(this);
    for (const { stream } of [...this.#calls]) stream?.fail(stopping(this.address));
    if (this.#calls.size > 0) {
      const idle = new AbortController();
      this.#idle = () => idle.abort();
      await this.#clock.sleep(graceMs, idle.signal);
    }
    this.lose();
  }
}
