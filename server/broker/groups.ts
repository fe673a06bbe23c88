import type { Hello__Output } from "../../proto/gen/logwheel/v1/Hello.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import { checkGroupName, LEASE_MS_MAX } from "../../proto/kernel/limits.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { GroupState, StoredSubscription } from "../store/state.js";
import type { Store } from "../store/store.js";
import { beginningOf } from "./beginning.js";
import { type ConsumeCounters, consumeCounters } from "./counters.js";
import { Cursors } from "./cursors.js";
import { DeadLetters } from "./dead-letters.js";
import { DeadlineClock } from "./deadline-clock.js";
import { ExpirySweep } from "./expiry-sweep.js";
import { Group, type GroupDeps } from "./group.js";
import type { Introduction, Member, Seat } from "./member.js";
import { checkMetadataRoom } from "./metadata-room.js";
import type { Meter } from "./meter.js";
import { checkReadable } from "./readable.js";
import { isReserved, RESERVED } from "./reserved.js";
import { ATTEMPTS_MAX } from "./retry-ladder.js";
import { LEASE_MS } from "./settlement.js";
import { sameStored, storedSubscriptions } from "./stored-subscriptions.js";
import { MODES, parseSubscriptions, type Subscriptions } from "./subscription.js";
import type { Topics } from "./topics.js";

/** What `GroupSettings` are unless they are set. */
export const HEARTBEAT_MS = 3_000;
const EXPIRY_MS = 10_000;
const GROUPS_MAX = 10_000;
const SUBSCRIPTIONS_MAX = 256;

/** Time after a start in which members of a group that had cursors may come back before its queues are divided. */
export const RETURN_MS = 3_000;

/** Members of one group on a broker. */
export const MEMBERS_MAX = 4_000;

/** Limits of groups and their members. */
export interface GroupSettings {
  readonly groupsMax?: number | undefined;
  /** Topics that one member may subscribe to. */
  readonly subscriptionsMax?: number | undefined;
  /** A member sends a ping, or anything else, at least this often. */
  readonly memberHeartbeatMs?: number | undefined;
  /** Silence after which a member is taken for dead. */
  readonly memberExpiryMs?: number | undefined;
}

/** What `Groups` is made of. */
export interface GroupsOptions extends GroupSettings {
  readonly store: Store;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  /** 0 to 1. */
  readonly random: () => number;
  readonly brokerName: string;
}

/** All consumer groups of a broker: lets members in, tells groups what happens, finds out who is silent. */
export class Groups implements Lifecycle {
  readonly deps: GroupDeps;
  /** As members are told: ping so often, and be taken for dead after so much silence. */
  readonly heartbeatMs: number;
  readonly expiryMs: number;
  readonly #groupsMax: number;
  readonly #subscriptionsMax: number;
  readonly #topics: Topics;
  readonly #live = new Map<GroupState, Group>();
  #startedAtMs = 0;
  readonly #sweep: ExpirySweep;
  #draining = false;
  /** Aborts when the last member has gone after they were asked to. */
  readonly #empty = new AbortController();
  #unlisten: (() => void)[] = [];

