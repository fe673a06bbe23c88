import type { Channel, Method } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";

const ASK_MS = 3_000;

/** The name servers of a cluster: any of them can answer, and the one that did last is asked first. */
export class NameServers {
  readonly #channels: readonly Channel[];
  #first = 0;

  constructor(channels: readonly Channel[]) {
    this.#channels = channels;
  }

  get count(): number {
    return this.#channels.length;
  }

  /** The first answer. BROKER_UNAVAILABLE, or what the last one said, if none gives one. */
  async ask<Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, request: Q): Promise<ROut> {
    const count = this.#channels.length;
    const from = this.#first;
    let failure = new LogwheelError("BROKER_UNAVAILABLE", "there is no name server to ask");
    for (let tried = 0; tried < count; tried++) {
      const at = (from + tried) % count;
      try {
        const answer = await this.#channels[at]!.unary(method, request, { timeoutMs: ASK_MS });
        this.#first = at;
        return answer;
      } catch (thrown) {
        failure = LogwheelError.from(thrown);
      }
    }
    throw failure;
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }
}
