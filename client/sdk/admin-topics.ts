import type { BrokerInfo__Output } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { Route__Output } from "../../proto/gen/logwheel/v1/Route.js";
import type { UpdateTopicRequest } from "../../proto/gen/logwheel/v1/UpdateTopicRequest.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { NAME_SERVER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkTopicName } from "../../proto/kernel/limits.js";
import { expiredFates, permissions, topicTypes } from "./admin-names.js";
import type {
  Admin,
  ChangeOptions,
  Listing,
  QueueInfo,
  TopicChanges,
  TopicDeletion,
  TopicDescription,
  TopicInfo,
  TopicSettings,
} from "./admin-types.js";
import { type ClusterBrokers, type GoodAnswer, goodAnswers } from "./cluster-brokers.js";
import { listing } from "./listing.js";
import type { Routes } from "./routes.js";
import type { CallOptions } from "./types.js";

const QUEUES = 8;
/** Between two looks at the routes, and how long they may take to show a change. */
const POLL_MS = 10;
const VISIBLE_MS_MAX = 10_000;

/** Topics of a cluster: each call is divided over the brokers. */
export class TopicAdmin implements NonNullable<Admin["topics"]> {
  readonly #brokers: ClusterBrokers;
  readonly #routes: Routes;
  readonly #clock: Clock;

  constructor(brokers: ClusterBrokers, routes: Routes, clock: Clock) {
    this.#brokers = brokers;
    this.#routes = routes;
    this.#clock = clock;
  }

  async create(name: string, settings: TopicSettings = {}, options: CallOptions = {}): Promise<TopicInfo> {
    checkTopicName(name);
    const total = wholeNumber("queues", settings.queues ?? QUEUES);
    const topic = {
      name,
      type: topicTypes.toWire(settings.type ?? "normal"),
      permission: permissions.toWire(settings.permission ?? "read-write"),
      retentionMs: settings.retentionMs ?? 0,
      ...expiryOf(settings),
      attributes: { ...settings.attributes },
    };
    const existing = (await this.#route(name, options)).shares;
    if (existing.length > 0)
      throw new LogwheelError(
        "TOPIC_EXISTS",
        `topic ${name} exists on ${existing.map((s) => s.broker).join(", ")}`,
        {
          topic: name,
        },
      );
    const brokers = await this.#brokers.list(options);
    const shares = divide(total, brokers);
    const answers = await this.#brokers.ask(
      brokers,
      ADMIN.createTopic,
      (broker) => ({ topic: { ...topic, queues: shares.get(broker.name)! } }),
      options,
    );
    goodAnswers(answers, "TOPIC_EXISTS");
    return this.#whenShown(name, (route) => route.shares.length >= brokers.length, options);
  }

