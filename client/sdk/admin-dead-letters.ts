import type { DeadLetterFilter as WireFilter } from "../../proto/gen/logwheel/v1/DeadLetterFilter.js";
import type { Redrive__Output } from "../../proto/gen/logwheel/v1/Redrive.js";
import { RedriveState } from "../../proto/gen/logwheel/v1/RedriveState.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import { DEAD_REASON, deadReasonName } from "../../proto/kernel/dead-letter.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkGroupName } from "../../proto/kernel/limits.js";
import type { Admin, ChangeOptions, Listing } from "./admin-types.js";
import { type Answer, type ClusterBrokers, goodAnswers } from "./cluster-brokers.js";
import { atLeast } from "./consume-settings.js";
import type {
  DeadLetterFilter,
  DeadLetterQuery,
  DeadLettersOf,
  RedriveInfo,
  RedriveOptions,
} from "./dead-letter-types.js";
import { type Topic, topic } from "./topic.js";
import type { CallOptions, Message, Reader, ReaderOptions } from "./types.js";

/** All dead letters of a broker are looked at before it answers. */
const COUNT_TIMEOUT_MS = 60_000;

const STATES = ["planned", "running", "paused", "done", "cancelled"] as const;

/** Dead letters of a cluster: each broker has those of its own queues. */
export class DeadLetterAdmin implements DeadLettersOf {
  readonly #brokers: ClusterBrokers;
  readonly #admin: Pick<Admin, "topics" | "messages" | "groups">;
  readonly #reader: (topic: Topic<Uint8Array>, options: ReaderOptions) => Reader<Uint8Array>;

  constructor(
    brokers: ClusterBrokers,
    admin: Pick<Admin, "topics" | "messages" | "groups">,
    reader: (topic: Topic<Uint8Array>, options: ReaderOptions) => Reader<Uint8Array>,
  ) {
    this.#brokers = brokers;
    this.#admin = admin;
    this.#reader = reader;
  }

  list(group: string, query: DeadLetterQuery = {}): Listing<Message<Uint8Array>> {
    const read = () => this.#read(group, query);
    return {
      [Symbol.asyncIterator]: read,
      async toArray() {
        const all: Message<Uint8Array>[] = [];
        for await (const message of read()) all.push(message);
        return all;
      },
    };
  }

  async get(id: string, options: CallOptions = {}): Promise<Message<Uint8Array>> {
    const message = await this.#admin.messages.get(id, options);
    if (message.dead !== undefined) return message;
    throw new LogwheelError(
      "MESSAGE_NOT_FOUND",
      `message ${id} is no dead letter: it is in topic ${message.topic}`,
    );
  }

