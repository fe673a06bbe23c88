import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { counted } from "../../proto/kernel/quantity.js";
import { RangeSet } from "../../proto/kernel/range-set.js";
import type { Queue } from "../store/queue.js";
import type { GroupState } from "../store/state.js";
import { Alarm } from "./alarm.js";
import type { Strategy } from "./assignment.js";
import type { Beginning } from "./beginning.js";
import type { OpenCursor } from "./cursors.js";
import type { DeliveryDeps } from "./delivery.js";
import type { Lane } from "./lane.js";
import { Lanes, type Places } from "./lanes.js";
import { type Introduction, isBack, issued, issueId, type Member, newMember, type Seat } from "./member.js";
import { nextDeadlineMs } from "./next-deadline.js";
import { ownPlaces, type Positions, storedPlaces } from "./places.js";
import { rebalance } from "./rebalance.js";
import type { Instant, Order } from "./run.js";
import { difference, type Mode } from "./subscription.js";

/** Time that a member has to come back whose connection broke, before its queues go to others. */
export const LOST_MS = 1_000;

/** Batches that one call delivers before others have their turn. */
const BATCHES_PER_TURN = 16;

/** Strategies by their number in `Assign` of message.proto. */
const STRATEGIES: readonly Strategy[] = ["sticky", "circular", "fixed", "hash"];

/** What groups stand on. */
export interface GroupDeps extends DeliveryDeps {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly brokerName: string;
  /** Called when a member has gone. */
  readonly left: () => void;
}

/**
 * A consumer group while it lives: its members, and who has which queue.
 *
 * Only queues that move pause: a queue is taken back from its owner, which has a while to finish, and then given to
 * the next one under a higher generation. In memory only, but for the cursors.
 */
export class Group {
  readonly state: GroupState;
  readonly #deps: GroupDeps;
  readonly #members = new Map<string, Member>();
  readonly #lanes: Lanes;
  /** In broadcast mode every member has queues of its own. */
  readonly #own = new Map<Member, Lanes>();
  readonly #alarm: Alarm;
  /** No queue is assigned before: after a restart members need time to come back. */
  #assignFromMs: number;
  #rebalancing = false;
  #draining = false;
  #turn = 0;

  constructor(state: GroupState, deps: GroupDeps, assignFromMs: number) {
    this.state = state;
    this.#deps = deps;
    this.#assignFromMs = assignFromMs;
    this.#lanes = this.#newLanes(storedPlaces(deps.cursors, state));
    this.#alarm = new Alarm(deps.clock, deps.deadlines, () => this.#guard(() => this.#passDeadlines()));
  }

