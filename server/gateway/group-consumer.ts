import { From } from "../../proto/gen/logwheel/v1/From.js";
import { Mode } from "../../proto/gen/logwheel/v1/Mode.js";
import type { Subscription } from "../../proto/gen/logwheel/v1/Subscription.js";
import type { Clock } from "../../proto/kernel/clock.js";
import type { SessionConnections } from "../../proto/kernel/consume-session.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { Arrivals, laneOfArrived } from "./arrivals.js";
import { type Arrived, BrokerMember } from "./broker-member.js";
import { laneOf, Outstanding } from "./outstanding.js";
import { OwnQueues } from "./own-queues.js";
import { expired, type Receipt } from "./receipt-handle.js";
import { WaitingCalls } from "./waiting-calls.js";
import { FRESH_MS, leaseMsOf, memberLeaseMs, RENEWED_MS, type Wish } from "./wish.js";

const RENEW_EVERY_MS = 5_000;
/** Before its end a lease is lengthened. */
const RENEW_AHEAD_MS = 30_000;
/** After that a message is not kept from others any more. */
const RENEWED_MS_MAX = 3 * 3_600_000;
/** What nobody has asked for in this time is given back. */
const KEPT_MS = 5_000;

/** What a consumer stands on. */
export interface GroupConsumerDeps {
  readonly group: string;
  readonly ordered: boolean;
  /** For people. */
  readonly host: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly connections: SessionConnections;
  addressOf(broker: string): string | undefined;
}

/** A message that is given out, and its receipt. */
export interface Given {
  readonly arrived: Arrived;
  readonly receipt: Receipt;
}

/** One client of the gateway as a consumer of one group: what has come for it, what it has, and its calls that wait. */
export class GroupConsumer {
  readonly #deps: GroupConsumerDeps;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #members = new Map<string, BrokerMember>();
  readonly #arrived = new Arrivals();
  readonly #out = new Outstanding();
  readonly #queues: OwnQueues;
  /** Brokers that are stopping: they are left when nothing of theirs is out. */
  readonly #draining = new Set<string>();
  /** By broker: when a call was there last that asked. */
  readonly #askedMs = new Map<string, number>();
  readonly #waiting: WaitingCalls;
  #from: From = From.FROM_LATEST;
  #cancelRenew: () => void;
  #failure: LogwheelError | undefined;
  #closed = false;
  #finishing = false;

