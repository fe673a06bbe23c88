import { backoffMs } from "../../proto/kernel/backoff.js";
import type { Clock } from "../../proto/kernel/clock.js";
import type { PulledRecords } from "../../proto/kernel/consume-codec.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { StoredRecord } from "../../proto/kernel/record.js";
import { type Connections, isConnectionFailure } from "./connections.js";
import type { WireFilter } from "./consume-settings.js";
import type { Routes } from "./routes.js";
import type { StatusFeed } from "./status.js";
import type { ReaderOptions } from "./types.js";

/** Records and bytes of one pull, and how long an empty queue is asked to wait. */
const PULL_MESSAGES = 1_024;
const PULL_BYTES = 1 << 20;
const PULL_WAIT_MS = 15_000;

const RETRY = { baseMs: 20, maxMs: 1_000 };

/** What a source stands on. */
export interface SourceDeps {
  readonly connections: Connections;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly status: StatusFeed;
  readonly requestTimeoutMs: number;
}

/** Which queue, and which messages of it. */
export interface SourceQueue {
  readonly topic: string;
  readonly broker: string;
  readonly queueId: number;
  readonly filter: WireFilter;
}

/** One record, and the frame in which it came. */
export interface SourceRecord {
  readonly record: StoredRecord;
  readonly frameBytes: number;
}

/** One queue that is read from an offset on; the next pull is under way while the last one is read. */
export class QueueSource {
  readonly queue: SourceQueue;
  readonly #deps: SourceDeps;
  readonly #signal: AbortSignal;
  /** Told when there is something new to look at. */
  readonly #changed: () => void;
  /** Offset of the record that comes next. */
  #position: number;
  /** Offset of the next pull. */
  #next: number;
  readonly #end: number;
  #records: StoredRecord[] = [];
  #at = 0;
  #frameBytes = 0;
  #ahead: PulledRecords | null = null;
  #pulling = false;
  #error: LogwheelError | null = null;
  /** Pulls of an earlier position do not count. */
  #turn = 0;
  /** Whether the first pull has been answered. */
  answered = false;

  constructor(
    deps: SourceDeps,
    queue: SourceQueue,
    range: { readonly from: number; readonly end: number },
    signal: AbortSignal,
    changed: () => void,
  ) {
    this.#deps = deps;
    this.queue = queue;
    this.#position = this.#next = range.from;
    this.#end = range.end;
    this.#signal = signal;
    this.#changed = changed;
  }

  get position(): number {
    return this.#position;
  }

  /** Everything up to its end has been read. */
  get done(): boolean {
    return this.#position >= this.#end;
  }

  /** Goes on from `offset`. */
  seek(offset: number): void {
    this.#position = this.#next = offset;
    this.#records = [];
    this.#at = 0;
    this.#ahead = null;
    this.#pulling = false;
    this.#error = null;
    this.#turn++;
  }

