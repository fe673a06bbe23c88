import { LogwheelError } from "../../proto/kernel/errors.js";
import type { StoredRecord } from "../../proto/kernel/record.js";
import { Closing } from "./closing.js";
import { atLeast, leaseTime, memberOptions } from "./consume-settings.js";
import { bounded, throwIfAborted } from "./deadline.js";
import { Delivery } from "./delivery.js";
import { LeasedMessage } from "./leased-message.js";
import type { Membership } from "./membership.js";
import { Memberships } from "./memberships.js";
import { ReceivedMessage } from "./message.js";
import { MessageLoop } from "./message-loop.js";
import type { ConsumerDeps } from "./push-consumer.js";
import type { Parcel } from "./queue-flow.js";
import type { Topic } from "./topic.js";
import type { CallOptions, CloseOptions, Lease, Message, SimpleConsumer, SimpleOptions } from "./types.js";

const MAX = 32;
const WAIT_MS = 15_000;
const DEMAND_BYTES = 16 << 20;
/** What nobody has asked for in this time, or a quarter of a shorter lease, is given back. */
const KEPT_MS = 5_000;
/** A lease that is older than this when its message is handed out is begun anew. */
const FRESH_MS = 1_000;

interface Receiver {
  readonly wake: () => void;
}

/** Hands out leased messages one call at a time. Takes no more from the brokers than was asked for. */
export class LeasingConsumer<T> implements SimpleConsumer<T> {
  readonly #deps: ConsumerDeps;
  readonly #topic: Topic<T>;
  readonly #leaseMs: number;
  readonly #waitMs: number;
  readonly #memberships: Memberships;
  readonly #closing: Closing;
  readonly #parcels = new Set<Parcel>();
  readonly #receivers = new Set<Receiver>();
  readonly #loops = new Set<MessageLoop<T>>();