  list(options: CallOptions = {}): Listing<TopicInfo> {
    return listing(async () => {
      const { routes } = await this.#routes.call(NAME_SERVER.listTopics, {}, options);
      const infos = routes.filter(({ shares }) => shares.length > 0).map(infoOf);
      return infos.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  async describe(name: string, options: CallOptions = {}): Promise<TopicDescription> {
    const brokers = await this.#brokersOf(name, options);
    const answers = goodAnswers(
      await this.#brokers.ask(brokers, ADMIN.describeTopic, () => ({ name }), options),
      "TOPIC_NOT_FOUND",
    );
    const shares = answers.flatMap(({ broker, reply }) =>
      reply.topic === null ? [] : [{ broker, topic: reply.topic }],
    );
    const queueList = answers.flatMap(({ broker, reply }) =>
      reply.queues.map(
        (queue): QueueInfo => ({
          broker,
          queueId: queue.queueId,
          firstOffset: queue.firstOffset,
          endOffset: queue.endOffset,
          ...(queue.firstStoredAtMs > 0 ? { firstStoredAt: new Date(queue.firstStoredAtMs) } : {}),
          ...(queue.lastStoredAtMs > 0 ? { lastStoredAt: new Date(queue.lastStoredAtMs) } : {}),
        }),
      ),
    );
    return {
      ...infoOf({ topic: name, shares }),
      createdAt: new Date(Math.min(...answers.map(({ reply }) => reply.createdAtMs))),
      groups: union(answers.map(({ reply }) => reply.groups)),
      queueList,
    };
  }

  async update(name: string, changes: TopicChanges): Promise<TopicInfo> {
    const route = await this.#existing(name, changes);
    const all = await this.#brokers.list(changes);
    if (changes.broker !== undefined) return this.#updateShare(route, changes.broker, all, changes);
    const had = new Map(route.shares.map(({ broker, topic }) => [broker, topic?.queues ?? 0]));
    const shares =
      changes.queues === undefined ? had : grown(name, wholeNumber("queues", changes.queues), had, all);
    const request = updateRequest(name, changes);
    const answers = await this.#brokers.ask(
      all.filter((broker) => had.has(broker.name)),
      ADMIN.updateTopic,
      (broker) => {
        const queues = shares.get(broker.name);
        return { ...request, ...(changes.queues === undefined || queues === undefined ? {} : { queues }) };
      },
      changes,
    );
    const updated = goodAnswers(answers).map(({ broker, reply }) => ({ broker, topic: reply.topic }));
    const added = await this.#spread(
      updated[0]?.topic ?? null,
      shares,
      all.filter((b) => !had.has(b.name)),
      changes,
    );
    const info = infoOf({ topic: name, shares: [...updated, ...added] });
    if (changes.dryRun || changes.queues === undefined) return info;
    return this.#whenShown(name, (shown) => queuesOf(shown) >= info.queues, changes);
  }

  async delete(name: string, options: ChangeOptions = {}): Promise<TopicDeletion> {
    const brokers = await this.#brokersOf(name, options);
    const dryRun = options.dryRun ?? false;
    const answers = goodAnswers(
      await this.#brokers.ask(brokers, ADMIN.deleteTopic, () => ({ name, dryRun }), options),
      "TOPIC_NOT_FOUND",
    );
    if (!dryRun) await this.#whenShown(name, (route) => route.shares.length === 0, options);
    return {
      messages: answers.reduce((sum, { reply }) => sum + reply.messages, 0),
      groups: union(answers.map(({ reply }) => reply.groups)),
    };
  }

  /** Changes a topic on one broker; resolves with that share. */
  async #updateShare(
    { topic: name, shares }: Route__Output,
    broker: string,
    all: readonly BrokerInfo__Output[],
    changes: TopicChanges,
  ): Promise<TopicInfo> {
    if (changes.queues !== undefined)
      throw new LogwheelError(
        "BAD_REQUEST",
        "queues are spread over all brokers: change them without `broker`",
      );
    const asked = all.filter(
      (info) => info.name === broker && shares.some((share) => share.broker === broker),
    );
    if (asked.length === 0)
      throw new LogwheelError("BROKER_NOT_FOUND", `topic ${name} is on no broker ${broker}`, { topic: name });
    const request = updateRequest(name, changes);
    const answers = goodAnswers(await this.#brokers.ask(asked, ADMIN.updateTopic, () => request, changes));
    return infoOf({ topic: name, shares: answers.map(({ reply }) => ({ broker, topic: reply.topic })) });
  }

  /** Makes the topic, which `like` describes, on brokers that do not have it and are to get some of its queues. */
  async #spread(
    like: NonNullable<Route__Output["shares"][number]["topic"]> | null,
    shares: ReadonlyMap<string, number>,
    brokers: readonly BrokerInfo__Output[],
    options: ChangeOptions,
  ): Promise<Route__Output["shares"]> {
    const wanted = brokers.filter(({ name }) => (shares.get(name) ?? 0) > 0);
    if (like === null || wanted.length === 0) return [];
    const topicFor = (broker: string) => ({ ...like, queues: shares.get(broker)! });
    if (options.dryRun) return wanted.map(({ name }) => ({ broker: name, topic: topicFor(name) }));
    const answers: readonly GoodAnswer<{ topic: Route__Output["shares"][number]["topic"] }>[] = goodAnswers(
      await this.#brokers.ask(wanted, ADMIN.createTopic, ({ name }) => ({ topic: topicFor(name) }), options),
    );
    return answers.map(({ broker, reply }) => ({ broker, topic: reply.topic }));
  }

