import type { BrokerInfo } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { DescribeBrokerReply } from "../../proto/gen/logwheel/v1/DescribeBrokerReply.js";
import type { Topic } from "../../proto/gen/logwheel/v1/Topic.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Connect, Handlers, Served } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { BROKER, SERVICE_NAME } from "../../proto/kernel/contract.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Files } from "../disk/files.js";
import { Store } from "../store/store.js";
import type { StoreOptions } from "../store/store-options.js";
import type { ViewsFolder } from "../store/views.js";
import type { FlushLimits } from "../store/writer.js";
import { adminHandlers, type RocketmqAdmin } from "./admin.js";
import { Admission } from "./admission.js";
import { consumeHandlers } from "./consume-handlers.js";
import type { PendingRoom } from "./deferral.js";
import { DiskGuard, type DiskLimits, usableBytes } from "./disk-guard.js";
import { withReserve } from "./disk-reserve.js";
import { DueAdmin } from "./due-admin.js";
import { dueHandlers } from "./due-handlers.js";
import { type DueSettings, DueWork } from "./due-work.js";
import { GroupAdmin } from "./group-admin.js";
import { type GroupSettings, Groups } from "./groups.js";
import { LongPoll } from "./long-poll.js";
import { Messages } from "./messages.js";
import type { BrokerFigures, GroupFigures, Meter } from "./meter.js";
import { Publisher } from "./publish.js";
import { PublishStream } from "./publish-stream.js";
import { Redrives } from "./redrives.js";
import { Registration } from "./registration.js";
import { isReserved } from "./reserved.js";
import { Retention } from "./retention.js";
import { ATTEMPTS_MAX, RETRY_DELAYS_MS } from "./retry-ladder.js";
import type { Shedding } from "./shedding.js";
import { showTopic, Topics } from "./topics.js";

/** What a broker is made of and how it behaves. */
export interface BrokerOptions extends GroupSettings, Partial<FlushLimits> {
  readonly files: Files;
  /** Where views that do not fit the memory are kept; LevelDB in the data folder unless told otherwise. */
  readonly views?: ViewsFolder;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly connect: Connect;
  readonly meter: Meter;
  readonly name: string;
  readonly version: string;
  readonly flush: "sync" | "async";
  readonly segmentBytes: number;
  /** Damage in this range of the log is given up. */
  readonly acceptDamage?: StoreOptions["acceptDamage"];
  readonly retentionMs: number;
  readonly retentionBytes?: number;
  readonly disk: DiskLimits;
  readonly autoCreate: boolean;
  readonly autoCreateQueues: number;
  readonly topicsMax: number;
  readonly queuesMax: number;
  readonly acceptedBytesMax: number;
  readonly sendWaitMs: number;
  /** How much is turned away because the event loop is late. */
  readonly shedding: Shedding;
  /** The largest body of a message. */
  readonly bodyBytesMax?: number;
  /** Bytes a second that reads of old messages get at least. */
  readonly oldReadBytes?: number;
  /** The longest wait of a pull for its first message. */
  readonly pullWaitMsMax?: number;
  readonly nameServers: readonly string[];
  readonly heartbeatMs: number;
  /** What happens later; DUE_DEFAULTS for what is left out. */
  readonly due?: Partial<DueSettings>;
  /** Share of the log's size limit that delayed and half messages may take; 50 unless told otherwise. */
  readonly pendingPercent?: number;
  /** The gateway in the broker's process, once there is one. */
  rocketmq?(): RocketmqAdmin | undefined;
  /** Open connections of clients. */
  connections(): number;
  /** What the process uses and runs on, for people. */
  machine(): { memoryBytes: number; nodeVersion: string };
}

/** Composition root of the broker. Opened, it has recovered its log and can be served; started, it is in the routes. */
export class Broker implements Lifecycle {
  readonly served: readonly Served[];
  /** Resolves if the log fails: the process should end. */
  readonly failed: Promise<LogwheelError>;
  readonly #options: BrokerOptions;
  readonly #store: Store;
  readonly #topics: Topics;
  readonly #groups: Groups;
  readonly #disk: DiskGuard;
  readonly #admission: Admission;
  readonly #publisher: Publisher;
  readonly #longPoll: LongPoll;
  readonly #retention: Retention;
  readonly #redrives: Redrives;
  readonly #registration: Registration;
  readonly #due: DueWork;
  readonly #startedAtMs: number;
  #address = "";
  #state: "serving" | "draining" | "stopped" = "serving";

