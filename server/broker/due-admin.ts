import type { AskTransactionReply } from "../../proto/gen/logwheel/v1/AskTransactionReply.js";
import type { CountDelayedReply } from "../../proto/gen/logwheel/v1/CountDelayedReply.js";
import type { CountDelayedRequest__Output } from "../../proto/gen/logwheel/v1/CountDelayedRequest.js";
import type { DelayedMessage } from "../../proto/gen/logwheel/v1/DelayedMessage.js";
import type { ListDelayedReply } from "../../proto/gen/logwheel/v1/ListDelayedReply.js";
import type { ListDelayedRequest__Output } from "../../proto/gen/logwheel/v1/ListDelayedRequest.js";
import type { ListTransactionsReply } from "../../proto/gen/logwheel/v1/ListTransactionsReply.js";
import type { ListTransactionsRequest__Output } from "../../proto/gen/logwheel/v1/ListTransactionsRequest.js";
import type { OpenTransaction as ShownTransaction } from "../../proto/gen/logwheel/v1/OpenTransaction.js";
import type { Record, Record__Output } from "../../proto/gen/logwheel/v1/Record.js";
import type { SettleTransactionReply } from "../../proto/gen/logwheel/v1/SettleTransactionReply.js";
import type { SettleTransactionRequest__Output } from "../../proto/gen/logwheel/v1/SettleTransactionRequest.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { protoCodec } from "../../proto/kernel/proto-codec.js";
import {
  messageId,
  parseMessageId,
  recordEpoch,
  recordLogOffset,
  recordQueueId,
} from "../../proto/kernel/record.js";
import { type DueEntry, NEVER } from "../store/due-entry.js";
import { between, compareDue, type DuePlace } from "../store/due-keys.js";
import { KIND } from "../store/record.js";
import type { Store } from "../store/store.js";
import type { DueWork } from "./due-work.js";
import type { OpenTransaction } from "./open-transactions.js";
import type { Topics } from "./topics.js";

const LISTED_DEFAULT = 64;
const LISTED_MAX = 1_024;
const LISTED_BYTES_MAX = 8 << 20;
/** Of who decides, in the audit line. */
const BY_MAX = 255;
const SCAN_ENTRIES = 4_096;
const BUCKETS_MAX = 1_000;

const storedRecord = protoCodec<Record, Record__Output>("logwheel.v1.Record");

