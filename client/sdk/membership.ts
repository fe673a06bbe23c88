import type { Assigned__Output } from "../../proto/gen/logwheel/v1/Assigned.js";
import type { Hello } from "../../proto/gen/logwheel/v1/Hello.js";
import type { Position } from "../../proto/gen/logwheel/v1/Position.js";
import type { RecordBatch } from "../../proto/kernel/consume-codec.js";
import type { ConsumeSession } from "../../proto/kernel/consume-session.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { MemberLink, type MemberLinkDeps } from "../../proto/kernel/member-link.js";
import { AckLog, type AckWaiter, alone } from "./ack-log.js";
import { type Amount, Credit } from "./credit.js";
import type { Delivery } from "./delivery.js";
import { traces } from "./diagnostics.js";
import { keepLeases, loseLease } from "./leases.js";
import type { MemberOptions } from "./member-options.js";
import { Parcel, type QueueFlow, type Settler } from "./queue-flow.js";
import { notOurs, QueueFlows } from "./queue-flows.js";
import type { Verdict } from "./verdict.js";

/** Time for handlers of a revoked queue; brokers wait 10 seconds. */
const REVOKE_MS = 8_000;
/** Between two looks whether the handlers of a stopping broker's messages have ended. */
const DRAIN_LOOK_MS = 20;
/** In broadcast mode, where the group has no say. */
const BROADCAST_RETRY_MS = 1_000;
const BROADCAST_ATTEMPTS_MAX = 17;

/** Who handles what a membership receives. */
export interface MemberOwner {
  /** Id that this member has on other brokers; empty before the first welcome. */
  memberId: string;
  welcomed(): void;
  /** The broker does not want this member. It is asked again later. */
  refused(membership: Membership, error: LogwheelError): void;
  lost(): void;
  assigned(membership: Membership, note: string): void;
  arrived(parcel: Parcel): void;
  /** The group was paused, or goes on. */
  paused(paused: boolean): void;
}

/**
 * One member of a group on one broker, over as many streams as it takes: its queues, its credit, and what it has to tell.
 *
 * Acknowledgements are kept until the broker has answered, and after a broken stream they go first: before new credit,
 * so that nothing handled comes again.
 */
export class Membership implements Settler {
  readonly broker: string;
  readonly flows: QueueFlows;
  readonly credit: Credit;
  readonly #deps: MemberLinkDeps;
  readonly #options: MemberOptions;
  readonly #owner: MemberOwner;
  readonly #link: MemberLink;
  readonly #acks = new AckLog();
  readonly #timers = new Set<() => void>();
  /** The session whose first list of queues has come: only then are results told on it. */
  #ready: ConsumeSession | null = null;
  #flushing = false;
  #draining = false;
  #acked = 0;
  #answered: (() => void)[] = [];