  private constructor(options: BrokerOptions, store: Store, failed: Promise<LogwheelError>) {
    const { clock, logger, files } = options;
    this.#options = options;
    this.#store = store;
    this.failed = failed;
    this.#startedAtMs = clock.nowMs();
    this.#topics = new Topics(store, clock, options);
    this.#groups = new Groups({ ...options, store, topics: this.#topics, brokerName: options.name });
    this.#disk = new DiskGuard({
      files,
      clock,
      logger,
      limits: options.disk,
      logEnd: () => store.logEnd,
      onFull: (full) => store.keepSpares(!full),
    });
    this.#admission = new Admission({ ...options, store, diskRefusal: () => this.#disk.refusal() });
    this.#due = new DueWork({
      store,
      clock,
      logger,
      broker: options.name,
      settings: options.due,
      room: this.#pendingRoom(),
    });
    this.#publisher = new Publisher({
      deferrals: this.#due.deferrals,
      transactions: this.#due.transactions,
      store,
      topics: this.#topics,
      broker: options.name,
      flushSync: options.flush === "sync",
      bodyBytesMax: options.bodyBytesMax,
      refusal: () => this.#admission.refusal(),
      meter: options.meter,
      clock,
    });
    this.#longPoll = new LongPoll(store, clock);
    this.#retention = new Retention({
      store,
      clock,
      logger,
      policy: { retentionMs: options.retentionMs, retentionBytes: options.retentionBytes },
      forwarding: this.#due.forwarding,
      dropped: () => this.#groups.deps.cursors.skipAllDropped(),
    });
    this.#redrives = new Redrives({
      store,
      cursors: this.#groups.deps.cursors,
      clock,
      logger,
      refusal: () => (this.#admission.open ? this.#disk.refusal() : this.#admission.busy),
    });
    this.#registration = new Registration({
      ...options,
      addresses: options.nameServers,
      source: {
        info: () => this.#info(),
        topics: () => [...this.#topics.all].map(showTopic),
        onTopicsChanged: (listener) =>
          this.#topics.onChanged((change) =>
            "put" in change ? listener([showTopic(change.put)], []) : listener([], [change.deleted]),
          ),
      },
    });
    this.served = [
      { name: SERVICE_NAME.BROKER, service: BROKER, handlers: this.#brokerHandlers() },
      { name: SERVICE_NAME.ADMIN, service: ADMIN, handlers: this.#adminHandlers() },
    ];
  }

  /** Takes the folder and recovers the log in it. Throws LogwheelError, with the folder free again. */
  static async open(options: BrokerOptions): Promise<Broker> {
    let fail: (error: LogwheelError) => void = () => {};
    const failed = new Promise<LogwheelError>((resolve) => (fail = resolve));
    const store = await withReserve(options.files, options.logger, () =>
      Store.open({ ...options, owner: options.name, failed: fail }),
    );
    const broker = new Broker(options, store, failed);
    await broker.#due.open();
    return broker;
  }

  /** What recovery found, for the start-up log. */
  get recovered(): Store["recovered"] {
    return this.#store.recovered;
  }

  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** Name servers, and whether the broker is registered there. */
  get nameServers(): ReturnType<Registration["status"]> {
    return this.#registration.status();
  }

  /** A topic as name servers know it; undefined if the broker has none of this name. */
  topic(name: string): Topic | undefined {
    const topic = this.#store.state.topics.get(name);
    return topic && showTopic(topic);
  }

  /** How a group consumes; as a new one does, if nobody has made it. */
  groupRules(name: string): { ordered: boolean; maxAttempts: number; retryDelaysMs: readonly number[] } {
    const {
      ordered = false,
      maxAttempts = ATTEMPTS_MAX,
      retryDelaysMs,
    } = this.#store.state.groups.get(name) ?? {};
    return { ordered, maxAttempts, retryDelaysMs: retryDelaysMs?.length ? retryDelaysMs : RETRY_DELAYS_MS };
  }

  /** Clients find the broker at this host:port. Call it before `start`. */
  advertise(address: string): void {
    this.#address = address;
  }

  /** Lets members in and enters the routes, as far as name servers can be reached. */
  async start(): Promise<void> {
    await this.#disk.start();
    await this.#groups.start();
    await this.#due.start();
    await this.#redrives.start();
    await this.#retention.start();
    await this.#registration.start();
  }

  /**
   * Takes no more sends, leaves the routes, and asks members of groups to finish and go, for which they have `membersMs`.
   * Resolves when everything accepted is stored.
   */
  async drain(membersMs: number): Promise<void> {
    if (this.#state !== "serving") return;
    this.#state = "draining";
    this.#admission.stop();
    this.#longPoll.stop();
    await this.#due.stop();
    await this.#redrives.stop();
    const left = this.#groups.drain(this.#store.failure === undefined ? membersMs : 0);
    await Promise.all([left, this.#registration.stop()]);
    await this.#store.whenSettled().catch(() => {});
  }

  /** Drains, writes what cursors learned, and frees the folder. Call it when nobody is served any more. */
  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    await this.drain(0);
    this.#state = "stopped";
    await this.#retention.stop();
    await this.#disk.stop();
    await this.#groups.stop();
    await this.#store.close();
  }

  /** What the broker is like now, for metrics. */
  async figures(): Promise<BrokerFigures> {
    const { logStart, logEnd, durable, segments, diskBytes } = this.#store.figures;
    const { freeBytes, totalBytes } = this.#disk.space;
    return {
      topics: this.#store.state.topics.size,
      groups: this.#store.state.groups.size,
      connections: this.#options.connections(),
      members: this.#groups.members,
      unflushedBytes: logEnd - durable,
      logBytes: logEnd - logStart,
      segments,
      diskBytes,
      diskFreeBytes: freeBytes,
      diskTotalBytes: totalBytes,
      progress: this.#progress(),
      consuming: this.#groups.counters,
      delays: this.#due.delayFigures(),
      transactions: this.#due.transactionFigures(),
    };
  }

  /** A share of the log's size limit, or of the disk where the log has none. */
  #pendingRoom(): PendingRoom {
    const { retentionBytes, disk, pendingPercent = 50 } = this.#options;
    const of = retentionBytes === undefined ? "what may be used of the disk" : "retentionBytes";
    return {
      what: `${pendingPercent} % of ${of} (setting pendingPercent)`,
      bytes: () => ((retentionBytes ?? usableBytes(this.#disk.space, disk)) * pendingPercent) / 100,
    };
  }

  #progress(): GroupFigures[] {
    const rows = new Map<
      string,
      { group: string; topic: string; lag: number; ready: number; inFlight: number }
    >();
    for (const group of this.#store.state.groups.values())
      for (const queue of isReserved(group.name) ? [] : group.cursors.keys()) {
        const counts = this.#groups.deps.cursors.peek(group, queue)?.counts(this.#store.endOffset(queue));
        if (counts === undefined) continue;
        const key = `${group.number}/${queue.topic.number}`;
        const row = rows.get(key) ?? {
          group: group.name,
          topic: queue.topic.name,
          lag: 0,
          ready: 0,
          inFlight: 0,
        };
        row.lag += counts.lag;
        row.ready += counts.ready;
        row.inFlight += counts.inFlight;
        rows.set(key, row);
      }
    return [...rows.values()];
  }

  #brokerHandlers(): Handlers<typeof BROKER> {
    const { clock, sendWaitMs } = this.#options;
    const publisher = this.#publisher;
    const admission = this.#admission;
    return {
      send: async (request) => ({ receipt: (await this.#send(request))[0]! }),
      sendBatch: async (request) => ({ receipts: await this.#send(request) }),
      publish: (stream) =>
        void new PublishStream({ publisher, admission, clock, waitMs: sendWaitMs }, stream),
      ...dueHandlers(this.#due),
      ...consumeHandlers(this.#groups, {
        store: this.#store,
        topics: this.#topics,
        clock,
        longPoll: this.#longPoll,
        pullWaitMsMax: this.#options.pullWaitMsMax,
      }),
    };
  }

  #send(request: Parameters<Publisher["send"]>[0]): ReturnType<Publisher["send"]> {
    if (!this.#admission.open) throw this.#admission.busy;
    return this.#publisher.send(request);
  }

  #adminHandlers(): Handlers<typeof ADMIN> {
    return adminHandlers({
      store: this.#store,
      topics: this.#topics,
      groups: new GroupAdmin(this.#groups, this.#topics),
      redrives: this.#redrives,
      messages: new Messages({ store: this.#store, topics: this.#topics, broker: this.#options.name }),
      registered: () => this.#registration.registered(),
      describeBroker: () => this.#describe(),
      rocketmq: () => this.#options.rocketmq?.(),
      due: new DueAdmin({ ...this.#options, due: this.#due, store: this.#store, topics: this.#topics }),
    });
  }

  #info(): BrokerInfo {
    const { name, autoCreate, version, flush } = this.#options;
    return {
      name,
      address: this.#address,
      epoch: this.#store.epoch,
      autoCreate,
      version,
      flushSync: flush === "sync",
      startedAtMs: this.#startedAtMs,
    };
  }

  #describe(): DescribeBrokerReply {
    const { logStart, logEnd, durable, segments, diskBytes } = this.#store.figures;
    return {
      ...this.#info(),
      logStart,
      logEnd,
      logDurable: durable,
      segments,
      diskBytes,
      diskFreeBytes: this.#disk.space.freeBytes,
      topics: this.#store.state.topics.size,
      groups: this.#store.state.groups.size,
      connections: this.#options.connections(),
      state: this.#store.failure === undefined ? this.#state : "failed",
      nameServers: this.#registration.status(),
      ...this.#options.machine(),
    };
  }
}
