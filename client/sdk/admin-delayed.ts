import type { BrokerInfo__Output } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { DelayedMessage__Output } from "../../proto/gen/logwheel/v1/DelayedMessage.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type {
  Admin,
  DelayedCancel,
  DelayedCounts,
  DelayedHistogram,
  DelayedInfo,
  DelayedQuery,
  Listing,
} from "./admin-types.js";
import { type ClusterBrokers, goodAnswers } from "./cluster-brokers.js";
import type { DelayedChanges } from "./delayed-changes.js";
import type { DueAnswer } from "./due.js";
import { foundMessage } from "./found-message.js";
import { streamed } from "./listing.js";
import type { CallOptions } from "./types.js";

const PAGE_MESSAGES = 256;
/** Cancellations that are under way at a time. */
const CANCELS = 64;
const BUCKETS_MAX = 1_000;

/** Widths of a histogram's buckets, and how many there are unless somebody says so. */
const UNITS = {
  minute: { stepMs: 60_000, count: 60 },
  hour: { stepMs: 3_600_000, count: 24 },
  day: { stepMs: 86_400_000, count: 30 },
} as const;

type Cancelled = DelayedInfo & { readonly answer: DueAnswer };
/** What is pending on a broker, in due order. */
type Page = AsyncGenerator<DelayedInfo, void>;

/** Delayed messages of a cluster that were not delivered yet. */
export class DelayedAdmin implements NonNullable<Admin["delayed"]> {
  readonly #brokers: ClusterBrokers;
  readonly #changes: DelayedChanges;
  readonly #clock: Clock;

  constructor(brokers: ClusterBrokers, changes: DelayedChanges, clock: Clock) {
    this.#brokers = brokers;
    this.#changes = changes;
    this.#clock = clock;
  }

  list(query: DelayedQuery = {}): Listing<DelayedInfo> {
    return streamed(() => this.#list(query));
  }

  async cancel({ topic, key, ...options }: DelayedCancel): Promise<readonly Cancelled[]> {
    if (!topic || !key) throw new LogwheelError("BAD_REQUEST", "cancelling by key needs a topic and the key");
    const all = await this.list({ topic, key, ...options }).toArray();
    const cancel = async (info: DelayedInfo): Promise<Cancelled> => {
      return { ...info, answer: await this.#changes.cancel(info.handle, options) };
    };
    const answered: Cancelled[] = [];
    for (let at = 0; at < all.length; at += CANCELS)
      answered.push(...(await Promise.all(all.slice(at, at + CANCELS).map(cancel))));
    return answered;
  }

  async histogram({ topic = "", by, from, count, ...options }: DelayedHistogram): Promise<DelayedCounts> {
    const unit = UNITS[by];
    if (unit === undefined) throw new LogwheelError("BAD_REQUEST", "a histogram is by minute, hour or day");
    const { stepMs } = unit;
    const buckets = count ?? unit.count;
    if (!Number.isInteger(buckets) || buckets < 1 || buckets > BUCKETS_MAX)
      throw new LogwheelError("BAD_REQUEST", `count: ${buckets} is not 1 to ${BUCKETS_MAX}`);
    const fromMs = Math.floor((from?.getTime() ?? this.#clock.nowMs()) / stepMs) * stepMs;
    const request = { topic, fromMs, stepMs, buckets };
    const brokers = await this.#brokers.list(options);
    const answers = await this.#brokers.ask(brokers, ADMIN.countDelayed, () => request, options);
    const good = goodAnswers(answers, "TOPIC_NOT_FOUND");
    return {
      pending: good.reduce((sum, { reply }) => sum + reply.pending, 0),
      counts: Array.from({ length: buckets }, (_, at) => ({
        from: new Date(fromMs + at * stepMs),
        messages: good.reduce((sum, { reply }) => sum + (reply.counts[at] ?? 0), 0),
      })),
    };
  }

  /** The pages of all brokers, merged in due order. */
  async *#list(query: DelayedQuery): Page {
    const { signal, timeoutMs } = query;
    const options = { ...(signal && { signal }), ...(timeoutMs && { timeoutMs }) };
    const brokers = await this.#brokers.list(options);
    const lacks: LogwheelError[] = [];
    const heads: { readonly pages: Page; next: DelayedInfo }[] = [];
    for (const broker of brokers) {
      const pages = this.#ofBroker(broker, query, options);
      try {
        const first = await pages.next();
        if (first.done !== true) heads.push({ pages, next: first.value });
      } catch (thrown) {
        if (!LogwheelError.is(thrown, "TOPIC_NOT_FOUND")) throw thrown;
        lacks.push(thrown);
      }
    }
    if (lacks.length === brokers.length) throw lacks[0]!;
    while (heads.length > 0) {
      const head = heads.reduce((a, b) => (b.next.deliverAt < a.next.deliverAt ? b : a));
      yield head.next;
      const next = await head.pages.next();
      if (next.done === true) heads.splice(heads.indexOf(head), 1);
      else head.next = next.value;
    }
  }

  async *#ofBroker(broker: BrokerInfo__Output, query: DelayedQuery, options: CallOptions): Page {
    const { topic = "", key = "", from, to } = query;
    const window = { topic, key, fromMs: from?.getTime() ?? 0, toMs: to?.getTime() ?? 0 };
    let last: DelayedMessage__Output | undefined;
    for (let more = true; more; ) {
      const after = last === undefined ? {} : { after: last.handle, afterDueAtMs: last.dueAtMs };
      const request = { ...window, ...after, max: PAGE_MESSAGES };
      const page = await this.#brokers.call(broker, ADMIN.listDelayed, request, options);
      for (const message of page.messages) yield infoOf(broker.name, message);
      last = page.messages.at(-1);
      more = page.more && last !== undefined;
    }
  }
}

function infoOf(
  broker: string,
  { handle, topic, queueId, dueAtMs, record }: DelayedMessage__Output,
): DelayedInfo {
  if (record === null)
    throw new LogwheelError("PROTOCOL", `broker ${broker} listed a delayed message without its record`);
  const message = foundMessage(broker, topic, record);
  return { handle, topic, broker, queueId, deliverAt: new Date(dueAtMs), message };
}