  async redrive(group: string, options: RedriveOptions = {}): Promise<readonly RedriveInfo[]> {
    checkGroupName(group);
    const { to = "", perSecond = 0, dryRun = false } = options;
    if (options.perSecond !== undefined) atLeast("perSecond", options.perSecond, 1);
    const brokers = await this.#brokers.list(options);
    const request = { group, filter: wireFilter(options), to, perSecond };
    const call = { timeoutMs: COUNT_TIMEOUT_MS, ...options };
    const ask = (dry: boolean, names: readonly string[]) =>
      this.#brokers.ask(
        brokers.filter(({ name }) => names.includes(name)),
        ADMIN.startRedrive,
        () => ({ ...request, dryRun: dry }),
        call,
      );
    const all = brokers.map(({ name }) => name);
    const planned = goodAnswers(await ask(true, all), "GROUP_NOT_FOUND");
    if (dryRun) return infosOf(planned);
    return infosOf(
      goodAnswers(
        await ask(
          false,
          planned.map(({ broker }) => broker),
        ),
      ),
    );
  }

  async redrives(group = "", options: CallOptions = {}): Promise<readonly RedriveInfo[]> {
    const redrives = await this.#redrives(group, options);
    if (group !== "" && redrives.length === 0) await this.#checkGroup(group, options);
    return redrives;
  }

  pause(group: string, options: CallOptions = {}): Promise<readonly RedriveInfo[]> {
    return this.#change(group, RedriveState.REDRIVE_STATE_PAUSED, options);
  }

  resume(group: string, options: CallOptions = {}): Promise<readonly RedriveInfo[]> {
    return this.#change(group, RedriveState.REDRIVE_STATE_RUNNING, options);
  }

  cancel(group: string, options: CallOptions = {}): Promise<readonly RedriveInfo[]> {
    return this.#change(group, RedriveState.REDRIVE_STATE_CANCELLED, options);
  }

  async purge(group: string, options: ChangeOptions = {}): Promise<{ readonly messages: number }> {
    const redrives = await this.#redrives(group, options);
    const busy = redrives.find(({ state }) => state === "running" || state === "paused");
    if (busy !== undefined)
      throw new LogwheelError(
        "CONFLICT",
        `dead letters of group ${group} are being sent again on broker ${busy.broker} (${busy.state}): cancel that first`,
      );
    try {
      const { messages } = await this.#admin.topics.delete(nameOf(group), options);
      return { messages };
    } catch (thrown) {
      if (!LogwheelError.is(thrown, "TOPIC_NOT_FOUND")) throw thrown;
      throw new LogwheelError("GROUP_NOT_FOUND", `group ${group} has no dead letters`);
    }
  }

  async #redrives(group: string, options: CallOptions): Promise<readonly RedriveInfo[]> {
    const brokers = await this.#brokers.list(options);
    const answers = goodAnswers(
      await this.#brokers.ask(brokers, ADMIN.listRedrives, () => ({ group }), options),
    );
    return answers.flatMap(({ broker, reply }) => reply.redrives.map((redrive) => infoOf(broker, redrive)));
  }

  /** Brokers where there is nothing to change any more are none to complain of, as long as one has something. */
  async #change(
    group: string,
    state: RedriveState & number,
    options: CallOptions,
  ): Promise<readonly RedriveInfo[]> {
    const brokers = await this.#brokers.list(options);
    const request = { group, state };
    const answers = await this.#brokers.ask(brokers, ADMIN.changeRedrive, () => request, options);
    try {
      return infosOf(goodAnswers(answers, "CONFLICT"));
    } catch (thrown) {
      if (LogwheelError.is(thrown, "CONFLICT")) await this.#checkGroup(group, options);
      throw thrown;
    }
  }

  /** GROUP_NOT_FOUND where nothing was found because there is no such group. */
  async #checkGroup(group: string, { signal, timeoutMs }: CallOptions): Promise<void> {
    await this.#admin.groups.describe(group, {
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  async *#read(group: string, query: DeadLetterQuery): AsyncGenerator<Message<Uint8Array>> {
    checkGroupName(group);
    const { redriven = false, signal } = query;
    const again = redriven ? () => false : await this.#redriven(group, query);
    const reader = this.#reader(topic(nameOf(group)), {
      from: query.since === undefined ? "earliest" : { timestamp: query.since },
      until: "end",
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      for await (const message of reader) if (fits(message, query) && !again(message)) yield message;
    } catch (thrown) {
      if (!LogwheelError.is(thrown, "TOPIC_NOT_FOUND")) throw thrown;
      await this.#checkGroup(group, query);
    } finally {
      await reader.close();
    }
  }

  /** Tells which dead letters were sent again. */
  async #redriven(group: string, options: CallOptions): Promise<(message: Message<unknown>) => boolean> {
    const brokers = await this.#brokers.list(options);
    const answers = goodAnswers(
      await this.#brokers.ask(brokers, ADMIN.listRedrives, () => ({ group }), options),
    );
    const ranges = new Map(
      answers.map(({ broker, reply }) => [broker, reply.redrives[0]?.redrivenRanges ?? []]),
    );
    return ({ broker, queueOffset }) =>
      ranges.get(broker)?.some(({ start, end }) => queueOffset >= start && queueOffset < end) ?? false;
  }
}

function nameOf(group: string): string {
  return `%DLQ%${group}`;
}

function fits({ dead }: Message<unknown>, filter: DeadLetterFilter): boolean {
  if (dead === undefined) return false;
  const { reason, errorName, topic, since, until } = filter;
  return (
    (reason === undefined || dead.reason === reason) &&
    (errorName === undefined || dead.error?.name === errorName) &&
    (topic === undefined || dead.topic === topic) &&
    (since === undefined || dead.failedAt >= since) &&
    (until === undefined || dead.failedAt < until)
  );
}

function wireFilter({ reason, errorName = "", topic = "", since, until }: DeadLetterFilter): WireFilter {
  return {
    reason: reason === undefined ? 0 : DEAD_REASON[reason],
    errorName,
    topic,
    sinceMs: since?.getTime() ?? 0,
    untilMs: until?.getTime() ?? 0,
  };
}

function infosOf(answers: readonly Answer<{ readonly redrive: Redrive__Output | null }>[]): RedriveInfo[] {
  return answers.flatMap(({ broker, reply }) => (reply?.redrive ? [infoOf(broker, reply.redrive)] : []));
}

function infoOf(broker: string, redrive: Redrive__Output): RedriveInfo {
  const { group, state, filter, to, perSecond, total, redriven, note, startedAtMs } = redrive;
  return {
    broker,
    group,
    state: STATES[state] ?? "paused",
    filter: filter === null ? {} : shownFilter(filter),
    ...(to === "" ? {} : { to }),
    perSecond,
    total,
    redriven,
    ...(note === "" ? {} : { note }),
    startedAt: new Date(startedAtMs),
  };
}

function shownFilter(filter: NonNullable<Redrive__Output["filter"]>): DeadLetterFilter {
  const { reason, errorName, topic, sinceMs, untilMs } = filter;
  const name = deadReasonName(reason);
  return {
    ...(name === "unknown" ? {} : { reason: name }),
    ...(errorName === "" ? {} : { errorName }),
    ...(topic === "" ? {} : { topic }),
    ...(sinceMs === 0 ? {} : { since: new Date(sinceMs) }),
    ...(untilMs === 0 ? {} : { until: new Date(untilMs) }),
  };
}
