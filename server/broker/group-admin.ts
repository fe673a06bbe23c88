import type { DeleteGroupReply } from "../../proto/gen/logwheel/v1/DeleteGroupReply.js";
import type { DeleteGroupRequest__Output } from "../../proto/gen/logwheel/v1/DeleteGroupRequest.js";
import type { DescribeGroupReply } from "../../proto/gen/logwheel/v1/DescribeGroupReply.js";
import type { Group__Output } from "../../proto/gen/logwheel/v1/Group.js";
import type { GroupReply } from "../../proto/gen/logwheel/v1/GroupReply.js";
import type { GroupSummary } from "../../proto/gen/logwheel/v1/GroupSummary.js";
import type { ListGroupsReply } from "../../proto/gen/logwheel/v1/ListGroupsReply.js";
import type { Member } from "../../proto/gen/logwheel/v1/Member.js";
import type { QueueProgress } from "../../proto/gen/logwheel/v1/QueueProgress.js";
import type { ResetGroupReply } from "../../proto/gen/logwheel/v1/ResetGroupReply.js";
import type { ResetGroupRequest__Output } from "../../proto/gen/logwheel/v1/ResetGroupRequest.js";
import type { SkipMessageReply } from "../../proto/gen/logwheel/v1/SkipMessageReply.js";
import type { SkipMessageRequest__Output } from "../../proto/gen/logwheel/v1/SkipMessageRequest.js";
import type { UpdateGroupRequest__Output } from "../../proto/gen/logwheel/v1/UpdateGroupRequest.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { counted } from "../../proto/kernel/quantity.js";
import type { Queue } from "../store/queue.js";
import type { GroupState } from "../store/state.js";
import type { Groups } from "./groups.js";
import { queueOf } from "./readable.js";
import { isReserved } from "./reserved.js";
import { ATTEMPTS_MAX, checkRetryDelays } from "./retry-ladder.js";
import { skipMessage } from "./skip.js";
import { MODES, showSubscriptions } from "./subscription.js";
import type { Topics } from "./topics.js";

/** Deliveries of one message that a group may ask for. */
const ATTEMPTS_LIMIT = 10_000;

const ASSIGN_MAX = 3;

type Settings = Omit<GroupState, "cursors">;

/** A request in which the group's retry delays may be missing. */
type Lenient<T extends { retryDelaysMs: number[] }> = Omit<T, "retryDelaysMs"> &
  Partial<Pick<T, "retryDelaysMs">>;

/** What administrators do with consumer groups. Every answer comes when a restart keeps what it says. */
export class GroupAdmin {
  readonly #groups: Groups;
  readonly #topics: Topics;

  constructor(groups: Groups, topics: Topics) {
    this.#groups = groups;
    this.#topics = topics;
  }

