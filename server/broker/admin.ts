import type { DescribeBrokerReply } from "../../proto/gen/logwheel/v1/DescribeBrokerReply.js";
import type { DescribeTopicReply } from "../../proto/gen/logwheel/v1/DescribeTopicReply.js";
import type { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Handlers } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Store } from "../store/store.js";
import type { DueAdmin } from "./due-admin.js";
import type { GroupAdmin } from "./group-admin.js";
import type { Messages } from "./messages.js";
import type { Redrives } from "./redrives.js";
import { showTopic, type Topics } from "./topics.js";

/** What administration stands on. */
export interface AdminDeps {
  readonly store: Store;
  readonly topics: Topics;
  readonly groups: GroupAdmin;
  readonly messages: Messages;
  readonly due: DueAdmin;
  readonly redrives: Redrives;
  /** Resolves when the routes have every change of topics so far. */
  registered(): Promise<void>;
  describeBroker(): DescribeBrokerReply;
  /** The gateway in the broker's process; undefined while there is none. */
  rocketmq(): RocketmqAdmin | undefined;
}

/** What a gateway answers administrators about clients of RocketMQ. */
export type RocketmqAdmin = Pick<Handlers<typeof ADMIN>, "listRocketmqClients" | "commandRocketmqClient">;

/** What the broker answers administrators. */
export function adminHandlers(deps: AdminDeps): Handlers<typeof ADMIN> {
  const { topics, groups, messages, due, redrives } = deps;
  const rocketmq = (): RocketmqAdmin => {
    const gateway = deps.rocketmq();
    if (gateway !== undefined) return gateway;
    throw new LogwheelError(
      "CONFLICT",
      "this broker serves no clients of RocketMQ: start it with `--rocketmq true`",
    );
  };
  return {
    async createTopic({ topic }) {
      if (topic === null) throw new LogwheelError("BAD_REQUEST", "the request names no topic");
      const created = await topics.create(topic);
      await deps.registered();
      return { topic: showTopic(created) };
    },
    async updateTopic(request) {
      const topic = await topics.update(request);
      await deps.registered();
      return { topic };
    },
    async deleteTopic({ name, dryRun }) {
      const deleted = await topics.delete(name, dryRun);
      await deps.registered();
      return deleted;
    },
    describeTopic: ({ name }) => describeTopic(deps, name),
    createGroup: (request) => groups.create(request),
    updateGroup: (request) => groups.update(request),
    deleteGroup: (request) => groups.delete(request),
    listGroups: () => groups.list(),
    describeGroup: ({ name }) => groups.describe(name),
    resetGroup: (request) => groups.reset(request),
    skipMessage: (request) => groups.skip(request),
    getMessage: (request) => messages.get(request),
    findMessages: (request) => messages.find(request),
    listDelayed: (request) => due.listDelayed(request),
    countDelayed: (request) => due.countDelayed(request),
    listTransactions: (request) => due.listTransactions(request),
    askTransaction: (request) => due.ask(request.id),
    settleTransaction: (request) => due.settle(request),
    async startRedrive(request, { peer }) {
      return { redrive: await redrives.begin(request, peer) };
    },
    async changeRedrive(request, { peer }) {
      return { redrive: await redrives.change(request, peer) };
    },
    listRedrives: ({ group }) => ({ redrives: redrives.list(group) }),
    listRocketmqClients: (request, call) => rocketmq().listRocketmqClients(request, call),
    commandRocketmqClient: (request, call) => rocketmq().commandRocketmqClient(request, call),
    describeBroker: () => deps.describeBroker(),
  };
}

async function describeTopic({ store, topics }: AdminDeps, name: string): Promise<DescribeTopicReply> {
  const topic = topics.get(name);
  const queues = [];
  for (const queue of topic.queues) {
    const firstOffset = queue.firstOffset;
    const endOffset = store.endOffset(queue);
    const empty = firstOffset >= endOffset;
    queues.push({
      queueId: queue.id,
      firstOffset,
      endOffset,
      firstStoredAtMs: empty ? 0 : await store.lookup.storedAt(queue, firstOffset),
      lastStoredAtMs: empty ? 0 : await store.lookup.storedAt(queue, endOffset - 1),
    });
  }
  const groups = [...store.state.groups.values()]
    .filter((group) => topic.queues.some((queue) => group.cursors.has(queue)))
    .map((group) => group.name);
  return { topic: showTopic(topic), queues, groups, createdAtMs: topic.createdAtMs };
}
