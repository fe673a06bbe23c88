import type { Group__Output } from "../../proto/gen/logwheel/v1/Group.js";
import type { QueueProgress__Output } from "../../proto/gen/logwheel/v1/QueueProgress.js";
import type { ResetGroupRequest } from "../../proto/gen/logwheel/v1/ResetGroupRequest.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkGroupName } from "../../proto/kernel/limits.js";
import type {
  GroupDescription,
  GroupInfo,
  GroupSettings,
  GroupSummary,
  MemberInfo,
  OldestAt,
  ProgressInfo,
  QueueReset,
  ResetOptions,
  SkipOptions,
  SkippedMessage,
} from "./admin-group-types.js";
import { modes, strategies } from "./admin-names.js";
import type { Admin, ChangeOptions, Listing } from "./admin-types.js";
import { type Answer, type ClusterBrokers, goodAnswers } from "./cluster-brokers.js";
import { listing } from "./listing.js";
import type { CallOptions } from "./types.js";

type GroupAnswers = readonly Answer<{ readonly group: Group__Output | null }>[];

/** Groups of a cluster: every broker keeps its own part of each. */
export class GroupAdmin implements NonNullable<Admin["groups"]> {
  readonly #brokers: ClusterBrokers;

  constructor(brokers: ClusterBrokers) {
    this.#brokers = brokers;
  }

  async create(name: string, settings: GroupSettings = {}, options: CallOptions = {}): Promise<GroupInfo> {
    checkGroupName(name);
    const brokers = await this.#brokers.list(options);
    const group = { name, ...wireSettings(settings) };
    const answers = await this.#brokers.ask(brokers, ADMIN.createGroup, () => ({ group }), options);
    return firstOf(goodAnswers(answers, "GROUP_EXISTS"), name);
  }