  constructor(deps: MemberLinkDeps, options: MemberOptions, owner: MemberOwner) {
    this.broker = deps.broker;
    this.flows = new QueueFlows(this, deps.broker);
    this.credit = new Credit(options.limit);
    this.#deps = deps;
    this.#options = options;
    this.#owner = owner;
    this.#link = new MemberLink(deps, {
      hello: () => this.#hello(),
      welcomed: ({ member }) => {
        owner.memberId ||= member;
        owner.welcomed();
      },
      assigned: (queues, note) => this.#assigned(queues, note),
      arrived: (batch) => this.#arrived(batch),
      acked: (serial, failures) => this.#onAcked(serial, failures),
      leaseLost: (lease) => {
        const flow = this.flows.get(lease);
        if (flow !== undefined) loseLease(flow, lease);
      },
      paused: (paused) => owner.paused(paused),
      draining: () => this.#drain(),
      broken: (error, refused) => this.#broken(error, refused),
    });
  }

  /** Messages whose acknowledgement was sent. */
  get acked(): number {
    return this.#acked;
  }

  /** Broadcast mode: where this member wants to begin; before the first assignment, where it was when it came. */
  ask(): Position[] {
    const positions = this.flows.ask();
    return positions.length > 0 ? positions : (this.#options.hello.positions ?? []);
  }

  /** Opens a stream, now and whenever one breaks. */
  start(): void {
    this.#link.start();
  }

  /** The broker was seen again: do not wait out the back-off. */
  kick(): void {
    this.#link.kick();
  }

  succeed(flow: QueueFlow, start: number, end: number, held: Amount): void {
    this.credit.settled(held.messages, held.bytes);
    if (flow.state === "gone") return;
    if (this.#options.mode === "broadcast") flow.finish(start, end);
    else this.#acks.add(flow, start, end);
    this.#flushSoon();
    this.ended(flow);
  }

  /** One message is handled; resolves when the broker has it. */
  acknowledge(delivery: Delivery): Promise<void> {
    const { flow } = delivery;
    this.credit.settled(1, delivery.bytes);
    if (delivery.lost !== null || flow.state === "gone")
      return Promise.reject(delivery.lost ?? notOurs(flow));
    return new Promise((resolve, reject) => {
      this.#acks.await({ delivery, resolve, reject });
      this.#flushSoon();
    });
  }

  fail(delivery: Delivery, verdict: Verdict): void {
    const { flow, offset, attempt, message } = delivery;
    if (this.#options.mode === "broadcast") return this.#repeatHere(delivery, verdict);
    this.credit.settled(1, delivery.bytes);
    if (flow.state !== "gone" && delivery.lost === null) {
      const { topic, queueId, generation } = flow;
      const { keyHash } = message;
      flow.nacks.push({ topic, queueId, generation, offset, attempt, keyHash, ...verdict });
    }
    this.#flushSoon();
    this.ended(flow);
  }

  release(messages: number, bytes: number): void {
    this.credit.settled(messages, bytes);
    this.#flushSoon();
  }

  /** Resolves when the broker has taken what was said so far. */
  roundTrip(): Promise<void> {
    this.flush();
    const { session } = this.#link;
    if (session !== null) return session.roundTrip();
    return Promise.reject(new LogwheelError("BROKER_UNAVAILABLE", `broker ${this.broker} cannot be reached`));
  }

  async extendLease(delivery: Delivery, ms: number): Promise<void> {
    const { mode, leaseMs } = this.#options;
    const { flow, offset, attempt } = delivery;
    const nowMs = this.#deps.clock.monotonicMs();
    delivery.deadlineMs = Math.max(delivery.deadlineMs, nowMs + ms);
    if (mode !== "shared") return;
    delivery.leasedMs = nowMs + ms - leaseMs;
    const { topic, queueId } = flow;
    this.#link.session?.extend({ topic, queueId, offset, attempt, leaseMs: ms });
    await this.roundTrip();
    if (delivery.lost !== null) throw delivery.lost;
  }

  /** Lets the broker send a number of messages that `Credit` does not grant by itself. */
  demand(amount: Amount): void {
    const granted = this.credit.add(amount);
    this.#ready?.credit(granted);
  }

  /** Nobody asks any more: the broker sends nothing but what is on its way. Resolves when that has come, or cannot. */
  async unwant(): Promise<void> {
    if (this.credit.begin().messages === 0) return;
    this.#ready?.credit({ messages: 0, bytes: 0, anew: true });
    await this.roundTrip().catch(() => {});
  }

  /** Tells the broker what there is to tell, in this turn. */
  flush(): void {
    this.#flushing = false;
    const session = this.#ready;
    if (session === null) return;
    this.#sendAcks(session);
    for (const flow of this.flows) {
      for (const nack of flow.nacks.splice(0)) {
        session.nack(nack);
        flow.keys.told(nack.keyHash, session.failures);
      }
    }
    const grant = this.#draining ? null : this.credit.grant();
    if (grant !== null) session.credit(grant);
  }

  /** To be called a few times in a lease's length: lengthens those past their half. */
  look(): void {
    const session = this.#ready;
    if (session !== null && this.#options.keepsLeases) this.#keepLeases(session, this.#options.leaseMs / 2);
  }

  /** Resolves when every acknowledgement has its answer, or no stream is left to bring one. */
  settled(): Promise<void> {
    this.flush();
    if (this.#acks.empty || this.#ready === null) return Promise.resolve();
    return new Promise((resolve) => this.#answered.push(resolve));
  }

  /** Leaves the group. Shared mode: what it has not begun counts as no attempt, and does not come back first. */
  close(): void {
    this.#draining = true;
    void this.unwant();
    if (this.#options.mode === "shared") for (const flow of this.flows) flow.giveBack(flow.parcels);
    this.flush();
    this.#ready = null;
    this.#link.close();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    const what = "the consumer was closed before the broker answered";
    this.#acks.close(new LogwheelError("CLOSED", what, { sent: "maybe" }));
    const closed = new LogwheelError("CLOSED", "the consumer was closed: the message is not its any more");
    for (const { inFlight } of this.flows) for (const delivery of inFlight.values()) delivery.lose(closed);
    this.#tellAnswered();
  }

  /** A broadcasting member is new to each stream, and says itself where it is; a sharing one says what it has. */
  #hello(): Hello {
    const { hello, mode } = this.#options;
    if (mode === "broadcast") return { ...hello, positions: this.ask() };
    const back = { ...hello, member: this.#owner.memberId };
    return mode === "shared" ? { ...back, held: this.flows.held } : back;
  }

  #sendAcks(session: ConsumeSession): void {
    const { queues, sent, count } = this.#acks.take();
    if (queues.length === 0) return;
    const send = (): void => this.#acks.sent(session.ack(queues, sent.waiters.length > 0), sent);
    if (!traces.settle.hasSubscribers) send();
    else traces.settle.traceSync(send, { group: this.#options.group, broker: this.broker, count });
    this.#acked += count;
  }

  /** Once for all that is settled in this turn of the event loop. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.flush());
  }

  /** A broadcasting member has no cursor on the broker: its failures wait here, and are passed over in the end. */
  #repeatHere(delivery: Delivery, { delayMs = BROADCAST_RETRY_MS, reject }: Verdict): void {
    const { flow, offset, bytes, attempt, message } = delivery;
    if (reject || attempt >= BROADCAST_ATTEMPTS_MAX)
      return this.succeed(flow, offset, offset + 1, { messages: 1, bytes });
    this.#later(delayMs, () => {
      if (flow.state === "gone") return this.release(1, bytes);
      const parcel = new Parcel(flow, [message.nextAttempt()], {
        frameBytes: message.frameBytes,
        failures: 0,
        arrivedMs: 0,
      });
      flow.parcels.add(parcel);
      this.#owner.arrived(parcel);
    });
  }

  #broken(error: LogwheelError, refused: boolean): void {
    this.#ready = null;
    this.#draining = false;
    this.#acks.unsend();
    this.#tellAnswered();
    if (this.#options.mode !== "shared") for (const flow of this.flows) flow.dropWaiting();
    if (refused) this.#owner.refused(this, error);
    else this.#owner.lost();
  }

  /** The queues that the member has from now on. The first list of a stream makes the stream ready. */
  #assigned(queues: readonly Assigned__Output[], note: string): void {
    const { session } = this.#link;
    if (session === null) return;
    const first = this.#ready !== session;
    const { kept, revoked, lost } = this.flows.assign(queues);
    if (first) for (const flow of kept) flow.keys.restart();
    for (const flow of lost) this.#lose(flow);
    for (const flow of revoked) this.#revoke(flow);
    if (first) this.#begin(session);
    this.#owner.assigned(this, note);
  }

  /** Acknowledgements of before go first, then credit. */
  #begin(session: ConsumeSession): void {
    this.#ready = session;
    const demanded = this.credit.begin();
    if (this.#options.keepsLeases) this.#keepLeases(session, 0);
    this.flush();
    if (demanded.messages > 0 && this.#options.limit.messages === 0) this.demand(demanded);
  }

  /** Not begun is given back; what runs may finish. */
  #revoke(flow: QueueFlow): void {
    flow.dropWaiting();
    this.ended(flow);
    if (flow.state === "revoking") this.#later(REVOKE_MS, () => this.#lose(flow));
  }

  /** A revoked queue is given back when none of its handlers runs any more. */
  ended(flow: QueueFlow): void {
    if (flow.state !== "revoking" || flow.inFlight.size > 0) return;
    this.flush();
    this.#forget(flow);
  }

  /** Results no longer count. */
  #lose(flow: QueueFlow): void {
    if (flow.state === "gone") return;
    for (const delivery of flow.inFlight.values()) delivery.lose(notOurs(flow));
    flow.dropWaiting();
    this.#forget(flow);
  }

  #forget(flow: QueueFlow): void {
    const { topic, queueId, generation } = flow;
    if (flow.state === "revoking") this.#ready?.released({ topic, queueId, generation });
    this.flows.delete(flow);
    this.#acks.forget(flow, notOurs(flow));
  }

  #arrived(batch: RecordBatch): void {
    const { group, mode } = this.#options;
    const { topic, queueId, generation } = batch;
    const records = [...batch.records];
    const flow = this.flows.get(batch);
    const bytes = records.reduce((sum, { start, end }) => sum + end - start, 0);
    this.credit.arrived(records.length, bytes);
    const counts = flow?.state === "assigned" && flow.generation === generation;
    if (!counts || this.#draining) return this.release(records.length, bytes);
    flow.arrive(records, mode === "broadcast" ? batch.nextOffset : null);
    const parcel = new Parcel(flow, records, {
      frameBytes: batch.records.frameBytes,
      failures: batch.failures,
      arrivedMs: this.#deps.clock.monotonicMs(),
    });
    flow.parcels.add(parcel);
    const give = (): void => this.#owner.arrived(parcel);
    if (!traces.receive.hasSubscribers) return give();
    traces.receive.traceSync(give, { group, topic, broker: this.broker, queueId, count: records.length });
  }

  #onAcked(serial: number, failures: readonly LogwheelError[]): void {
    for (const waiter of this.#acks.answered(serial, failures)) this.#ackAlone(waiter);
    if (this.#acks.empty) this.#tellAnswered();
  }

  #ackAlone(waiter: AckWaiter): void {
    if (this.#ready === null) return this.#acks.await(waiter);
    const { queues, sent } = alone(waiter);
    this.#acks.sent(this.#ready.ack(queues, true), sent);
  }

  #tellAnswered(): void {
    for (const resolve of this.#answered.splice(0)) resolve();
  }

  #keepLeases(session: ConsumeSession, ageMs: number): void {
    const { leaseMs } = this.#options;
    keepLeases(session, this.flows, { nowMs: this.#deps.clock.monotonicMs(), ageMs, leaseMs });
  }

  /** The broker is going to stop: what runs finishes, then the member leaves, and comes back later. */
  #drain(): void {
    const { session } = this.#link;
    this.#draining = true;
    for (const flow of this.flows) flow.dropWaiting();
    const look = (): void => {
      if (this.#link.session !== session) return;
      if (this.flows.busy) return this.#later(DRAIN_LOOK_MS, look);
      this.settled().then(
        () => this.#leaveFor(session),
        () => {},
      );
    };
    look();
  }

  #leaveFor(session: ConsumeSession | null): void {
    if (session === null || this.#link.session !== session) return;
    this.#link.leave(new LogwheelError("BROKER_STOPPING", `broker ${this.broker} is stopping`));
  }

  #later(delayMs: number, run: () => void): void {
    const cancel = this.#deps.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }
}