  /** GROUP_EXISTS if there is one of this name. */
  async create({ group }: { group: Lenient<Group__Output> | null }): Promise<GroupReply> {
    const { store } = this.#groups.deps;
    if (group === null) throw new LogwheelError("BAD_REQUEST", "the request names no group");
    if (store.state.groups.has(group.name))
      throw new LogwheelError("GROUP_EXISTS", `group ${group.name} exists already on this broker`);
    const { name, ordered, assign, paused, retryDelaysMs } = group;
    const maxAttempts = group.maxAttempts || ATTEMPTS_MAX;
    const number = store.state.nextGroupNumber;
    const settings = { number, name, ordered, maxAttempts, assign, paused, ...delaysOf(retryDelaysMs) };
    checkSettings(settings);
    this.#groups.record(settings);
    await store.whenSettled();
    return { group: show(this.#groups.get(group.name)) };
  }

  /** Changes what is named; with `dryRun` only says what the group would be. CONFLICT if members consume otherwise. */
  async update(request: Lenient<UpdateGroupRequest__Output>): Promise<GroupReply> {
    const { store } = this.#groups.deps;
    const state = this.#groups.get(request.name);
    const live = this.#groups.live(state);
    const settings: Settings = {
      number: state.number,
      name: state.name,
      ordered: request.ordered ?? state.ordered,
      maxAttempts: request.maxAttempts ?? state.maxAttempts,
      assign: request.assign ?? state.assign,
      paused: request.paused ?? state.paused,
      ...delaysOf(request.retryDelaysMs?.length ? request.retryDelaysMs : state.retryDelaysMs),
    };
    checkSettings(settings);
    if (settings.ordered && live.mode !== undefined && live.mode !== "ordered")
      throw new LogwheelError(
        "CONFLICT",
        `group ${state.name} cannot become ordered while members consume in mode ${live.mode}: stop them first`,
      );
    if (request.dryRun) return { group: show(settings) };
    const wasPaused = state.paused;
    this.#groups.record(settings);
    if (state.paused !== wasPaused) live.pauseChanged();
    live.refresh();
    await store.whenSettled();
    return { group: show(state) };
  }

  /** Deletes a group with its cursors; CONFLICT while it has members. */
  async delete({ name, dryRun }: DeleteGroupRequest__Output): Promise<DeleteGroupReply> {
    const { store } = this.#groups.deps;
    const state = this.#groups.get(name);
    const members = this.#groups.live(state).members.length;
    if (members > 0)
      throw new LogwheelError(
        "CONFLICT",
        `group ${name} has ${counted(members, "member")} on this broker: stop ${members === 1 ? "it" : "them"} first`,
      );
    const topics = topicsOf(this.#queuesIn(state));
    if (dryRun) return { topics };
    store.appendGroup({ op: "delete", number: state.number });
    this.#groups.forget(state);
    await store.whenSettled();
    return { topics };
  }

  /** Every group, with its members and its lag on this broker. */
  list(): ListGroupsReply {
    const { store, cursors } = this.#groups.deps;
    const groups: GroupSummary[] = [];
    for (const state of store.state.groups.values()) {
      if (isReserved(state.name)) continue;
      const queues = this.#queuesIn(state);
      let lag = 0;
      for (const queue of queues) lag += cursors.peek(state, queue)?.counts(store.endOffset(queue)).lag ?? 0;
      const members = this.#groups.live(state).members.length;
      groups.push({ group: show(state), members, topics: topicsOf(queues), lag });
    }
    return { groups };
  }

  /** Members, and where the group stands in every queue that it has a cursor on. */
  async describe(name: string): Promise<DescribeGroupReply> {
    const { store, cursors, deadlines } = this.#groups.deps;
    const state = this.#groups.get(name);
    const live = this.#groups.live(state);
    const nowMs = deadlines.nowMs();
    const members = live.members.map(
      (member): Member => ({
        id: member.id,
        host: member.host,
        mode: MODES.indexOf(member.mode) as 0 | 1 | 2 | 3,
        subscriptions: showSubscriptions(member.subscriptions),
        connectedAtMs: Math.round(member.connectedAtMs),
        lastHeardMsAgo: Math.max(0, Math.round(nowMs - member.lastHeardMs)),
      }),
    );
    const queues: QueueProgress[] = [];
    for (const queue of this.#queuesIn(state)) {
      const cursor = cursors.peek(state, queue);
      if (cursor === undefined) continue;
      const endOffset = store.endOffset(queue);
      const lowest = Math.max(cursor.floor, queue.firstOffset);
      const { ready, inFlight, retrying } = cursor.oldest(endOffset);
      queues.push({
        topic: queue.topic.name,
        queueId: queue.id,
        offset: cursor.floor,
        endOffset,
        ...cursor.counts(endOffset),
        member: live.lane(queue)?.member ?? "",
        oldestStoredAtMs: lowest < endOffset ? await store.lookup.storedAt(queue, lowest) : 0,
        ...known("oldestReadyAtMs", await this.#storedAt(queue, ready)),
        ...known("oldestInFlightAtMs", await this.#storedAt(queue, inFlight)),
        ...known("oldestRetryingAtMs", await this.#storedAt(queue, retrying)),
        // Which of them are on their way to this queue the due index cannot tell.
        ...known("delayed", store.due.pending === 0 ? 0 : undefined),
      });
    }
    return { group: show(state), members, queues };
  }

  /**
   * Sets where a group goes on in a topic; with `dryRun` only says what would move. What members have of it is taken back:
   * they get the queues anew, and what they still acknowledge of before is refused. An offset that a queue does not have
   * becomes its nearest one.
   */
  async reset(request: ResetGroupRequest__Output): Promise<ResetGroupReply> {
    const { cursors } = this.#groups.deps;
    const state = this.#groups.get(request.name);
    const live = this.#groups.live(state);
    if (live.mode === "broadcast")
      throw new LogwheelError(
        "CONFLICT",
        `group ${state.name} consumes in mode broadcast: its members keep their places themselves`,
      );
    const queues = this.#queuesOf(request);
    const moves: { queue: Queue; from: number; to: number }[] = [];
    for (const queue of queues) {
      const from = cursors.peek(state, queue)?.floor ?? queue.firstOffset;
      moves.push({ queue, from, to: await this.#targetOf(queue, request) });
    }
    if (!request.dryRun) {
      for (const { queue, to } of moves) this.#move(state, queue, to);
      await cursors.settled();
    }
    return {
      queues: moves.map(({ queue, from, to }) => ({ queueId: queue.id, fromOffset: from, toOffset: to })),
    };
  }

  /** Acknowledges one message in the group's place. */
  skip(request: SkipMessageRequest__Output): Promise<SkipMessageReply> {
    return skipMessage(this.#groups, this.#topics, request);
  }

  /** Store time of a message: 0 for none, undefined if it is not known, because retention or damage took it. */
  async #storedAt(queue: Queue, offset: number): Promise<number | undefined> {
    const { store } = this.#groups.deps;
    if (offset === Number.POSITIVE_INFINITY) return 0;
    if (offset < queue.firstOffset || offset >= store.endOffset(queue)) return undefined;
    return (await store.lookup.storedAt(queue, offset)) || undefined;
  }

  /** Queues that a group has a cursor on, written or not. */
  #queuesIn(state: GroupState): Set<Queue> {
    const consumed = this.#groups.live(state).lanes.map(({ queue }) => queue);
    return new Set([...state.cursors.keys(), ...consumed]);
  }

  #queuesOf({ topic, queueId }: ResetGroupRequest__Output): readonly Queue[] {
    return queueId === undefined
      ? this.#topics.get(topic).queues
      : [queueOf(this.#topics, { topic, queueId })];
  }

  async #targetOf(queue: Queue, { to, timeMs, offset }: ResetGroupRequest__Output): Promise<number> {
    const { store } = this.#groups.deps;
    const [first, end] = [queue.firstOffset, store.endOffset(queue)];
    switch (to) {
      case "earliest":
        return first;
      case "latest":
        return end;
      case "timeMs":
        return store.lookup.offsetAt(queue, timeMs!);
      case "offset":
        return Math.min(Math.max(offset!, first), end);
    }
    throw new LogwheelError(
      "BAD_REQUEST",
      "a reset needs a target: the earliest or latest offset, a time or an offset",
    );
  }

  #move(state: GroupState, queue: Queue, to: number): void {
    const { cursors } = this.#groups.deps;
    const live = this.#groups.live(state);
    const lane = live.lane(queue);
    if (lane !== undefined) return live.reset(lane, to);
    const open = cursors.open(state, queue) ?? cursors.create(state, queue, to);
    live.resetAway(open, to);
    cursors.moved(open);
  }
}

/** Absent where the default holds, so that groups of before stay as they were recorded. */
function delaysOf(retryDelaysMs: readonly number[] | undefined): Pick<Settings, "retryDelaysMs"> {
  return retryDelaysMs?.length ? { retryDelaysMs } : {};
}

function checkSettings({ maxAttempts, assign, retryDelaysMs = [] }: Settings): void {
  checkRetryDelays(retryDelaysMs);
  if (maxAttempts < 1 || maxAttempts > ATTEMPTS_LIMIT)
    throw new LogwheelError(
      "BAD_REQUEST",
      `a message has 1 to ${ATTEMPTS_LIMIT} attempts, not ${maxAttempts}`,
    );
  if (assign < 0 || assign > ASSIGN_MAX)
    throw new LogwheelError("BAD_REQUEST", `${assign} is no assignment that this version knows`);
}

function show(group: Settings): NonNullable<GroupReply["group"]> {
  const { name, ordered, maxAttempts, assign, paused, retryDelaysMs = [] } = group;
  return { name, ordered, maxAttempts, assign, paused, retryDelaysMs: [...retryDelaysMs] };
}

function known(name: keyof QueueProgress, value: number | undefined): Partial<QueueProgress> {
  return value === undefined ? {} : { [name]: value };
}

function topicsOf(queues: Iterable<Queue>): string[] {
  return [...new Set(Array.from(queues, ({ topic }) => topic.name))].sort();
}