  get members(): Member[] {
    return [...this.#members.values()];
  }

  /** The queues that members share or divide; none without members. */
  get lanes(): Lane[] {
    return this.#lanes.all;
  }

  /** How its members consume; undefined without members. */
  get mode(): Mode | undefined {
    for (const member of this.#members.values()) return member.mode;
    return undefined;
  }

  get order(): Order {
    return this.mode === "ordered" ? "key" : "any";
  }

  /** The queue, if a member's group consumes it. */
  lane(queue: Queue): Lane | undefined {
    return this.#lanes.get(queue);
  }

  /** Another one means that the queue was assigned or reset since. */
  generation(queue: Queue): number {
    return this.#lanes.generation(queue);
  }

  /**
   * Takes in a member. SUBSCRIPTION_MISMATCH if it wants something else than the members that are there, CONFLICT if the
   * group is ordered and the member is not. One that comes back soon after its connection broke has its queues still.
   */
  join(who: Introduction, seat: Seat, begin: Beginning): Member {
    this.#check(who);
    const former = this.#members.get(who.formerId);
    if (former !== undefined && isBack(former, who)) return this.#resume(former, seat, begin);
    const member = newMember(this.#idFor(who.formerId), who, seat, this.#deps.deadlines.instant());
    this.#members.set(member.id, member);
    seat.joined(this, member);
    if (who.mode === "broadcast") this.#openOwn(member, begin);
    else if (this.#lanes.sync(who.subscriptions, begin.start)) this.#untellAll();
    this.#afterChange();
    return member;
  }

  /** The member has finished and goes. */
  leave(member: Member): void {
    if (this.#members.get(member.id) !== member) return;
    this.#members.delete(member.id);
    const now = this.#deps.deadlines.instant();
    for (const lane of this.#lanes.all) {
      if (lane.member === member.id) lane.free(now.deadlineMs);
      if (!this.#draining) this.#dropLeases(lane, member, new RangeSet(), now);
    }
    this.#own.get(member)?.close();
    this.#own.delete(member);
    member.lanes = [];
    if (this.#members.size === 0) this.#rest();
    else this.#afterChange();
    this.#deps.left();
  }

  /** The member's connection broke: others get its queues unless it comes back. */
  lose(member: Member): void {
    if (this.#members.get(member.id) !== member) return;
    member.seat = null;
    member.lostAtMs = this.#deps.deadlines.nowMs() + LOST_MS;
    this.expect(member.lostAtMs);
  }

  /** The member has to go, for a reason that it is told. */
  dismiss(member: Member, error: LogwheelError): void {
    this.#deps.logger.warn(
      { group: this.state.name, member: member.id, host: member.host, code: error.code },
      `a member is out: ${error.message}`,
    );
    const { seat } = member;
    this.leave(member);
    seat?.dismiss(error);
  }

  /** The broker is going to stop: members finish and leave. What they do not finish does not count as failed. */
  drain(): void {
    this.#draining = true;
    for (const { seat } of this.#members.values()) seat?.draining();
  }

  /** The broker stops: members are told why. What they have out does not count as failed. */
  stop(error: LogwheelError): void {
    const { members } = this;
    this.#members.clear();
    this.#own.clear();
    this.#rest();
    for (const { seat } of members) seat?.dismiss(error);
  }

  /** The member has finished with a queue that was taken back. */
  release(member: Member, lane: Lane, generation: number): void {
    if (lane.holder.state !== "revoking" || !lane.countsFor(member.id, generation)) return;
    lane.free(this.#deps.deadlines.nowMs());
    this.#rebalanceSoon();
  }

  /** Topics may have come, grown or gone, or the group's settings changed. */
  refresh(): void {
    const [member] = this.#members.values();
    if (member === undefined) return;
    let changed = member.mode !== "broadcast" && this.#lanes.sync(member.subscriptions, null);
    for (const [owner, lanes] of this.#own) changed = lanes.sync(owner.subscriptions, null) || changed;
    if (changed) this.#untellAll();
    this.#afterChange();
  }

  /** The group was paused or goes on. */
  pauseChanged(): void {
    for (const { seat } of this.#members.values()) seat?.pauseChanged(this.state.paused);
    this.wake();
  }

  /** A queue begins at another offset. */
  reset(lane: Lane, offset: number): void {
    lane.reset(offset, this.#deps.store.epoch);
    if (lane.open !== null) this.#deps.cursors.moved(lane.open);
    this.#untellAll();
    this.#rebalanceSoon();
  }

  /** The same of a queue that nobody has. */
  resetAway({ queue, cursor }: OpenCursor, offset: number): void {
    cursor.reset(offset, this.#lanes.fence(queue, cursor.fence, this.#deps.store.epoch));
  }

  /** Delivers what can be delivered. In shared mode members take turns, a batch each. */
  wake(): void {
    if (this.mode !== "shared") {
      for (const { seat } of this.#members.values()) if (seat?.wake(BATCHES_PER_TURN)) this.expect(0);
      return;
    }
    const seats = this.members.flatMap(({ seat }) => seat ?? []);
    const first = this.#turn++ % Math.max(1, seats.length);
    const order = [...seats.slice(first), ...seats.slice(0, first)];
    for (let round = 0; round < BATCHES_PER_TURN; round++)
      if (!order.map((seat) => seat.wake(1)).includes(true)) return;
    this.expect(0);
  }

  /** Looks after deadlines no later than `atMs`, by the deadline clock. */
  expect(atMs: number): void {
    if (this.#members.size > 0) this.#alarm.set(atMs);
  }

  #check(who: Introduction): void {
    const { name, ordered } = this.state;
    if (ordered && who.mode !== "ordered")
      throw new LogwheelError(
        "CONFLICT",
        `group ${name} is ordered, this member consumes in mode ${who.mode}: use mode ordered, or another group`,
      );
    if (!this.members.some(({ seat }) => seat !== null))
      for (const lost of this.members) if (difference(lost, who) !== undefined) this.leave(lost);
    const [present] = this.#members.values();
    const differs = present && difference(present, who);
    if (differs === undefined) return;
    throw new LogwheelError(
      "SUBSCRIPTION_MISMATCH",
      `members of group ${name} must consume alike: ${differs}; stop the others first, or use another group`,
    );
  }

  /** What was on its way to the old stream is delivered again. */
  #resume(member: Member, seat: Seat, begin: Beginning): Member {
    const now = this.#deps.deadlines.instant();
    const old = member.seat;
    member.seat = null;
    old?.dismiss(new LogwheelError("CONNECTION_LOST", "the member has opened another stream"));
    const lastHeardMs = now.deadlineMs;
    Object.assign(member, { seat, lastHeardMs, lostAtMs: Number.POSITIVE_INFINITY, told: false });
    for (const lane of this.#lanes.all) {
      if (lane.member === member.id) lane.cursor.rewind(lane.cursor.floor, now.deadlineMs);
      this.#dropLeases(lane, member, begin.held(lane.queue), now);
    }
    if (member.mode === "broadcast") this.#openOwn(member, begin);
    seat.joined(this, member);
    this.#afterChange();
    return member;
  }

  /** Opens a broadcasting member's queues where it says that it is, or else where it was left. */
  #openOwn(member: Member, { start, positions }: Beginning): void {
    const former = this.#own.get(member);
    const left: Positions = (queue) => positions(queue) ?? former?.get(queue)?.cursor.floor;
    const own = this.#newLanes(ownPlaces(this.#deps.store, left));
    this.#own.set(member, own);
    own.sync(member.subscriptions, start);
    former?.close();
  }

  /** What the member had and does not hold is free for another attempt. */
  #dropLeases({ cursor, open }: Lane, member: Member, held: RangeSet, now: Instant): void {
    const dropped = cursor.dropLeases(member.id, held, now);
    if (dropped.length > 0 && open !== null) this.#deps.cursors.moved(open);
  }

  /** The id that a member has from another broker or an earlier session, if nobody else uses it; else a new one. */
  #idFor(formerId: string): string {
    let id = formerId;
    while (!issued(id) || this.#members.has(id)) id = issueId(this.#deps.random);
    return id;
  }

  #untellAll(): void {
    for (const member of this.#members.values()) member.told = false;
  }

  #afterChange(): void {
    this.#rebalance();
    this.wake();
    this.expect(nextDeadlineMs(this.#members.values(), this.#lanes.all));
  }

  #rebalanceSoon(): void {
    if (this.#rebalancing) return;
    this.#rebalancing = true;
    queueMicrotask(() => {
      this.#rebalancing = false;
      this.#guard(() => this.#afterChange());
    });
  }

  #rebalance(): void {
    if (this.#draining) return;
    const { mode } = this;
    if (mode === "concurrent" || mode === "ordered") {
      const nowMs = this.#deps.deadlines.nowMs();
      if (nowMs < this.#assignFromMs) return this.expect(this.#assignFromMs);
      this.#divide(nowMs);
    } else
      for (const member of this.#members.values()) member.lanes = (this.#own.get(member) ?? this.#lanes).all;
    this.#tell();
  }

  #divide(nowMs: number): void {
    const { changed, assigned } = rebalance({
      lanes: this.#lanes.all,
      members: this.#members,
      strategy: STRATEGIES[this.state.assign] ?? "sticky",
      brokerName: this.#deps.brokerName,
      epoch: this.#deps.store.epoch,
      nowMs,
    });
    this.#deps.counters.assignments += assigned;
    for (const id of changed) {
      const member = this.#members.get(id);
      if (member !== undefined) member.told = false;
    }
  }

  /** Tells members their queues, and why they have none, if they do not know. */
  #tell(): void {
    for (const member of this.#members.values()) {
      const note = this.#noteFor(member);
      if (member.seat === null || (member.told && member.note === note)) continue;
      member.told = true;
      member.note = note;
      if (note !== "") this.#deps.logger.warn({ group: this.state.name, member: member.id }, note);
      member.seat.assigned(member.lanes, note);
    }
  }

  /** Why a member has nothing to do, for people. */
  #noteFor({ lanes, mode }: Member): string {
    const [members, queues] = [this.#members.size, this.#lanes.all.length];
    if (mode === "shared" || mode === "broadcast" || lanes.length > 0 || queues >= members) return "";
    return `this member is idle: group ${this.state.name} has ${counted(members, "member")} on this broker, but its topics have only ${counted(queues, "queue")} here; add queues or remove members`;
  }

  #passDeadlines(): void {
    try {
      this.#passAll(this.#deps.deadlines.instant());
    } finally {
      this.expect(nextDeadlineMs(this.#members.values(), this.#lanes.all));
    }
  }

  #passAll(now: Instant): void {
    for (const member of this.members) if (member.lostAtMs <= now.deadlineMs) this.leave(member);
    for (const lane of this.#lanes.all) {
      const { holder } = lane;
      if (holder.state === "revoking" && holder.untilMs <= now.deadlineMs) lane.free(now.deadlineMs);
      const expired = lane.cursor.expireLeases(now);
      if (expired.length > 0 && lane.open !== null) this.#deps.cursors.moved(lane.open);
      this.#deps.counters.leasesExpired += expired.length;
      for (const [offset, { holder: id, attempt }] of expired)
        this.#members.get(id)?.seat?.leaseLost(lane, offset, attempt);
    }
    this.#afterChange();
  }

  /** Nobody is left. */
  #rest(): void {
    this.#lanes.close();
    this.#alarm.clear();
    this.#assignFromMs = 0;
  }

  #newLanes(places: Places): Lanes {
    const { store, logger } = this.#deps;
    const changed = (): void => {
      this.#untellAll();
      this.#afterChange();
    };
    return new Lanes({ store, logger, places, changed });
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#deps.logger.error({ group: this.state.name, error: String(thrown) }, "a group's own work failed");
    }
  }
}