/** Shows and settles by hand what happens later. */
export class DueAdmin {
  readonly #deps: {
    readonly due: DueWork;
    readonly store: Store;
    readonly topics: Topics;
    readonly logger: Logger;
    readonly name: string;
  };

  constructor(deps: { due: DueWork; store: Store; topics: Topics; logger: Logger; name: string }) {
    this.#deps = deps;
  }

  /** Delayed messages that are pending, in due order. */
  async listDelayed(request: ListDelayedRequest__Output): Promise<ListDelayedReply> {
    const max = Math.min(request.max || LISTED_DEFAULT, LISTED_MAX);
    const from = after(request);
    const messages: DelayedMessage[] = [];
    let bytes = 0;
    const entries = request.key === "" ? this.#pending(request, from) : this.#withKey(request, from);
    for await (const entry of entries) {
      if (messages.length === max || bytes > LISTED_BYTES_MAX) return { messages, more: true };
      const record = await this.#deps.store.lookup.dueAt(entry.origin);
      if (record === undefined) continue;
      bytes += record.length;
      messages.push(this.#show(entry, record));
    }
    return { messages, more: false };
  }

  /** How many delayed messages are due when. */
  async countDelayed({
    topic,
    fromMs,
    stepMs,
    buckets,
  }: CountDelayedRequest__Output): Promise<CountDelayedReply> {
    if (stepMs < 1 || buckets < 1 || buckets > BUCKETS_MAX)
      throw new LogwheelError(
        "BAD_REQUEST",
        `counting needs a step of at least 1 ms and 1 to ${BUCKETS_MAX} buckets`,
      );
    const counts = new Array<number>(buckets).fill(0);
    const from = { dueAtMs: checkTime(fromMs), origin: 0 };
    for await (const { dueAtMs } of this.#pending({ topic, toMs: fromMs + stepMs * buckets }, from))
      counts[Math.floor((dueAtMs - fromMs) / stepMs)]!++;
    return { pending: this.#deps.due.delayed, counts };
  }

  /** Transactions that are open or parked, oldest first. */
  async listTransactions(request: ListTransactionsRequest__Output): Promise<ListTransactionsReply> {
    const max = Math.min(request.max || LISTED_DEFAULT, LISTED_MAX);
    const { transactions } = this.#deps.due;
    const wanted = request.topic === "" ? undefined : this.#deps.topics.get(request.topic).number;
    const all = request.id === "" ? [...transactions.open.all()] : [this.#find(request.id)];
    const found = all.filter(
      ({ topic, dueAtMs }) =>
        (wanted === undefined || topic === wanted) && (!request.parked || dueAtMs === NEVER),
    );
    const shown: ShownTransaction[] = [];
    for (const open of found.slice(0, max)) shown.push(await this.#showTransaction(open));
    return { transactions: shown, more: found.length > max };
  }

  /** Asks about a transaction now. */
  async ask(id: string): Promise<AskTransactionReply> {
    const open = this.#find(id);
    const asked = await this.#deps.due.checks.ask(open);
    this.#deps.logger.info(
      { audit: "transaction-ask", transaction: id, asked },
      "asked about a transaction by hand",
    );
    return { asked };
  }

  /** Decides a transaction by hand. */
  async settle({
    id,
    commit,
    by,
    dryRun,
  }: SettleTransactionRequest__Output): Promise<SettleTransactionReply> {
    const { due, store, logger } = this.#deps;
    const open = this.#find(id);
    const transaction = await this.#showTransaction(open);
    if (dryRun) return { transaction };
    const topic = store.state.topicByNumber(open.topic)?.name ?? "";
    await due.transactions.settle({ epoch: open.epoch, logOffset: open.first }, topic, commit);
    logger.warn(
      {
        audit: "transaction-settle",
        transaction: id,
        topic,
        decision: commit ? "commit" : "rollback",
        by: by.slice(0, BY_MAX),
      },
      "a transaction was decided by hand",
    );
    return { transaction };
  }

  /** Entries of delayed messages from a place on. */
  async *#pending(
    { topic, toMs }: { topic: string; toMs: number },
    from: DuePlace,
  ): AsyncGenerator<DueEntry> {
    const { store, topics } = this.#deps;
    const wanted = topic === "" ? undefined : topics.get(topic).number;
    const endMs = checkTime(toMs) || NEVER;
    for (let at: DuePlace | undefined = from; at !== undefined; ) {
      const { entries, next }: Awaited<ReturnType<Store["due"]["list"]>> = await store.due.list(
        at,
        endMs,
        SCAN_ENTRIES,
      );
      for (const entry of entries)
        if (entry.kind === KIND.delayed && (wanted ?? entry.topic) === entry.topic) yield entry;
      at = next;
    }
  }

  /** The same of those that carry a key. */
  async *#withKey(
    { topic, key, toMs }: ListDelayedRequest__Output,
    from: DuePlace,
  ): AsyncGenerator<DueEntry> {
    const { store, topics } = this.#deps;
    if (topic === "")
      throw new LogwheelError("BAD_REQUEST", "a key is looked for in one topic: name it, too");
    const to = { dueAtMs: checkTime(toMs) || NEVER, origin: 0 };
    const wanted = (entry: DueEntry | undefined): entry is DueEntry =>
      entry !== undefined && between(entry, from, to);
    const origins = await store.lookup.delayedByKey(topics.get(topic), key, (logOffset) =>
      wanted(store.due.pendingAt(logOffset)),
    );
    const entries = [...origins].map((origin) => store.due.find(origin)).filter(wanted);
    yield* entries.sort(compareDue);
  }

  #show({ dueAtMs, topic }: DueEntry, record: Buffer): DelayedMessage {
    return {
      handle: messageId(this.#deps.name, recordEpoch(record, 0), recordLogOffset(record, 0)),
      topic: this.#deps.store.state.topicByNumber(topic)?.name ?? "",
      queueId: recordQueueId(record, 0),
      dueAtMs,
      record: storedRecord.decode(record),
    };
  }

  #find(id: string): OpenTransaction {
    const place = parseMessageId(id);
    const open = place && this.#deps.due.transactions.open.get(place.logOffset);
    if (open !== undefined && open.epoch === place?.epoch && place.broker === this.#deps.name) return open;
    throw new LogwheelError(
      "TRANSACTION_NOT_FOUND",
      `no transaction ${JSON.stringify(id.slice(0, 200))} is undecided on broker ${this.#deps.name}`,
    );
  }

  async #showTransaction(open: OpenTransaction): Promise<ShownTransaction> {
    const { store, name } = this.#deps;
    const record = await store.lookup.dueAt(open.first);
    const parked = open.dueAtMs === NEVER;
    return {
      id: messageId(name, open.epoch, open.first),
      topic: store.state.topicByNumber(open.topic)?.name ?? "",
      producerGroup: open.group,
      halves: open.halves.length,
      beganAtMs: open.beganAtMs,
      timesAsked: open.times,
      lastAskedAtMs: open.lastAskedAtMs,
      lastAsked: open.lastAsked,
      nextCheckAtMs: parked ? 0 : Math.min(open.dueAtMs, NEVER),
      parked,
      ...(record === undefined ? {} : { record: storedRecord.decode(record) }),
    };
  }
}

function after({ after: handle, afterDueAtMs, fromMs }: ListDelayedRequest__Output): DuePlace {
  if (handle === "") return { dueAtMs: checkTime(fromMs), origin: 0 };
  const place = parseMessageId(handle);
  if (place !== undefined) return { dueAtMs: checkTime(afterDueAtMs), origin: place.logOffset + 1 };
  throw new LogwheelError(
    "BAD_REQUEST",
    `${JSON.stringify(handle.slice(0, 200))} is no handle to go on behind`,
  );
}

/** BAD_REQUEST for a time before 1970. */
function checkTime(ms: number): number {
  if (ms >= 0) return ms;
  throw new LogwheelError("BAD_REQUEST", `${ms} is no time: times are milliseconds since 1970`);
}
