import { LogwheelError } from "../../proto/kernel/errors.js";
import { Fifo } from "./fifo.js";
import type { Generation, PendingSend } from "./pending-send.js";
import type { ProducerOptions } from "./types.js";

const IN_FLIGHT_MAX = 8_192;
const BUFFERED_BYTES_MAX = 64 << 20;
/** Calls of `send` that may wait for room; a loop that awaits nothing ends here. */
const WAITING_MAX = 1 << 20;

/** Bounds what a producer has under way, in messages and bytes; whatever is more waits its turn. */
export class SendAdmission {
  readonly #inFlightMax: number;
  readonly #bytesMax: number;
  readonly #start: (send: PendingSend) => void;
  readonly #waiting = new Fifo<PendingSend>();
  /** Sends since the last `flushed()`; the older ones that are not settled yet, each with whom to tell. */
  #generation: Generation = { unsettled: 0 };
  #older: { readonly generation: Generation; readonly resolve: () => void }[] = [];
  #ready: (() => void)[] = [];
  #inFlight = 0;
  #bytes = 0;
  #admitting = false;

  constructor(options: ProducerOptions, start: (send: PendingSend) => void) {
    this.#inFlightMax = atLeastOne("maxInFlight", options.maxInFlight ?? IN_FLIGHT_MAX);
    this.#bytesMax = atLeastOne("maxBufferedBytes", options.maxBufferedBytes ?? BUFFERED_BYTES_MAX);
    this.#start = start;
  }

  /** Another send would have to wait. */
  get full(): boolean {
    return this.#waiting.length > 0 || this.#inFlight >= this.#inFlightMax || this.#bytes >= this.#bytesMax;
  }

  /** Lets the send in now or in its turn. Fails it with THROTTLED when a million wait already. */
  enter(send: PendingSend): void {
    if (!this.full) {
      this.#count(send);
      return this.#admit(send);
    }
    if (this.#waiting.length >= WAITING_MAX)
      return send.fail(
        new LogwheelError(
          "THROTTLED",
          `${WAITING_MAX} sends wait for room already: await some of them first`,
        ),
      );
    this.#count(send);
    this.#waiting.push(send);
  }

  /** The send is settled and its room is free. */
  leave(send: PendingSend): void {
    this.#inFlight -= send.size;
    this.#bytes -= send.bytes;
    this.#uncount(send);
    if (this.#waiting.length > 0) this.#admitWaiting();
    if (this.#ready.length > 0 && !this.full) for (const resolve of this.#ready.splice(0)) resolve();
  }

  /** Resolves when there is room. */
  ready(): Promise<void> {
    if (!this.full) return Promise.resolve();
    return new Promise((resolve) => this.#ready.push(resolve));
  }

  /** Resolves when everything that entered before is settled. */
  flushed(): Promise<void> {
    if (this.#generation.unsettled === 0 && this.#older.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#older.push({ generation: this.#generation, resolve });
      this.#generation = { unsettled: 0 };
      this.#tellFlushed();
    });
  }

  /** Gives up those that still wait, each with its error. */
  close(error: LogwheelError): void {
    for (const send of this.#waiting.takeAll()) {
      send.fail(error);
      this.#uncount(send);
    }
    for (const resolve of this.#ready.splice(0)) resolve();
  }

  #count(send: PendingSend): void {
    send.generation = this.#generation;
    this.#generation.unsettled++;
  }

  #uncount(send: PendingSend): void {
    send.generation!.unsettled--;
    if (this.#older.length > 0) this.#tellFlushed();
  }

  #tellFlushed(): void {
    while (this.#older[0]?.generation.unsettled === 0) this.#older.shift()!.resolve();
  }

  #admit(send: PendingSend): void {
    this.#inFlight += send.size;
    this.#bytes += send.bytes;
    this.#start(send);
  }

  /** Starting a send may settle it and come back here: the loop that runs already goes on with the next. */
  #admitWaiting(): void {
    if (this.#admitting) return;
    this.#admitting = true;
    while (this.#waiting.length > 0 && this.#inFlight < this.#inFlightMax && this.#bytes < this.#bytesMax) {
      const send = this.#waiting.shift()!;
      if (send.settled) this.#uncount(send);
      else this.#admit(send);
    }
    this.#admitting = false;
  }
}

function atLeastOne(name: string, value: number): number {
  if (value >= 1) return value;
  throw new LogwheelError("BAD_REQUEST", `${name} is ${value}; it must be at least 1`);
}
