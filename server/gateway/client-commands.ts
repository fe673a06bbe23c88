import type {
  TelemetryCommand,
  TelemetryCommand__Output,
} from "../../proto/gen/apache/rocketmq/v2/TelemetryCommand.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { GatewayClient } from "./clients.js";

/** Commands that wait for their answers. */
const WAITING_MAX = { ofClient: 4, inAll: 256 } as const;

const NONCE_RANGE = 2 ** 48;

/** Writes on one telemetry stream; commands are known to be lost by it when that breaks. */
export type Tell = NonNullable<GatewayClient["tell"]>;

interface Waiting {
  readonly clientId: string;
  readonly tell: Tell;
  readonly settle: (answer: TelemetryCommand__Output | LogwheelError) => void;
}

/** How long a command waits for its answer. */
export interface CommandWait {
  readonly waitMs: number;
  /** Who has asked for it has gone. */
  readonly signal: AbortSignal;
}

/** Commands to clients, each on the newest telemetry stream of its client, and what they answer. */
export class ClientCommands {
  readonly #clock: Clock;
  readonly #random: () => number;
  /** By nonce. */
  readonly #waiting = new Map<string, Waiting>();
  /** Streams whose clients have not read yet what was sent by them. */
  readonly #full = new WeakSet<Tell>();
  #sent = 0;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: () => number }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Sends a command that no client answers. CONFLICT without a stream, THROTTLED while that is full. */
  tell(client: GatewayClient, command: (nonce: string) => TelemetryCommand): void {
    this.#streamOf(client)(command(this.#nonce()));
  }

  /**
   * Sends a command; its answer, which carries the same nonce. CONFLICT without a stream, or if that ends before; THROTTLED
   * while that is full, or too many wait; TIMEOUT, before it is sent if `waitMs` is 0; ABORTED.
   */
  async ask(
    client: GatewayClient,
    command: (nonce: string) => TelemetryCommand,
    { waitMs, signal }: CommandWait,
  ): Promise<TelemetryCommand__Output> {
    const { id: clientId } = client;
    if (signal.aborted) throw left();
    if (waitMs <= 0)
      throw new LogwheelError(
        "TIMEOUT",
        "the call leaves no time for an answer: nothing was sent; give it a longer one",
      );
    const tell = this.#streamOf(client);
    this.#checkRoom(clientId);
    const nonce = this.#nonce();
    const answer = await new Promise<TelemetryCommand__Output | LogwheelError>((resolve) => {
      const settle: Waiting["settle"] = (settled) => {
        this.#waiting.delete(nonce);
        cancel();
        signal.removeEventListener("abort", abort);
        resolve(settled);
      };
      const abort = (): void => settle(left());
      this.#waiting.set(nonce, { clientId, tell, settle });
      const cancel = this.#clock.after(waitMs, () => settle(silence(clientId, waitMs)));
      signal.addEventListener("abort", abort, { once: true });
      tell(command(nonce));
    });
    if (answer instanceof LogwheelError) throw answer;
    return answer;
  }

  /** A client has said something else than its settings. What answers no command of that client is ignored. */
  answered(clientId: string, said: TelemetryCommand__Output): void {
    const { threadStackTrace, verifyMessageResult, verifyMessageCommand } = said;
    // Node's client answers a command to verify with that command.
    const { nonce } = threadStackTrace ?? verifyMessageResult ?? verifyMessageCommand ?? {};
    const waiting = nonce === undefined ? undefined : this.#waiting.get(nonce);
    if (waiting?.clientId === clientId) waiting.settle(said);
  }

  /** A stream is no more: nothing comes of what was sent by it. */
  broken(tell: Tell): void {
    for (const waiting of this.#waiting.values()) {
      if (waiting.tell !== tell) continue;
      const what = `the telemetry stream of client ${waiting.clientId} ended before its answer came, as it does with one of more than 1 MiB: it may have done what it was told`;
      waiting.settle(new LogwheelError("CONFLICT", what));
    }
  }

  /** A stream holds as much as it may: commands are refused until `drained`, since nothing else bounds what is kept for its client. */
  full(tell: Tell): void {
    this.#full.add(tell);
  }

  drained(tell: Tell): void {
    this.#full.delete(tell);
  }

  #streamOf({ id, tell }: GatewayClient): Tell {
    if (tell === undefined)
      throw new LogwheelError(
        "CONFLICT",
        `client ${id} has no telemetry stream here now: it opens one when it next tells its settings, or has one at another broker`,
      );
    if (!this.#full.has(tell)) return tell;
    throw new LogwheelError(
      "THROTTLED",
      `client ${id} has not read yet what it was told before: try again later`,
    );
  }

  #nonce(): string {
    return `${++this.#sent}-${Math.floor(this.#random() * NONCE_RANGE).toString(16)}`;
  }

  #checkRoom(clientId: string): void {
    let ofClient = 0;
    for (const waiting of this.#waiting.values()) if (waiting.clientId === clientId) ofClient++;
    if (ofClient < WAITING_MAX.ofClient && this.#waiting.size < WAITING_MAX.inAll) return;
    const whose = ofClient < WAITING_MAX.ofClient ? "of all clients" : `of client ${clientId}`;
    throw new LogwheelError("THROTTLED", `too many commands wait for answers ${whose}: try again later`);
  }
}

function left(): LogwheelError {
  return new LogwheelError("ABORTED", "nobody waits for the answer any more");
}

function silence(clientId: string, waitMs: number): LogwheelError {
  return new LogwheelError(
    "TIMEOUT",
    `client ${clientId} has not answered within ${Math.round(waitMs / 100) / 10} s: RocketMQ's clients for Python and Rust do not know these commands, others may be busy, or have done what they were told`,
  );
}