  constructor(deps: ConsumerDeps, topic: Topic<T>, options: SimpleOptions) {
    const { group, filter, from, invisibleMs, waitMs = WAIT_MS } = options;
    const wishes = { group, filter, from, leaseMs: invisibleMs, mode: "shared" } as const;
    const member = { ...memberOptions([topic.name], wishes, deps.host), keepsLeases: false, limit: NOTHING };
    this.#deps = deps;
    this.#topic = topic;
    this.#leaseMs = member.leaseMs;
    this.#waitMs = waitMs;
    this.#memberships = new Memberships(deps, [topic.name], member, {
      arrived: (parcel) => {
        this.#parcels.add(parcel);
        for (const { wake } of this.#receivers) wake();
      },
      look: () => this.#giveBack(deps.clock.monotonicMs() - Math.min(KEPT_MS, member.leaseMs / 4)),
    });
    this.#closing = new Closing(deps.clock, {
      drain: () => this.#drain(),
      end: () => {
        this.#memberships.close();
        deps.onClosed(this);
      },
    });
  }

  get closed(): Promise<void> {
    return this.#closing.closed;
  }

  async receive(
    options: CallOptions & {
      readonly max?: number;
      readonly waitMs?: number;
      readonly invisibleMs?: number;
    } = {},
  ): Promise<readonly (Message<T> & Lease)[]> {
    const { max = MAX, waitMs = this.#waitMs, invisibleMs = this.#leaseMs, signal } = options;
    atLeast("max", max, 1);
    leaseTime("invisibleMs", invisibleMs, 1);
    this.#throwIfClosed();
    throwIfAborted(signal, "receiving");
    const { clock } = this.#deps;
    await bounded(this.#memberships.start(), options, clock, "joining the group");
    const untilMs = clock.monotonicMs() + waitMs;
    for (;;) {
      const taken = await this.#take(max, invisibleMs);
      const leftMs = untilMs - clock.monotonicMs();
      if (taken.length > 0 || leftMs <= 0 || this.#closing.begun) return taken;
      this.#demand(max);
      await this.#arrival(leftMs, options);
    }
  }

  messages(
    options: CallOptions & { readonly maxInFlight?: number } = {},
  ): AsyncIterableIterator<Message<T> & Lease> & AsyncDisposable {
    const { maxInFlight = MAX, ...call } = options;
    const loop = new MessageLoop<T>(atLeast("maxInFlight", maxInFlight, 1), {
      receive: (max) => this.#receiveFor(max, call),
      ended: () => this.#loops.delete(loop),
    });
    this.#loops.add(loop);
    return loop;
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#closing.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** For a loop: waits as long as it takes; null when the consumer is closed. */
  async #receiveFor(max: number, options: CallOptions): Promise<readonly LeasedMessage<T>[] | null> {
    await bounded(this.#memberships.start(), options, this.#deps.clock, "joining the group");
    for (;;) {
      if (this.#closing.begun) return null;
      throwIfAborted(options.signal, "receiving");
      const taken = await this.#take(max, this.#leaseMs);
      if (taken.length > 0) return taken;
      this.#demand(max);
      await this.#arrival(this.#waitMs, options);
    }
  }

  /** Tells each broker to send what is missing; together they may send a little more, which the next call gets. */
  #demand(max: number): void {
    const memberships = [...this.#memberships.all];
    const each = Math.ceil(max / Math.max(1, memberships.length));
    for (const membership of memberships) {
      const { outstanding, starved } = membership.credit;
      const messages = Math.max(0, each - outstanding);
      if (messages > 0 || starved) membership.demand({ messages, bytes: DEMAND_BYTES });
    }
  }

  /** Resolves when something has come, the time is over or the consumer closes; rejects if the caller aborts. */
  async #arrival(waitMs: number, options: CallOptions): Promise<void> {
    const { clock } = this.#deps;
    const stop = new AbortController();
    const receiver = { wake: () => stop.abort() };
    this.#receivers.add(receiver);
    try {
      await bounded(clock.sleep(waitMs, stop.signal), options, clock, "receiving");
    } finally {
      this.#receivers.delete(receiver);
      stop.abort();
    }
  }

  async #take(max: number, invisibleMs: number): Promise<LeasedMessage<T>[]> {
    const taken: LeasedMessage<T>[] = [];
    for (const parcel of [...this.#parcels]) {
      while (parcel.left > 0 && taken.length < max) {
        const record = parcel.records[parcel.at++]!;
        const message = this.#open(parcel, record, invisibleMs);
        if (message !== null) taken.push(message);
      }
      if (parcel.left > 0) break;
      this.#parcels.delete(parcel);
      parcel.flow.parcels.delete(parcel);
    }
    return this.#decoded(taken);
  }

  /** Null if the message does not belong to this consumer any more. */
  #open(parcel: Parcel, record: StoredRecord, invisibleMs: number): LeasedMessage<T> | null {
    const { flow, frameBytes, leasedMs } = parcel;
    const nowMs = this.#deps.clock.monotonicMs();
    const offset = record.queueOffset;
    const stale = flow.state !== "assigned" || flow.inFlight.has(offset) || flow.lost.delete(offset);
    if (stale || nowMs - leasedMs >= this.#leaseMs) {
      flow.settler.release(1, record.end - record.start);
      return null;
    }
    const message = new ReceivedMessage(flow.broker, this.#topic, record, frameBytes);
    const delivery = new Delivery(message, flow, offset, leasedMs);
    flow.inFlight.set(offset, delivery as Delivery);
    if (invisibleMs !== this.#leaseMs || nowMs - leasedMs > FRESH_MS)
      delivery.extend(invisibleMs).catch(() => {});
    return new LeasedMessage(this.#topic, delivery, flow.settler as Membership);
  }

  /** A message whose body cannot be decoded is given back, and told of. */
  async #decoded(messages: readonly LeasedMessage<T>[]): Promise<LeasedMessage<T>[]> {
    const good: LeasedMessage<T>[] = [];
    for (const message of messages) {
      try {
        await message.decode();
        good.push(message);
      } catch (thrown) {
        const error = LogwheelError.from(thrown);
        this.#deps.status.emit({ type: "error", error });
        this.#deps.logger.warn({ messageId: message.id, code: error.code }, error.message);
        message.nack().catch(() => {});
      }
    }
    return good;
  }

  /** What came up to then: others would not get it before its lease ends, and that would count as an attempt. */
  #giveBack(untilMs: number): void {
    if (this.#receivers.size === 0) void this.#unwant();
    for (const parcel of this.#parcels) {
      if (parcel.leasedMs > untilMs) continue;
      this.#parcels.delete(parcel);
      parcel.flow.giveBack([parcel]);
    }
  }

  async #unwant(): Promise<void> {
    await Promise.all(Array.from(this.#memberships.all, (membership) => membership.unwant()));
  }

  async #drain(): Promise<void> {
    for (const { wake } of this.#receivers) wake();
    for (const loop of this.#loops) void loop.return();
    await Promise.all([this.#unwant(), this.#memberships.settled()]);
  }

  #throwIfClosed(): void {
    if (this.#closing.begun) throw new LogwheelError("CLOSED", "the consumer is closed");
  }
}

const NOTHING = { messages: 0, bytes: 0 };