  list(options: CallOptions = {}): Listing<GroupSummary> {
    return listing(async () => {
      const brokers = await this.#brokers.list(options);
      const answers = goodAnswers(await this.#brokers.ask(brokers, ADMIN.listGroups, () => ({}), options));
      const byName = new Map<string, GroupSummary>();
      for (const { reply } of answers)
        for (const { group, members, topics, lag } of reply.groups) {
          if (group === null) continue;
          const before = byName.get(group.name);
          byName.set(group.name, {
            ...infoOf(group),
            members: Math.max(members, before?.members ?? 0),
            topics: [...new Set([...topics, ...(before?.topics ?? [])])].sort(),
            lag: lag + (before?.lag ?? 0),
          });
        }
      return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  async describe(name: string, options: CallOptions = {}): Promise<GroupDescription> {
    const brokers = await this.#brokers.list(options);
    const answers = goodAnswers(
      await this.#brokers.ask(brokers, ADMIN.describeGroup, () => ({ name }), options),
      "GROUP_NOT_FOUND",
    );
    return {
      ...firstOf(answers, name),
      members: answers.flatMap(({ broker, reply }) =>
        reply.members.map(
          (member): MemberInfo => ({
            broker,
            id: member.id,
            host: member.host,
            mode: modes.fromWire(member.mode, "concurrent"),
            subscriptions: member.subscriptions,
            connectedAt: new Date(member.connectedAtMs),
            lastHeardMsAgo: member.lastHeardMsAgo,
          }),
        ),
      ),
      queues: answers.flatMap(({ broker, reply }) => reply.queues.map((queue) => progressOf(broker, queue))),
    };
  }

  async update(name: string, changes: GroupSettings & ChangeOptions): Promise<GroupInfo> {
    return this.#update(name, wireSettings(changes), changes);
  }

  async delete(name: string, options: ChangeOptions = {}): Promise<{ readonly topics: readonly string[] }> {
    const brokers = await this.#brokers.list(options);
    const dryRun = options.dryRun ?? false;
    const answers = await this.#brokers.ask(brokers, ADMIN.deleteGroup, () => ({ name, dryRun }), options);
    const topics = goodAnswers(answers, "GROUP_NOT_FOUND").flatMap(({ reply }) => reply.topics);
    return { topics: [...new Set(topics)].sort() };
  }

  async resetOffset(name: string, options: ResetOptions): Promise<readonly QueueReset[]> {
    const request: ResetGroupRequest = {
      name,
      topic: options.topic,
      ...(options.queue === undefined ? {} : { queueId: options.queue }),
      ...target(options.to),
      dryRun: options.dryRun ?? false,
    };
    const brokers =
      options.broker === undefined
        ? await this.#brokers.list(options)
        : [await this.#brokers.find(options.broker, options)];
    const answers = await this.#brokers.ask(brokers, ADMIN.resetGroup, () => request, options);
    return goodAnswers(withoutTopic(answers)).flatMap(({ broker, reply }) =>
      reply.queues.map((queue) => ({ broker, ...queue })),
    );
  }

  async skip(name: string, options: SkipOptions): Promise<SkippedMessage> {
    const { topic, queue, offset, broker, dryRun = false } = options;
    const request = { group: name, topic, queueId: queue, offset };
    const brokers =
      broker === undefined ? await this.#brokers.list(options) : [await this.#brokers.find(broker, options)];
    const look = () => ({ ...request, dryRun: true });
    const looked = withoutTopic(await this.#brokers.ask(brokers, ADMIN.skipMessage, look, options));
    if (looked.length > 1)
      throw new LogwheelError(
        "BAD_REQUEST",
        `several brokers have topic ${topic} (${looked.map((each) => each.broker).join(", ")}): name one with \`broker\``,
      );
    const [would] = goodAnswers(looked);
    const chosen = brokers.find((each) => each.name === would!.broker)!;
    const reply = dryRun
      ? would!.reply
      : await this.#brokers.call(chosen, ADMIN.skipMessage, { ...request, dryRun }, options);
    return { broker: chosen.name, ...reply };
  }

  pause(name: string, options: CallOptions = {}): Promise<GroupInfo> {
    return this.#update(name, { paused: true }, options);
  }

  resume(name: string, options: CallOptions = {}): Promise<GroupInfo> {
    return this.#update(name, { paused: false }, options);
  }

  /** Brokers that do not have the group yet get it with the same settings. */
  async #update(name: string, settings: Partial<Group__Output>, options: ChangeOptions): Promise<GroupInfo> {
    const brokers = await this.#brokers.list(options);
    const dryRun = options.dryRun ?? false;
    const request = { name, ...settings, dryRun };
    const answers: GroupAnswers = await this.#brokers.ask(brokers, ADMIN.updateGroup, () => request, options);
    const updated = goodAnswers(answers, "GROUP_NOT_FOUND");
    const group = updated[0]?.reply.group ?? null;
    const lacking = brokers.filter(({ name: broker }) => !updated.some((answer) => answer.broker === broker));
    if (!dryRun && group !== null && lacking.length > 0)
      goodAnswers(
        await this.#brokers.ask(lacking, ADMIN.createGroup, () => ({ group }), options),
        "GROUP_EXISTS",
      );
    return firstOf(updated, name);
  }
}

/** Brokers without the topic or the group are nothing to complain of as long as one has both. */
function withoutTopic<R>(answers: readonly Answer<R>[]): readonly Answer<R>[] {
  const meant = answers.filter(
    ({ error }) => error?.code !== "TOPIC_NOT_FOUND" && error?.code !== "GROUP_NOT_FOUND",
  );
  return meant.length > 0 ? meant : answers;
}

function target(to: ResetOptions["to"]): Partial<ResetGroupRequest> {
  if (to === "earliest") return { earliest: true, to: "earliest" };
  if (to === "latest") return { latest: true, to: "latest" };
  if ("offset" in to) return { offset: to.offset, to: "offset" };
  return { timeMs: to.timestamp.getTime(), to: "timeMs" };
}

function wireSettings({
  ordered,
  maxAttempts,
  assign,
  retryDelaysMs,
}: GroupSettings): Partial<Group__Output> {
  return {
    ...(ordered === undefined ? {} : { ordered }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(retryDelaysMs === undefined ? {} : { retryDelaysMs: [...retryDelaysMs] }),
    ...(assign === undefined ? {} : { assign: strategies.toWire(assign) }),
  };
}

function infoOf({ assign, ...group }: Group__Output): GroupInfo {
  const { name, ordered, maxAttempts, retryDelaysMs, paused } = group;
  return {
    name,
    ordered,
    maxAttempts,
    retryDelaysMs,
    assign: strategies.fromWire(assign, "sticky"),
    paused,
  };
}

function progressOf(broker: string, progress: QueueProgress__Output): ProgressInfo {
  const { topic, queueId, offset, endOffset, lag, ready, inFlight, retrying, member } = progress;
  const { delayed, oldestStoredAtMs, oldestReadyAtMs, oldestInFlightAtMs, oldestRetryingAtMs } = progress;
  return {
    broker,
    topic,
    queueId,
    offset,
    endOffset,
    lag,
    ready,
    inFlight,
    retrying,
    delayed: delayed ?? "unknown",
    oldestReady: momentOf(oldestReadyAtMs),
    oldestInFlight: momentOf(oldestInFlightAtMs),
    oldestRetrying: momentOf(oldestRetryingAtMs),
    ...(member === "" ? {} : { member }),
    ...(oldestStoredAtMs === 0 ? {} : { oldestStoredAt: new Date(oldestStoredAtMs) }),
  };
}

function momentOf(ms: number | undefined): OldestAt {
  if (ms === undefined) return "unknown";
  return ms === 0 ? "none" : new Date(ms);
}

function firstOf(
  answers: readonly { readonly reply: { readonly group: Group__Output | null } }[],
  name: string,
): GroupInfo {
  const group = answers[0]?.reply.group;
  if (group) return infoOf(group);
  throw new LogwheelError("GROUP_NOT_FOUND", `no broker has a group ${name}`);
}