  /** Time of the record that comes next; undefined while there is none. Throws what pulling failed with. */
  peekMs(): number | undefined {
    this.#fill();
    if (this.#error !== null) throw this.#error;
    return this.#records[this.#at]?.storedAtMs;
  }

  /** The record that comes next; `peekMs` has said that there is one. */
  take(): SourceRecord {
    const record = this.#records[this.#at++]!;
    this.#position = this.#at < this.#records.length ? record.queueOffset + 1 : this.#afterFrame(record);
    return { record, frameBytes: this.#frameBytes };
  }

  /** Behind the last record come those that the filter left out. */
  #afterFrame(last: StoredRecord): number {
    return this.#ahead === null
      ? Math.max(last.queueOffset + 1, Math.min(this.#next, this.#end))
      : last.queueOffset + 1;
  }

  #fill(): void {
    if (this.#at >= this.#records.length && this.#ahead !== null) {
      const { records } = this.#ahead;
      this.#records = [...records].filter((record) => record.queueOffset < this.#end);
      this.#frameBytes = records.frameBytes;
      this.#at = 0;
      this.#ahead = null;
      if (this.#records.length === 0) this.#position = Math.min(this.#next, this.#end);
    }
    if (!this.#pulling && this.#ahead === null && this.#next < this.#end && this.#error === null)
      this.#pull();
  }

  #pull(): void {
    this.#pulling = true;
    const turn = this.#turn;
    this.#pulled(turn).then(
      (pulled) => {
        if (turn !== this.#turn) return;
        this.#pulling = false;
        this.answered = true;
        this.#next = pulled.nextOffset;
        this.#ahead = pulled;
        this.#changed();
      },
      (thrown: unknown) => {
        if (turn !== this.#turn) return;
        this.#pulling = false;
        this.answered = true;
        this.#error = LogwheelError.from(thrown);
        this.#changed();
      },
    );
  }

  /** One answer, over as many tries as it takes to reach the broker. */
  async #pulled(turn: number): Promise<PulledRecords> {
    const { clock, random, status } = this.#deps;
    for (let failures = 1; ; failures++) {
      try {
        return await this.#ask();
      } catch (thrown) {
        const error = LogwheelError.from(thrown);
        if (this.#signal.aborted || turn !== this.#turn) throw error;
        if (error.code === "OFFSET_OUT_OF_RANGE") {
          status.emit({ type: "error", error });
          const nearest = await this.#nearest();
          if (turn !== this.#turn) throw error;
          this.#next = nearest;
        } else if (!isTransient(error)) throw error;
        await clock.sleep(backoffMs(failures, RETRY, random), this.#signal);
      }
    }
  }

  #ask(): Promise<PulledRecords> {
    const { connections, requestTimeoutMs } = this.#deps;
    const { topic, queueId, filter } = this.queue;
    const waitMs = this.answered ? PULL_WAIT_MS : 0;
    const request = {
      topic,
      queueId,
      offset: this.#next,
      maxMessages: Math.min(PULL_MESSAGES, this.#end - this.#next),
      maxBytes: PULL_BYTES,
      waitMs,
      ...filter,
    };
    const options = { timeoutMs: waitMs + requestTimeoutMs, signal: this.#signal };
    return connections.call(this.#address(), BROKER.pull, request, options);
  }

  /** Retention took the offset, or the log was cut: the nearest one that there is. */
  async #nearest(): Promise<number> {
    const { connections, requestTimeoutMs } = this.#deps;
    const { topic, queueId } = this.queue;
    const options = { timeoutMs: requestTimeoutMs, signal: this.#signal };
    const { firstOffset, endOffset } = await connections.call(
      this.#address(),
      BROKER.seek,
      { topic, queueId },
      options,
    );
    return Math.min(Math.max(this.#next, firstOffset), endOffset);
  }

  #address(): string {
    const { broker } = this.queue;
    const info = this.#deps.routes.broker(broker);
    if (info !== undefined) return info.address;
    throw new LogwheelError("BROKER_UNAVAILABLE", `broker ${broker} is not in the routes`, { broker });
  }
}

/** Where a reader begins or ends on a queue. */
export async function offsetOf(
  deps: Pick<SourceDeps, "connections" | "requestTimeoutMs">,
  address: string,
  { topic, queueId }: { readonly topic: string; readonly queueId: number },
  at: ReaderOptions["from"] | NonNullable<ReaderOptions["until"]>,
): Promise<number> {
  if (typeof at === "object" && "offset" in at) return at.offset;
  if (typeof at !== "object" && at !== "earliest" && at !== "latest")
    throw new LogwheelError("BAD_REQUEST", `${String(at)} is no place to read from`);
  const storedAtMs = typeof at === "object" ? Math.max(0, at.timestamp.getTime()) : undefined;
  const request = storedAtMs === undefined ? { topic, queueId } : { topic, queueId, storedAtMs };
  const options = { timeoutMs: deps.requestTimeoutMs };
  const reply = await deps.connections.call(address, BROKER.seek, request, options);
  if (storedAtMs !== undefined) return reply.atOffset;
  return at === "earliest" ? reply.firstOffset : reply.endOffset;
}

function isTransient(error: LogwheelError): boolean {
  if (error.code === "UNSUPPORTED_VERSION") return false;
  return (
    isConnectionFailure(error) ||
    error.code === "TIMEOUT" ||
    error.code === "BROKER_STOPPING" ||
    error.code === "THROTTLED"
  );
}