  constructor({ topics, ...options }: GroupsOptions) {
    const { store, clock, logger } = options;
    const counters = consumeCounters();
    const deadlines = new DeadlineClock(clock, (gapMs) =>
      logger.warn({ gapMs: Math.round(gapMs) }, "the process stood still; members get as much more time"),
    );
    const cursors = new Cursors({ store, clock, deadlines, logger, counters });
    const moved = (state: GroupState): void => this.#live.get(state)?.wake();
    const deadLetters = new DeadLetters({ ...options, topics, cursors, moved });
    this.deps = { ...options, counters, deadlines, cursors, deadLetters, left: () => this.#left() };
    this.#sweep = new ExpirySweep(this.deps, (state) => this.live(state));
    this.#topics = topics;
    this.heartbeatMs = options.memberHeartbeatMs ?? HEARTBEAT_MS;
    this.expiryMs = options.memberExpiryMs ?? EXPIRY_MS;
    this.#groupsMax = options.groupsMax ?? GROUPS_MAX;
    this.#subscriptionsMax = options.subscriptionsMax ?? SUBSCRIPTIONS_MAX;
  }

  /** What consuming has done since the start. */
  get counters(): ConsumeCounters {
    return this.deps.counters;
  }

  /** Members of all groups. */
  get members(): number {
    let count = 0;
    for (const group of this.#live.values()) count += group.members.length;
    return count;
  }

  /** Corrects cursors after a cut of the log, then listens. Call it before members are let in. */
  async start(): Promise<void> {
    const { store, cursors, deadlines } = this.deps;
    cursors.cutAll();
    cursors.write();
    deadlines.start(() => this.#guard(() => this.#expireSilent()));
    this.#startedAtMs = deadlines.nowMs();
    this.#sweep.start();
    this.#unlisten = [
      store.onVisible(() => this.#each((group) => group.wake())),
      this.#topics.onChanged(() => this.#each((group) => group.refresh())),
    ];
  }

  /** Lets no member in, asks all to finish and go, and resolves when they have or the time is over. */
  async drain(withinMs: number): Promise<void> {
    this.#draining = true;
    this.#each((group) => group.drain());
    this.#left();
    await this.deps.clock.sleep(withinMs, this.#empty.signal);
  }

  /** Puts out who is left and appends what cursors have learned. */
  async stop(): Promise<void> {
    this.#draining = true;
    this.#sweep.stop();
    for (const off of this.#unlisten) off();
    this.#unlisten = [];
    const error = new LogwheelError("BROKER_STOPPING", "the broker has stopped: come back later");
    this.#each((group) => group.stop(error));
    this.deps.deadlines.stop();
    this.deps.deadLetters.stop();
    this.deps.cursors.write();
  }

  /** Lets a member in, and makes its group if need be. Throws what the member is told. */
  join(hello: Hello__Output, peer: string, seat: Seat): Member {
    if (this.#draining)
      throw new LogwheelError("BROKER_STOPPING", "the broker is stopping and takes no new members");
    const mode = MODES[hello.mode];
    if (mode === undefined)
      throw new LogwheelError("BAD_REQUEST", `${hello.mode} is no mode that this version knows`);
    const subscriptions = parseSubscriptions(hello.subscriptions, this.#subscriptionsMax);
    for (const name of subscriptions.keys()) {
      const topic = this.deps.store.state.topics.get(name);
      if (topic !== undefined) checkReadable(topic);
    }
    const state = this.ensure(hello.group, { ordered: mode === "ordered" });
    if (mode !== "broadcast") this.#checkRoom(state, subscriptions);
    const group = this.live(state);
    if (group.members.length >= MEMBERS_MAX)
      throw new LogwheelError("THROTTLED", `group ${hello.group} has ${MEMBERS_MAX} members on this broker`);
    const who: Introduction = {
      mode,
      subscriptions,
      formerId: hello.member,
      host: hello.host || peer,
      processId: hello.processId,
      leaseMs: Math.min(hello.leaseMs || LEASE_MS, LEASE_MS_MAX),
    };
    const member = group.join(who, seat, beginningOf(hello));
    this.#keepWanted(state, storedSubscriptions(mode, subscriptions));
    return member;
  }

  /** What the log says of a group; GROUP_NOT_FOUND if it says nothing, BAD_REQUEST if it can say nothing. */
  get(name: string): GroupState {
    const state = this.deps.store.state.groups.get(name);
    if (state !== undefined) return state;
    checkGroupName(name);
    throw new LogwheelError(
      "GROUP_NOT_FOUND",
      `this broker has no group ${JSON.stringify(name)}: it is made when its first member comes, or by an administrator`,
    );
  }

  /** The same; makes the group with the defaults if it is missing. */
  ensure(name: string, { ordered }: { ordered: boolean }): GroupState {
    const { state } = this.deps.store;
    const known = state.groups.get(name);
    if (known !== undefined && !isReserved(name)) return known;
    this.record({
      number: state.nextGroupNumber,
      name,
      ordered,
      maxAttempts: ATTEMPTS_MAX,
      assign: 0,
      paused: false,
    });
    return this.get(name);
  }

  /** Records a group as it is from now on. */
  record(group: Omit<GroupState, "cursors">): void {
    const { store } = this.deps;
    checkGroupName(group.name);
    if (isReserved(group.name))
      throw new LogwheelError(
        "BAD_REQUEST",
        `group names that begin with ${RESERVED}, as ${group.name} does, are kept for the broker's own groups: choose another`,
      );
    if (!store.state.groups.has(group.name) && store.state.groups.size >= this.#groupsMax)
      throw new LogwheelError(
        "THROTTLED",
        `this broker has ${store.state.groups.size} groups, as many as are allowed`,
      );
    if (!store.state.groups.has(group.name)) checkMetadataRoom(store);
    store.appendGroup({ op: "put", ...group });
  }

  /** The group with its members, who may be none. */
  live(state: GroupState): Group {
    const known = this.#live.get(state);
    if (known !== undefined) return known;
    const returnMs = state.cursors.size > 0 ? this.#startedAtMs + RETURN_MS : 0;
    const group = new Group(state, this.deps, returnMs);
    this.#live.set(state, group);
    return group;
  }

  /** Forgets a group that was deleted. */
  forget(state: GroupState): void {
    this.#live.delete(state);
    this.deps.cursors.drop(state);
  }

  /** A member that brings its group to topics that are new to it makes cursors. */
  #checkRoom(group: GroupState, subscriptions: Subscriptions): void {
    const { store } = this.deps;
    for (const name of subscriptions.keys()) {
      const queue = store.state.topics.get(name)?.queues[0];
      if (queue !== undefined && !group.cursors.has(queue)) return checkMetadataRoom(store);
    }
  }

  /** What expires while nobody is there goes by what the last members wanted. */
  #keepWanted(state: GroupState, subscriptions: readonly StoredSubscription[]): void {
    const { store } = this.deps;
    if (sameStored(state.subscriptions, subscriptions)) return;
    const kept = store.crowded ? [] : subscriptions;
    const { cursors: _, ...settings } = state;
    store.appendGroup({ op: "put", ...settings, subscriptions: kept });
  }

  #left(): void {
    if (this.#draining && this.members === 0) this.#empty.abort();
  }

  #expireSilent(): void {
    const { deadlines } = this.deps;
    const silentSinceMs = deadlines.nowMs() - this.expiryMs;
    this.#each((group) => {
      for (const member of group.members)
        if (member.seat !== null && member.lastHeardMs <= silentSinceMs)
          group.dismiss(
            member,
            new LogwheelError("TIMEOUT", `nothing was heard of it for ${this.expiryMs} ms`),
          );
    });
  }

  /** Every group that has members; what goes wrong with one does not touch the others. */
  #each(run: (group: Group) => void): void {
    for (const group of this.#live.values()) if (group.mode !== undefined) this.#guard(() => run(group));
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.deps.logger.error({ error: String(thrown) }, "work for a consumer group failed");
    }
  }
}
