import type { Assigned__Output } from "../../proto/gen/logwheel/v1/Assigned.js";
import type { Hello } from "../../proto/gen/logwheel/v1/Hello.js";
import { Mode } from "../../proto/gen/logwheel/v1/Mode.js";
import { backoffMs } from "../../proto/kernel/backoff.js";
import type { Clock } from "../../proto/kernel/clock.js";
import type { RecordBatch } from "../../proto/kernel/consume-codec.js";
import { type ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";
import { AckLog, type AckWaiter } from "./ack-log.js";
import type { Connections } from "./connections.js";
import { ConsumeSession } from "./consume-session.js";
import { type Amount, Credit } from "./credit.js";
import type { Delivery } from "./delivery.js";
import { traces } from "./diagnostics.js";
import { Parcel, QueueFlow, queueKey, type Settler } from "./queue-flow.js";
import type { Routes } from "./routes.js";
import type { ConsumeMode } from "./types.js";

const RECONNECT = { baseMs: 20, maxMs: 1_000 };
/** After a refusal that only an operator, or other members, can change. */
const REFUSED = { baseMs: 1_000, maxMs: 5_000 };
const KICK_MS_MAX = 100;
/** Time for handlers of a revoked queue; brokers wait 10 seconds. */
const REVOKE_MS = 8_000;

/** In broadcast mode, where the group has no say. */
const BROADCAST_RETRY_MS = 1_000;
const BROADCAST_ATTEMPTS_MAX = 17;

/** Asking again at once would bring the same answer. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  "SUBSCRIPTION_MISMATCH",
  "CONFLICT",
  "FORBIDDEN",
  "BAD_REQUEST",
  "UNSUPPORTED_VERSION",
  "UNAUTHENTICATED",
]);

/** What a member is and wants: the same on every broker. */
export interface MemberOptions {
  readonly group: string;
  readonly mode: ConsumeMode;
  /** What the hello says, but for who and where. */
  readonly hello: Hello;
  readonly leaseMs: number;
  /** Lengthens leases in time, of what waits and of what is in handlers. */
  readonly keepsLeases: boolean;
  /** Nothing: only what is demanded is granted. */
  readonly limit: Amount;
}

/** Who handles what a membership receives. */
export interface MemberOwner {
  /** Id that this member has on other brokers; empty before the first welcome. */
  memberId: string;
  welcomed(membership: Membership): void;
  /** The broker does not want this member. It is asked again later. */
  refused(membership: Membership, error: LogwheelError): void;
  lost(membership: Membership, error: LogwheelError): void;
  assigned(membership: Membership, note: string): void;
  arrived(parcel: Parcel): void;
  /** What waits of these queues is not to be begun. */
  dropped(flows: readonly QueueFlow[]): void;
  paused(membership: Membership, paused: boolean): void;
}

/** What a membership stands on. */
export interface MembershipDeps {
  readonly broker: string;
  readonly connections: Connections;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
}

type Link =
  | { readonly state: "idle" }
  | { readonly state: "open"; readonly session: ConsumeSession; assigned: boolean }
  | { readonly state: "waiting"; readonly cancel: () => void }
  | { readonly state: "closed" };

/**
 * One member of a group on one broker, over as many streams as it takes: its queues, its credit, and what it has to tell.
 *
 * Acknowledgements are kept until the broker has answered, and after a broken stream they go first: before new credit,
 * so that nothing handled comes again.
 */
export class Membership implements Settler {
  readonly broker: string;
  readonly flows = new Map<string, QueueFlow>();
  readonly #deps: MembershipDeps;
  readonly #options: MemberOptions;
  readonly #owner: MemberOwner;
  readonly #credit: Credit;
  readonly #acks = new AckLog();
  readonly #timers = new Set<() => void>();
  #link: Link = { state: "idle" };
  #failures = 0;
  #flushing = false;
  #draining = false;
  #acked = 0;
  #answered: (() => void)[] = [];

  constructor(deps: MembershipDeps, options: MemberOptions, owner: MemberOwner) {
    this.broker = deps.broker;
    this.#deps = deps;
    this.#options = options;
    this.#owner = owner;
    this.#credit = new Credit(options.limit);
  }

  /** Whether the broker has welcomed the member on the stream that is open. */
  get connected(): boolean {
    return this.#link.state === "open" && this.#failures === 0;
  }

  get credit(): Credit {
    return this.#credit;
  }

  /** Messages that the broker has taken as acknowledged. */
  get acked(): number {
    return this.#acked;
  }

  /** Opens a stream, now and whenever one breaks. */
  start(): void {
    if (this.#link.state === "idle") this.#open();
  }

  /** The broker was seen again: do not wait out the back-off. */
  kick(): void {
    if (this.#link.state !== "waiting") return;
    this.#link.cancel();
    this.#reopenAfter(this.#deps.random() * KICK_MS_MAX);
  }

  /** Messages `[start, end)` of the queue are handled; so many of them, with so many bytes, were held. */
  succeed(flow: QueueFlow, start: number, end: number, held: Amount): void {
    this.#credit.settled(held.messages, held.bytes);
    if (flow.state === "gone") return;
    if (this.#options.mode === "broadcast") flow.finish(start, end);
    else this.#acks.add(flow, start, end);
    this.#flushSoon();
    this.#finishRevoked(flow);
  }

  /** The same for one message; resolves when the broker has it. */
  acknowledge(delivery: Delivery): Promise<void> {
    const { flow } = delivery;
    this.#credit.settled(1, delivery.bytes);
    if (delivery.lost !== null || flow.state === "gone")
      return Promise.reject(delivery.lost ?? notOurs(flow));
    return new Promise((resolve, reject) => {
      this.#acks.await({ delivery, resolve, reject });
      this.#flushSoon();
    });
  }

  /** The message is to be delivered again, after `delayMs` or the group's own time. */
  fail(delivery: Delivery, delayMs: number | undefined): void {
    const { flow, offset, attempt } = delivery;
    if (this.#options.mode === "broadcast") return this.#repeatHere(delivery, delayMs);
    this.#credit.settled(1, delivery.bytes);
    if (flow.state !== "gone" && delivery.lost === null) {
      const { topic, queueId, generation } = flow;
      const delay = delayMs === undefined ? {} : { delayMs: Math.max(0, Math.round(delayMs)) };
      flow.nacks.push({ topic, queueId, generation, offset, attempt, ...delay });
    }
    this.#flushSoon();
    this.#finishRevoked(flow);
  }

  /** Messages that were never begun are given up; credit for them is free again. */
  release(messages: number, bytes: number): void {
    this.#credit.settled(messages, bytes);
    this.#flushSoon();
  }

  /** Resolves when the broker has taken what was said so far. */
  roundTrip(): Promise<void> {
    this.flush();
    if (this.#link.state === "open") return this.#link.session.roundTrip();
    return Promise.reject(new LogwheelError("BROKER_UNAVAILABLE", `broker ${this.broker} cannot be reached`));
  }

  async extendLease(delivery: Delivery, ms: number): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs();
    delivery.deadlineMs = Math.max(delivery.deadlineMs, nowMs + ms);
    if (this.#options.mode !== "shared") return;
    delivery.leasedMs = nowMs + ms - this.#options.leaseMs;
    this.#extend(delivery.flow, delivery.offset, delivery.attempt, ms);
    await this.roundTrip();
    if (delivery.lost !== null) throw delivery.lost;
  }

  /** Lets the broker send a number of messages that `Credit` does not grant by itself. */
  demand(amount: Amount): void {
    const granted = this.#credit.add(amount);
    if (this.#link.state === "open" && this.#link.assigned) this.#link.session.credit(granted);
  }

  /** Tells the broker what there is to tell, in this turn. */
  flush(): void {
    this.#flushing = false;
    if (this.#link.state !== "open" || !this.#link.assigned) return;
    const { session } = this.#link;
    this.#sendAcks(session);
    for (const flow of this.flows.values()) {
      if (flow.nacks.length === 0) continue;
      for (const nack of flow.nacks) session.nack(nack);
      flow.nacks = [];
    }
    const grant = this.#draining ? null : this.#credit.grant();
    if (grant !== null) session.credit(grant);
  }

  /** Resolves when every acknowledgement has its answer, or no stream is left to bring one. */
  settled(): Promise<void> {
    this.flush();
    if (this.#acks.empty || this.#link.state !== "open") return Promise.resolve();
    return new Promise((resolve) => this.#answered.push(resolve));
  }

  /** Leaves the group. */
  close(): void {
    const link = this.#link;
    this.flush();
    this.#link = { state: "closed" };
    if (link.state === "open") link.session.leave();
    if (link.state === "waiting") link.cancel();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#acks.close(
      new LogwheelError("CLOSED", "the consumer was closed before the broker answered", { sent: "maybe" }),
    );
    this.#tellAnswered();
  }

  #sendAcks(session: ConsumeSession): void {
    const { queues, sent, count } = this.#acks.take();
    if (queues.length === 0) return;
    const send = (): void => this.#acks.sent(session.ack(queues), sent);
    if (!traces.settle.hasSubscribers) send();
    else traces.settle.traceSync(send, { group: this.#options.group, broker: this.broker, count });
    this.#acked += count;
  }

  /** A broadcasting member has no cursor on the broker: its failures wait here, and are passed over in the end. */
  #repeatHere(delivery: Delivery, delayMs = BROADCAST_RETRY_MS): void {
    const { flow, offset, bytes, attempt } = delivery;
    if (attempt >= BROADCAST_ATTEMPTS_MAX)
      return this.succeed(flow, offset, offset + 1, { messages: 1, bytes });
    this.#later(delayMs, () => {
      if (flow.state === "gone") return this.release(1, bytes);
      const parcel = new Parcel(flow, [delivery.message.nextAttempt()], delivery.message.frameBytes, 0);
      flow.parcels.add(parcel);
      this.#owner.arrived(parcel);
    });
  }

  /** Once for all that is settled in this turn of the event loop. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.flush());
  }

  #open(): void {
    const { routes, connections, clock } = this.#deps;
    const info = routes.broker(this.broker);
    const formerId = this.#options.mode === "broadcast" ? "" : this.#owner.memberId;
    const hello: Hello = { ...this.#options.hello, member: formerId, positions: this.#positions() };
    try {
      if (info === undefined)
        throw new LogwheelError("BROKER_UNAVAILABLE", `broker ${this.broker} is not in the routes any more`);
      const session = new ConsumeSession({ clock, connections }, info.address, hello, {
        welcomed: ({ member }) => {
          this.#failures = 0;
          this.#owner.memberId ||= member;
          this.#owner.welcomed(this);
        },
        assigned: (queues, note) => this.#assigned(queues, note),
        arrived: (batch) => this.#arrived(batch),
        acked: (serial, failures) => this.#onAcked(serial, failures),
        leaseLost: (lease) => this.#leaseLost(lease),
        paused: (paused) => this.#owner.paused(this, paused),
        draining: () => this.#drain(),
        closed: (error) => this.#closed(session, error),
      });
      this.#link = { state: "open", session, assigned: false };
    } catch (thrown) {
      this.#failed(LogwheelError.from(thrown));
    }
  }

  #positions(): Hello["positions"] & object {
    if (this.#options.mode !== "broadcast") return [];
    return [...this.flows.values()].map(({ topic, queueId, position }) => ({
      topic,
      queueId,
      offset: position,
    }));
  }

  #closed(session: ConsumeSession, error: LogwheelError): void {
    if (this.#link.state !== "open" || this.#link.session !== session) return;
    this.#failed(error);
  }

  #failed(error: LogwheelError): void {
    this.#failures++;
    this.#draining = false;
    this.#acks.unsend();
    this.#tellAnswered();
    if (this.#options.mode !== "shared") this.#dropWaiting([...this.flows.values()]);
    const waits = REFUSALS.has(error.code) ? REFUSED : RECONNECT;
    this.#reopenAfter(backoffMs(this.#failures, waits, this.#deps.random));
    if (REFUSALS.has(error.code)) this.#owner.refused(this, error);
    else this.#owner.lost(this, error);
  }

  #reopenAfter(delayMs: number): void {
    const cancel = this.#deps.clock.after(delayMs, () => {
      this.#link = { state: "idle" };
      this.#open();
    });
    this.#link = { state: "waiting", cancel };
  }

  /** The queues that the member has from now on. The first list of a stream makes the stream ready. */
  #assigned(queues: readonly Assigned__Output[], note: string): void {
    if (this.#link.state !== "open") return;
    const first = !this.#link.assigned;
    const before = new Map(this.flows);
    const kept = new Set<string>();
    for (const assigned of queues) {
      const key = queueKey(assigned);
      kept.add(key);
      const flow = before.get(key);
      if (flow?.generation === assigned.generation && flow.state === "assigned") {
        if (first) flow.restart();
        continue;
      }
      if (flow !== undefined) this.#lose(flow, notOurs(flow));
      this.flows.set(key, new QueueFlow(this, this.broker, assigned));
    }
    for (const [key, flow] of before) if (!kept.has(key) && flow.state === "assigned") this.#revoke(flow);
    if (first) this.#begin(this.#link);
    this.#owner.assigned(this, note);
  }

  /** Acknowledgements of before go first, then credit. */
  #begin(link: Link & { state: "open" }): void {
    link.assigned = true;
    const demanded = this.#credit.begin();
    if (this.#options.keepsLeases) this.#extendAll(0);
    this.flush();
    if (demanded.messages > 0 && this.#options.limit.messages === 0) this.demand(demanded);
  }

  /** Not begun is given back; what runs may finish. */
  #revoke(flow: QueueFlow): void {
    flow.state = "revoking";
    this.#dropWaiting([flow]);
    this.#finishRevoked(flow);
    if (flow.state === "revoking") this.#later(REVOKE_MS, () => this.#lose(flow, notOurs(flow)));
  }

  #finishRevoked(flow: QueueFlow): void {
    if (flow.state !== "revoking" || flow.inFlight.size > 0) return;
    this.flush();
    const { topic, queueId, generation } = flow;
    if (this.#link.state === "open") this.#link.session.released({ topic, queueId, generation });
    this.#forget(flow, notOurs(flow));
  }

  #lose(flow: QueueFlow, error: LogwheelError): void {
    if (flow.state === "gone") return;
    for (const delivery of flow.inFlight.values()) delivery.lose(error);
    this.#dropWaiting([flow]);
    if (flow.state === "revoking" && this.#link.state === "open") {
      const { topic, queueId, generation } = flow;
      this.#link.session.released({ topic, queueId, generation });
    }
    this.#forget(flow, error);
  }

  #forget(flow: QueueFlow, error: LogwheelError): void {
    flow.state = "gone";
    this.#acks.forget(flow, error);
    const key = queueKey(flow);
    if (this.flows.get(key) === flow) this.flows.delete(key);
  }

  #dropWaiting(flows: readonly QueueFlow[]): void {
    this.#owner.dropped(flows);
    for (const flow of flows) {
      for (const parcel of flow.parcels)
        for (; parcel.left > 0; parcel.at++) {
          const { start, end } = parcel.records[parcel.at]!;
          this.#credit.settled(1, end - start);
        }
      flow.parcels.clear();
    }
  }

  #arrived(batch: RecordBatch): void {
    const records = [...batch.records];
    const flow = this.flows.get(queueKey(batch));
    let bytes = 0;
    for (const { start, end } of records) bytes += end - start;
    this.#credit.arrived(records.length, bytes);
    const counts =
      flow?.state === "assigned" && (flow.generation === batch.generation || this.#options.mode === "shared");
    if (!counts || this.#draining) return this.release(records.length, bytes);
    const parcel = new Parcel(flow, records, batch.records.frameBytes, this.#deps.clock.monotonicMs());
    flow.parcels.add(parcel);
    const give = (): void => this.#owner.arrived(parcel);
    if (!traces.receive.hasSubscribers) return give();
    const { group } = this.#options;
    const { topic, queueId } = batch;
    traces.receive.traceSync(give, { group, topic, broker: this.broker, queueId, count: records.length });
  }

  #onAcked(serial: number, failures: readonly LogwheelError[]): void {
    const doubtful = this.#acks.answered(serial, failures);
    for (const waiter of doubtful) this.#ackAlone(waiter);
    if (this.#acks.empty) this.#tellAnswered();
  }

  #ackAlone(waiter: AckWaiter): void {
    if (this.#link.state !== "open") return this.#acks.await(waiter);
    const { flow, offset } = waiter.delivery;
    const { topic, queueId, generation } = flow;
    const ranges = [{ start: offset, end: offset + 1 }];
    const serial = this.#link.session.ack([{ topic, queueId, generation, ranges }]);
    this.#acks.sent(serial, { acks: [], waiters: [waiter] });
  }

  #tellAnswered(): void {
    for (const resolve of this.#answered.splice(0)) resolve();
  }

  #leaseLost(lease: { topic: string; queueId: number; offset: number; attempt: number }): void {
    const flow = this.flows.get(queueKey(lease));
    if (flow === undefined) return;
    const delivery = flow.inFlight.get(lease.offset);
    const what = `the lease of offset ${lease.offset} of queue ${lease.queueId} of topic ${lease.topic} ran out: the message goes to another member`;
    if (delivery === undefined) flow.lost.add(lease.offset);
    else if (delivery.attempt === lease.attempt)
      delivery.lose(new LogwheelError("LEASE_EXPIRED", what, { topic: lease.topic, broker: this.broker }));
  }

  /** Lengthens every lease that is older than `ageMs`, of what waits and of what is in handlers with time left. */
  #extendAll(ageMs: number): void {
    const { leaseMs } = this.#options;
    const nowMs = this.#deps.clock.monotonicMs();
    for (const flow of this.flows.values()) {
      for (const delivery of flow.inFlight.values()) {
        if (nowMs - delivery.leasedMs < ageMs || nowMs >= delivery.deadlineMs) continue;
        delivery.leasedMs = nowMs;
        this.#extend(flow, delivery.offset, delivery.attempt, leaseMs);
      }
      for (const parcel of flow.parcels) {
        if (nowMs - parcel.leasedMs < ageMs) continue;
        parcel.leasedMs = nowMs;
        for (let at = parcel.at; at < parcel.records.length; at++) {
          const record = parcel.records[at]!;
          this.#extend(flow, record.queueOffset, record.attempt, leaseMs);
        }
      }
    }
  }

  /** To be called a few times in a lease's length: lengthens those past their half, and finds queues that stand still. */
  look(): void {
    if (this.#link.state !== "open" || !this.#link.assigned) return;
    if (this.#options.keepsLeases) this.#extendAll(this.#options.leaseMs / 2);
    const nowMs = this.#deps.clock.monotonicMs();
    for (const flow of this.flows.values())
      if (flow.isOverdue(nowMs)) {
        const what = `broker ${this.broker} does not repeat a failed message of queue ${flow.queueId} of topic ${flow.topic}`;
        return this.#link.session.fail(new LogwheelError("CONNECTION_LOST", what, { topic: flow.topic }));
      }
  }

  #extend({ topic, queueId }: QueueFlow, offset: number, attempt: number, leaseMs: number): void {
    if (this.#link.state === "open") this.#link.session.extend({ topic, queueId, offset, attempt, leaseMs });
  }

  /** The broker is going to stop: what runs finishes, then the member leaves, and comes back later. */
  #drain(): void {
    if (this.#link.state !== "open") return;
    this.#draining = true;
    const { session } = this.#link;
    this.#dropWaiting([...this.flows.values()]);
    const look = (): void => {
      if (this.#link.state !== "open" || this.#link.session !== session) return;
      if ([...this.flows.values()].some((flow) => flow.inFlight.size > 0)) return this.#later(20, look);
      this.settled().then(
        () => {
          if (this.#link.state !== "open" || this.#link.session !== session) return;
          session.leave();
          for (const flow of [...this.flows.values()]) this.#lose(flow, notOurs(flow));
          this.#failed(new LogwheelError("BROKER_STOPPING", `broker ${this.broker} is stopping`));
        },
        () => {},
      );
    };
    look();
  }

  #later(delayMs: number, run: () => void): void {
    const cancel = this.#deps.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }
}

/** `Mode` of the wire. */
export const MODE_NUMBER = {
  concurrent: Mode.MODE_CONCURRENT,
  ordered: Mode.MODE_ORDERED,
  shared: Mode.MODE_SHARED,
  broadcast: Mode.MODE_BROADCAST,
} as const satisfies Record<ConsumeMode, number>;

function notOurs(flow: QueueFlow): LogwheelError {
  return new LogwheelError(
    "NOT_ASSIGNED",
    `queue ${flow.queueId} of topic ${flow.topic} went to another member: the result no longer counts`,
    { topic: flow.topic, broker: flow.broker },
  );
}
