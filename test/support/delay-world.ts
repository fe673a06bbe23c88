import { settle, TestClock } from "../../client/testing/test-clock.js";
import type { ChangeDelayedRequest } from "../../proto/gen/logwheel/v1/ChangeDelayedRequest.js";
import type { Receipt } from "../../proto/gen/logwheel/v1/Receipt.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import {
  encodedMessageSize,
  type MessageContent,
  type MessageInput,
  writeMessage,
} from "../../proto/kernel/message-codec.js";
import { readRecord } from "../../proto/kernel/record.js";
import type { SentMessages } from "../../proto/kernel/send-codec.js";
import { DueAdmin } from "../../server/broker/due-admin.js";
import { dueHandlers } from "../../server/broker/due-handlers.js";
import { type DueSettings, DueWork } from "../../server/broker/due-work.js";
import { Messages } from "../../server/broker/messages.js";
import { silentMeter } from "../../server/broker/meter.js";
import { Publisher } from "../../server/broker/publish.js";
import { Retention } from "../../server/broker/retention.js";
import { TOPIC_TYPE, Topics } from "../../server/broker/topics.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import type { PowerLoss } from "../../server/disk/power-loss.js";
import { MemoryViews } from "../../server/store/memory-views.js";
import type { Store } from "../../server/store/store.js";
import { openStore, SEGMENT_BYTES, text } from "./store.js";

/** The same messages encoded for a unary send. */
export function sentMessages(
  messages: readonly MessageInput[],
  rest: Partial<SentMessages> = {},
): SentMessages {
  const places: [number, number][] = [];
  const parts = messages.map((message) => {
    const part = Buffer.alloc(encodedMessageSize(message));
    writeMessage(message, part, 0);
    const start = places.at(-1)?.[1] ?? 0;
    places.push([start, start + part.length]);
    return part;
  });
  return {
    topic: "later",
    queueId: undefined,
    producerId: 0,
    sequence: 0,
    half: false,
    transactionId: "",
    ...rest,
    bytes: Buffer.concat(parts),
    places,
  };
}

/** Body of what fills segments. */
const FILLING = `filling ${"x".repeat(2_000)}`;

/** A delivered message. */
export interface Arrived {
  readonly id: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly message: MessageContent;
}

/** How a world is made. */
export interface DelayWorldOptions {
  readonly clock?: TestClock;
  readonly files?: MemoryFiles;
  readonly views?: MemoryViews;
  readonly settings?: Partial<DueSettings>;
  readonly segmentBytes?: number;
  readonly dueChangesKept?: number;
  /** Bytes of messages that may be pending. */
  readonly pendingBytesMax?: number;
}

/** The broker's rooms for what happens later, on a disk and views in memory, by a clock that the test moves. */
export class DelayWorld {
  readonly clock: TestClock;
  readonly files: MemoryFiles;
  readonly views: MemoryViews;
  readonly store: Store;
  readonly topics: Topics;
  readonly due: DueWork;
  readonly admin: DueAdmin;
  readonly messages: Messages;
  readonly #publisher: Publisher;
  readonly #options: DelayWorldOptions;