  constructor(deps: GroupConsumerDeps) {
    this.#deps = deps;
    this.#waiting = new WaitingCalls(deps.clock);
    this.#queues = new OwnQueues({
      isBusy: (queue) => this.#out.ofQueue(queue.topic, queue) > 0,
      lost: ({ broker, topic, queueId }) => {
        this.#arrived.take(broker, (each) => each.topic === topic && each.record.queueId === queueId);
      },
      release: ({ broker, topic, queueId, generation }) =>
        this.#member(broker).released(topic, queueId, generation),
    });
    this.#cancelRenew = this.#renewLater();
  }

  /** Wants these topics, too. A group's members want the same; one that changes its mind leaves and comes back. */
  subscribe(subscriptions: readonly Subscription[], fromEarliest: boolean): void {
    if (subscriptions.every((each) => this.wants(each))) return;
    for (const each of subscriptions) this.#subscriptions.set(each.topic!, each);
    if (fromEarliest) this.#from = From.FROM_EARLIEST;
    for (const [broker, member] of this.#members) this.#leave(broker, member);
  }

  /** Messages that the client has. */
  get outstanding(): number {
    return this.#out.size;
  }

  /** Gives out nothing more, answers what waits, and leaves the group where nothing is out: what comes is for others. */
  finish(): void {
    this.#finishing = true;
    const busy = new Set(this.#out.all().map(({ receipt }) => receipt.broker));
    for (const [broker, member] of this.#members) if (!busy.has(broker)) this.#leave(broker, member);
    this.#waiting.wakeAll();
  }

  /** Whether it wants this already. */
  wants({ topic, tags, sql }: Subscription): boolean {
    const known = this.#subscriptions.get(topic!);
    return known?.tags === tags && known?.sql === sql;
  }

  /** Whether it wants anything of the topic. */
  knows(topic: string): boolean {
    return this.#subscriptions.has(topic);
  }

  async receive(wish: Wish): Promise<Given[]> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + wish.waitMs;
    // What a caller that has gone took would be out of everybody's reach.
    while (!this.#closed && !this.#finishing && !wish.signal.aborted) {
      const member = this.#member(wish.broker, memberLeaseMs(wish));
      this.#askedMs.set(wish.broker, clock.monotonicMs());
      const given = this.#take(wish, member);
      const leftMs = untilMs - clock.monotonicMs();
      if (given.length > 0 || leftMs <= 0) return given;
      if (this.#failure !== undefined && this.#failure.retry === "never") {
        const failure = this.#failure;
        this.#failure = undefined;
        throw failure;
      }
      if (!this.#arrived.isFull(wish.broker) && !this.#draining.has(wish.broker))
        member.want(wish.max + this.#waiting.wanted(wish.broker));
      await this.#waiting.wait(wish, leftMs);
    }
    return [];
  }

  /** The message is handled. LEASE_EXPIRED if that does not count any more. */
  async ack(topic: string, receipt: Receipt): Promise<void> {
    if (this.#out.remembers(topic, receipt)) return;
    this.#check(topic, receipt);
    await this.#member(receipt.broker).ack(topic, receipt.queueId, receipt.generation, receipt.offset);
    this.#forget(topic, receipt);
    this.#out.remember(topic, receipt);
    this.#leaveDrained(receipt.broker);
  }

  /** The message is visible again after `ms` and not before; returns its receipt until then. */
  async hide(topic: string, receipt: Receipt, ms: number): Promise<Receipt> {
    this.#check(topic, receipt);
    const member = this.#member(receipt.broker);
    const { queueId, offset, attempt } = receipt;
    const hidden = { ...receipt, untilMs: this.#deps.clock.nowMs() + ms };
    if (this.#deps.ordered) {
      this.#fail(topic, receipt, { delayMs: ms });
      await member.roundTrip();
      this.#leaveDrained(receipt.broker);
      return hidden;
    }
    member.extend(topic, queueId, offset, attempt, Math.max(1, ms));
    await member.roundTrip();
    const out = this.#out.get(topic, receipt);
    if (out?.receipt.attempt !== attempt) throw expired(receipt);
    const untilMs = this.#deps.clock.monotonicMs() + ms;
    this.#out.set({ ...out, receipt: hidden, renewed: false, untilMs });
    return hidden;
  }

  /** The message goes to the group's dead letters. */
  async reject(topic: string, receipt: Receipt): Promise<void> {
    this.#check(topic, receipt);
    const member = this.#member(receipt.broker);
    this.#fail(topic, receipt, {
      reject: true,
      errorName: "Rejected",
      errorMessage: "given up by its client",
    });
    await member.roundTrip();
    this.#leaveDrained(receipt.broker);
  }

  close(): void {
    this.#closed = true;
    this.#cancelRenew();
    for (const [broker, member] of this.#members) this.#leave(broker, member);
    this.#waiting.wakeAll();
  }

  #leave(broker: string, member: BrokerMember): void {
    // In this order, or what is given back would come again first.
    member.unwant();
    if (!this.#deps.ordered) this.#giveBack(broker, member, () => true);
    this.#members.delete(broker);
    member.close();
  }

  /** The member of a broker; one that is new gets leases that last as long as those who ask want it first. */
  #member(broker: string, leaseMs = RENEWED_MS): BrokerMember {
    const known = this.#members.get(broker);
    if (known !== undefined) return known;
    if (this.#closed) throw new LogwheelError("CLOSED", "the client has ended");
    const { clock, random, connections, addressOf, group, host, ordered } = this.#deps;
    const member: BrokerMember = new BrokerMember({
      broker,
      leaseMs,
      clock,
      random,
      connections,
      address: () => addressOf(broker),
      hello: () => ({
        group,
        mode: ordered ? Mode.MODE_ORDERED : Mode.MODE_SHARED,
        subscriptions: [...this.#subscriptions.values()],
        from: this.#from,
        host,
        // It came back: what its client has stays with it.
        ...(ordered ? {} : { held: this.#out.of(broker) }),
      }),
      arrived: (arrived) => this.#come(broker, arrived),
      lost: (topic, queueId, offset, attempt) => this.#lose(topic, { broker, queueId, offset }, attempt),
      assigned: (queues) => {
        if (ordered) this.#queues.assign(broker, queues);
        else this.#arrived.keep(broker, queues);
      },
      draining: () => this.#drain(broker),
      broken: (error) => {
        this.#arrived.drop(broker);
        this.#draining.delete(broker);
        if (error.code !== "CLOSED") this.#failure = error;
        if (error.code === "CLOSED" || ordered) this.#dropAll(broker);
        this.#waiting.wakeAll();
      },
    });
    this.#members.set(broker, member);
    return member;
  }

  #come(broker: string, arrived: readonly Arrived[]): void {
    this.#failure = undefined;
    const { ordered } = this.#deps;
    this.#arrived.add(broker, ordered ? arrived.filter((each) => !this.#isOut(broker, each)) : arrived);
    this.#waiting.wakeAll();
  }

  /** In order by key: behind a failed message the broker sends again what the client was given with it and still has. */
  #isOut(broker: string, { topic, generation, record }: Arrived): boolean {
    const { queueId, queueOffset: offset, attempt } = record;
    const known = this.#out.get(topic, { broker, queueId, offset })?.receipt;
    return known?.generation === generation && known.attempt === attempt;
  }

  /** What nobody has asked for meanwhile goes, too: another delivery of it is on its way. */
  #lose(topic: string, place: Pick<Receipt, "broker" | "queueId" | "offset">, attempt: number): void {
    const { broker, queueId, offset } = place;
    this.#arrived.take(broker, ({ topic: of, record }) => {
      const same = of === topic && record.queueId === queueId && record.queueOffset === offset;
      return same && record.attempt <= attempt;
    });
    const out = this.#out.get(topic, place);
    if (out !== undefined && out.receipt.attempt <= attempt) this.#forget(topic, place);
  }

  #take(wish: Wish, member: BrokerMember): Given[] {
    const nowMs = this.#deps.clock.monotonicMs();
    const untilMs = this.#deps.clock.nowMs() + wish.invisibleMs;
    const { broker, topic, max } = wish;
    const taken = this.#deps.ordered ? this.#takeOrdered(wish) : this.#arrived.first(broker, topic, max);
    return taken.map((arrived) => this.#give(arrived, wish, member, { nowMs, untilMs }));
  }

  /** Nothing of a key goes out beside what is out of it; a push consumer takes several at a time and in order. */
  #takeOrdered(wish: Wish): Arrived[] {
    const lanes = new Set<string>();
    let room = wish.max;
    return this.#arrived.take(wish.broker, (arrived) => {
      const { record, topic } = arrived;
      const { queueId, keyHash } = record;
      if (room === 0 || topic !== wish.topic || (wish.queueId >= 0 && queueId !== wish.queueId)) return false;
      const { broker } = wish;
      const lane = laneOfArrived(broker, arrived);
      const free = this.#out.ofLane(topic, { broker, queueId }, keyHash) === 0 && !lanes.has(lane);
      if (!free && !(wish.renewed && lanes.has(lane))) return false;
      lanes.add(lane);
      room--;
      return true;
    });
  }

  #give(
    arrived: Arrived,
    wish: Wish,
    member: BrokerMember,
    { nowMs, untilMs }: { nowMs: number; untilMs: number },
  ): Given {
    const { record, topic, generation, atMs } = arrived;
    const { queueId, queueOffset: offset, attempt, keyHash } = record;
    const { invisibleMs, renewed, broker } = wish;
    const receipt = { broker, queueId, offset, attempt, generation, keyHash, untilMs };
    if (!this.#deps.ordered && (member.leaseMs !== leaseMsOf(wish) || nowMs - atMs > FRESH_MS))
      member.extend(topic, queueId, offset, attempt, invisibleMs);
    this.#out.set({ topic, receipt, sinceMs: nowMs, renewed, untilMs: nowMs + invisibleMs });
    return { arrived, receipt };
  }

  /** In order by key: what has come behind it is dropped, the broker sends it again. */
  #fail(
    topic: string,
    receipt: Receipt,
    verdict: { delayMs?: number; reject?: boolean; errorName?: string; errorMessage?: string },
  ): void {
    const { broker, queueId, offset, attempt, generation, keyHash } = receipt;
    this.#member(broker).nack({ topic, queueId, generation, offset, attempt, keyHash, ...verdict });
    this.#forget(topic, receipt);
    if (!this.#deps.ordered) return;
    this.#arrived.dropLane(broker, laneOf(topic, receipt), this.#member(broker).failures);
  }

  /** LEASE_EXPIRED if the delivery that the receipt is of has ended. */
  #check(topic: string, receipt: Receipt): void {
    if (this.#deps.addressOf(receipt.broker) === undefined) throw expired(receipt);
    const out = this.#out.get(topic, receipt);
    if (out !== undefined && out.receipt.attempt === receipt.attempt) {
      if (!out.renewed && out.untilMs <= this.#deps.clock.monotonicMs()) throw expired(receipt);
      return;
    }
    // Not of this process, or of one before a restart: then its time counts.
    if (out !== undefined || receipt.untilMs <= this.#deps.clock.nowMs()) throw expired(receipt);
  }

  #forget(topic: string, place: Pick<Receipt, "broker" | "queueId" | "offset">): void {
    if (!this.#out.delete(topic, place)) return;
    if (!this.#deps.ordered) return;
    // What waits behind it in its key can go out now.
    this.#waiting.wakeAll();
    this.#queues.settled(topic, place);
  }

  /** The broker is stopping. What has come of it is for others; what its client has can still be settled. */
  #drain(broker: string): void {
    this.#draining.add(broker);
    this.#arrived.drop(broker);
    this.#leaveDrained(broker);
  }

  #leaveDrained(broker: string): void {
    if (!this.#draining.has(broker) || this.#out.of(broker).length > 0) return;
    this.#draining.delete(broker);
    this.#members.get(broker)?.leave();
  }

  #dropAll(broker: string): void {
    for (const { topic, receipt } of this.#out.all())
      if (receipt.broker === broker) this.#out.delete(topic, receipt);
    this.#queues.drop(broker);
  }

  #renewLater(): () => void {
    return this.#deps.clock.after(RENEW_EVERY_MS, () => {
      this.#renew();
      this.#cancelRenew = this.#renewLater();
    });
  }

  /** What has come and nobody asks for: in order the queue is this member's as long as it is there. */
  #giveBackUnasked(nowMs: number): void {
    const busy = this.#waiting.brokers;
    for (const [broker, askedMs] of [...this.#askedMs]) {
      if (busy.has(broker) || nowMs - askedMs < KEPT_MS) continue;
      this.#askedMs.delete(broker);
      this.#members.get(broker)?.unwant();
    }
    if (this.#deps.ordered) return;
    for (const broker of this.#arrived.brokers)
      this.#giveBack(broker, this.#member(broker), ({ atMs }) => nowMs - atMs >= KEPT_MS);
  }

  /** To others, who would not get it before its lease ends, and that would count as an attempt. */
  #giveBack(broker: string, member: BrokerMember, which: (arrived: Arrived) => boolean): void {
    for (const { topic, generation, record } of this.#arrived.take(broker, which)) {
      const { queueId, queueOffset: offset, attempt } = record;
      member.nack({ topic, queueId, generation, offset, attempt, delayMs: 0, unseen: true });
    }
  }

  #renew(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#giveBackUnasked(nowMs);
    for (const out of this.#out.all()) {
      const { queueId, offset, attempt, broker } = out.receipt;
      if (out.renewed && nowMs - out.sinceMs < RENEWED_MS_MAX) {
        if (out.untilMs - nowMs > RENEW_AHEAD_MS) continue;
        out.untilMs = nowMs + RENEWED_MS;
        if (!this.#deps.ordered) this.#member(broker).extend(out.topic, queueId, offset, attempt, RENEWED_MS);
      } else if (out.untilMs <= nowMs) {
        if (this.#deps.ordered) this.#fail(out.topic, out.receipt, { delayMs: 0 });
        else this.#forget(out.topic, out.receipt);
      }
    }
    for (const broker of this.#draining) this.#leaveDrained(broker);
  }
}