  /** Waits until the name servers show a change, which brokers tell them in their own time. */
  async #whenShown(
    name: string,
    shown: (route: Route__Output) => boolean,
    options: CallOptions,
  ): Promise<TopicInfo> {
    const untilMs = this.#clock.monotonicMs() + (options.timeoutMs ?? VISIBLE_MS_MAX);
    for (;;) {
      const route = await this.#route(name, options);
      if (shown(route)) {
        await this.#routes.refresh(name);
        return infoOf(route);
      }
      if (this.#clock.monotonicMs() >= untilMs)
        throw new LogwheelError(
          "TIMEOUT",
          `the change of topic ${name} is done, but the name server does not show it yet`,
          {
            topic: name,
            sent: "yes",
          },
        );
      await this.#clock.sleep(POLL_MS, options.signal);
    }
  }

  async #route(name: string, options: CallOptions): Promise<Route__Output> {
    const { routes } = await this.#routes.call(
      NAME_SERVER.getRoutes,
      { topics: [name] },
      callOptions(options),
    );
    return routes[0] ?? { topic: name, shares: [] };
  }

  async #existing(name: string, options: CallOptions): Promise<Route__Output> {
    checkTopicName(name);
    const route = await this.#route(name, options);
    if (route.shares.length > 0) return route;
    throw new LogwheelError("TOPIC_NOT_FOUND", `no broker has a topic ${name}`, { topic: name });
  }

  async #brokersOf(name: string, options: CallOptions): Promise<BrokerInfo__Output[]> {
    const [route, brokers] = [await this.#existing(name, options), await this.#brokers.list(options)];
    return brokers.filter((broker) => route.shares.some((share) => share.broker === broker.name));
  }
}

function callOptions({ signal, timeoutMs }: CallOptions): CallOptions {
  return { ...(signal ? { signal } : {}), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

function wholeNumber(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new LogwheelError("BAD_REQUEST", `${what} is ${value}; it must be a whole number from 1 on`);
}

/** Each broker's share of `total` queues: as even as can be, and at least one. */
function divide(total: number, brokers: readonly BrokerInfo__Output[]): Map<string, number> {
  const least = Math.floor(total / brokers.length);
  const more = total % brokers.length;
  return new Map(brokers.map(({ name }, i) => [name, Math.max(1, least + (i < more ? 1 : 0))]));
}

/** The same for a topic that has queues, none of which can go. */
function grown(
  topic: string,
  total: number,
  had: ReadonlyMap<string, number>,
  brokers: readonly BrokerInfo__Output[],
): Map<string, number> {
  const shares = new Map(had);
  let now = [...had.values()].reduce((sum, queues) => sum + queues, 0);
  if (total < now)
    throw new LogwheelError("BAD_REQUEST", `topic ${topic} has ${now} queues and cannot shrink to ${total}`, {
      topic,
    });
  for (; now < total; now++) {
    const least = brokers.reduce((a, b) => ((shares.get(b.name) ?? 0) < (shares.get(a.name) ?? 0) ? b : a));
    shares.set(least.name, (shares.get(least.name) ?? 0) + 1);
  }
  return shares;
}

function updateRequest(name: string, changes: TopicChanges): UpdateTopicRequest {
  return {
    name,
    ...(changes.permission === undefined ? {} : { permission: permissions.toWire(changes.permission) }),
    ...(changes.retentionMs === undefined ? {} : { retentionMs: changes.retentionMs }),
    ...expiryOf(changes),
    setAttributes: { ...changes.setAttributes },
    removeAttributes: [...(changes.removeAttributes ?? [])],
    dryRun: changes.dryRun ?? false,
  };
}

function expiryOf({ ttlMs, expired }: Pick<TopicSettings, "ttlMs" | "expired">) {
  return {
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(expired === undefined ? {} : { expired: expiredFates.toWire(expired) }),
  };
}

function queuesOf(route: Route__Output): number {
  return route.shares.reduce((sum, { topic }) => sum + (topic?.queues ?? 0), 0);
}

function infoOf(route: Route__Output): TopicInfo {
  const topics = route.shares.flatMap(({ topic }) => topic ?? []);
  const first = topics[0];
  return {
    name: route.topic,
    type: topicTypes.fromWire(first?.type ?? 0, "mixed"),
    permission: permissions.fromWire(first?.permission ?? 0, "none"),
    retentionMs: first?.retentionMs ?? 0,
    ttlMs: first?.ttlMs ?? 0,
    expired: expiredFates.fromWire(first?.expired ?? 0, "drop"),
    attributes: { ...first?.attributes },
    queues: queuesOf(route),
    brokers: route.shares.map(({ broker, topic }) => ({ broker, queues: topic?.queues ?? 0 })),
  };
}

function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}