  private constructor(options: DelayWorldOptions & { files: MemoryFiles; views: MemoryViews }, store: Store) {
    const { clock = new TestClock(), files, views, settings, pendingBytesMax = 1e12 } = options;
    this.#options = options;
    this.clock = clock;
    this.files = files;
    this.views = views;
    this.store = store;
    const limits = { autoCreate: false, autoCreateQueues: 4, topicsMax: 10, queuesMax: 8 };
    this.topics = new Topics(store, clock, limits);
    const room = { what: "half of it", bytes: () => pendingBytesMax };
    this.due = new DueWork({ store, clock, logger: silentLogger, broker: "a", settings, room });
    const about = { due: this.due, store, topics: this.topics };
    this.admin = new DueAdmin({ ...about, logger: silentLogger, name: "a" });
    this.messages = new Messages({ store, topics: this.topics, broker: "a" });
    this.#publisher = new Publisher({
      deferrals: this.due.deferrals,
      transactions: this.due.transactions,
      store,
      topics: this.topics,
      broker: "a",
      flushSync: true,
      refusal: () => undefined,
      meter: silentMeter,
      clock,
    });
  }

  /** Opens the store and begins to deliver. */
  static async open(given: DelayWorldOptions = {}): Promise<DelayWorld> {
    const clock = given.clock ?? new TestClock();
    const { files = new MemoryFiles(), views = new MemoryViews(), segmentBytes, dueChangesKept } = given;
    const store = await openStore(files, {
      clock,
      views,
      ...(segmentBytes === undefined ? {} : { segmentBytes }),
      ...(dueChangesKept === undefined ? {} : { dueChangesKept }),
    });
    const world = new DelayWorld({ ...given, clock, files, views }, store);
    await world.due.open();
    await world.due.start();
    return world;
  }

  /** With the topic "later" of so many queues, which takes all messages. */
  static async withTopic(given: DelayWorldOptions = {}, queues = 1): Promise<DelayWorld> {
    const world = await DelayWorld.open(given);
    await world.topics.create({ name: "later", queues, type: TOPIC_TYPE.mixed });
    return world;
  }

  /** Sends one message to "later". */
  async send(message: MessageInput, rest: Partial<SentMessages> = {}): Promise<Receipt> {
    return (await this.sendBatch([message], rest))[0]!;
  }

  sendBatch(messages: readonly MessageInput[], rest: Partial<SentMessages> = {}): Promise<Receipt[]> {
    return this.#publisher.send(sentMessages(messages, rest));
  }

  /** Changes a delayed message as a client asks for it; the answer's name in small letters. */
  async change(
    handle: string,
    change: "CANCEL" | "RESCHEDULE" | "DELIVER_NOW",
    time: Partial<Pick<ChangeDelayedRequest, "delayMs" | "deliverAtMs" | "delayLevel">> = {},
  ): Promise<string> {
    const changes = { CANCEL: 1, RESCHEDULE: 2, DELIVER_NOW: 3 } as const;
    const { changeDelayed } = dueHandlers(this.due);
    const request = { handle, delayMs: 0, deliverAtMs: 0, delayLevel: 0, ...time, change: changes[change] };
    const { answer } = await changeDelayed(request as Parameters<typeof changeDelayed>[0], {} as never);
    return ["", "done", "already-delivered", "not-found"][answer as number]!;
  }

  /** Moves the clock on and lets everything settle. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.settle();
  }

  /** Lets everything that is under way come to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await settle();
  }

  /** Sends messages that go at once, until so many more segments are full. */
  async fill(segments: number): Promise<void> {
    const goal = this.store.figures.segments + segments;
    while (this.store.figures.segments < goal) await this.send(text(FILLING));
    await this.store.sealed.idle();
  }

  /** Retention looks once; it leaves so many segments, if it can. */
  async keep(segments: number): Promise<void> {
    const { store, clock, due } = this;
    const retentionBytes = segments * SEGMENT_BYTES;
    const policy = { retentionMs: 1e15, retentionBytes };
    const { forwarding } = due;
    const retention = new Retention({ store, clock, logger: silentLogger, policy, forwarding, dropped() {} });
    await retention.look();
  }

  /** What a consumer of a topic would have now, queue by queue. */
  async arrived(topic = "later"): Promise<Arrived[]> {
    const found: Arrived[] = [];
    const { store } = this;
    for (const queue of this.topics.get(topic).queues)
      for (let next = queue.firstOffset; next < store.endOffset(queue); )
        next = await store.read(
          queue,
          next,
          { maxMessages: 1_000, maxBytes: 1 << 24 },
          {
            take(bytes, start, end) {
              const record = readRecord(Buffer.from(bytes.subarray(start, end)), 0, end - start);
              const { queueId, queueOffset } = record;
              found.push({ id: record.messageId("a"), queueId, queueOffset, message: record.message() });
              return true;
            },
          },
        );
    return found;
  }

  /** Their bodies, but for those that `fill` has sent. */
  async bodies(topic?: string): Promise<string[]> {
    const all = (await this.arrived(topic)).map(({ message }) => message.body.toString());
    return all.filter((body) => body !== FILLING);
  }

  /** Stops as an operator would have it, is away for so long, and starts again. */
  async restart(awayMs = 0): Promise<DelayWorld> {
    await this.close();
    this.clock.stall(awayMs);
    return DelayWorld.open({ ...this.#options, clock: this.clock, files: this.files.reopen() });
  }

  /** The process is killed; another one finds what it has left. */
  async killed(awayMs = 0): Promise<DelayWorld> {
    const left = { files: this.files.clone(), views: this.views.clone() };
    await this.close();
    this.clock.stall(awayMs);
    return DelayWorld.open({ ...this.#options, clock: this.clock, ...left });
  }

  /** Power is cut; the machine comes back with what its disk has kept. */
  async powerCut(loss: PowerLoss, awayMs = 0): Promise<DelayWorld> {
    const left = { files: this.files.losePower(loss), views: this.views.losePower(loss) };
    await this.close().catch(() => {});
    this.clock.stall(awayMs);
    return DelayWorld.open({ ...this.#options, clock: this.clock, ...left });
  }

  async close(): Promise<void> {
    await this.due.stop();
    await this.store.close();
  }
}
