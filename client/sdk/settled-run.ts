import type { QueueFlow } from "./queue-flow.js";

/** Handled messages of one queue in a row, settled in one go. */
export class SettledRun {
  #start = 0;
  #end = 0;
  #messages = 0;
  #bytes = 0;

  /** One more message is handled; what was handled before and is not next to it is settled. */
  add(flow: QueueFlow, offset: number, bytes: number): void {
    if (this.#messages > 0 && this.#end !== offset) this.settle(flow);
    if (this.#messages === 0) this.#start = offset;
    this.#end = offset + 1;
    this.#messages++;
    this.#bytes += bytes;
  }

  settle(flow: QueueFlow): void {
    if (this.#messages === 0) return;
    const held = { messages: this.#messages, bytes: this.#bytes };
    this.#messages = this.#bytes = 0;
    flow.settler.succeed(flow, this.#start, this.#end, held);
  }
}
