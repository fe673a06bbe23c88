import { seeded } from "../../client/testing/seeded.js";
import { settle, TestClock } from "../../client/testing/test-clock.js";
import type { Acked__Output } from "../../proto/gen/logwheel/v1/Acked.js";
import type { Assignment__Output } from "../../proto/gen/logwheel/v1/Assignment.js";
import type { DeadLetter__Output } from "../../proto/gen/logwheel/v1/DeadLetter.js";
import type { Hello } from "../../proto/gen/logwheel/v1/Hello.js";
import type { LeaseLost__Output } from "../../proto/gen/logwheel/v1/LeaseLost.js";
import type { Nack } from "../../proto/gen/logwheel/v1/Nack.js";
import type { Channel, Stream } from "../../proto/kernel/channel.js";
import type { ConsumeEvent, RecordBatch } from "../../proto/kernel/consume-codec.js";
import { BROKER, SERVICE_NAME } from "../../proto/kernel/contract.js";
import { readDeadLetter } from "../../proto/kernel/dead-letter.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { type Logger, silentLogger } from "../../proto/kernel/logger.js";
import { MemoryNetwork } from "../../proto/kernel/memory-channel.js";
import type { MessageInput } from "../../proto/kernel/message-codec.js";
import { type LastError, readRecord } from "../../proto/kernel/record.js";
import { consumeHandlers } from "../../server/broker/consume-handlers.js";
import { GroupAdmin } from "../../server/broker/group-admin.js";
import { Groups, HEARTBEAT_MS } from "../../server/broker/groups.js";
import { LongPoll } from "../../server/broker/long-poll.js";
import { type Meter, silentMeter } from "../../server/broker/meter.js";
import { Topics } from "../../server/broker/topics.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import type { Queue } from "../../server/store/queue.js";
import type { Store } from "../../server/store/store.js";
import type { StoreOptions } from "../../server/store/store-options.js";
import { append, openStore, text } from "./store.js";

type ConsumeRequest = Parameters<
  Stream<Parameters<typeof BROKER.consume.request.encode>[0], never>["write"]
>[0];

/** Lets everything in flight arrive: tasks, memory disk, memory network. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await settle();
}

/** The consuming half of a broker in memory, with a clock that stands still, over a network in memory. */
export class ConsumingBroker {
  readonly clock: TestClock;
  readonly files: MemoryFiles;
  readonly store: Store;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly admin: GroupAdmin;
  readonly longPoll: LongPoll;
  readonly channel: Channel;
  /** What a test wants to hear of it can be put in. */
  readonly meter: Meter = { ...silentMeter };
  /** Lines of the log, without fields. */
  readonly said: string[];
  readonly #members: TestMember[] = [];
  readonly #stop: () => Promise<unknown>;
  readonly #options: Partial<StoreOptions> & { name: string };

  private constructor(
    store: Store,
    parts: { clock: TestClock; files: MemoryFiles; options: Partial<StoreOptions>; name: string },
  ) {
    this.store = store;
    this.clock = parts.clock;
    this.files = parts.files;
    this.#options = { ...parts.options, name: parts.name };
    this.said = [];
    const logger: Logger = { ...silentLogger, info: this.#say, warn: this.#say, error: this.#say };
    const { clock } = parts;
    const settings = { autoCreate: false, autoCreateQueues: 4, topicsMax: 100, queuesMax: 1_000 };
    this.topics = new Topics(store, clock, settings);
    const random = seeded(1);
    this.groups = new Groups({
      store,
      topics: this.topics,
      clock,
      logger,
      random,
      meter: this.meter,
      brokerName: parts.name,
    });
    this.admin = new GroupAdmin(this.groups, this.topics);
    this.longPoll = new LongPoll(store, clock);
    const network = new MemoryNetwork({ clock, logger: silentLogger });
    const handlers = consumeHandlers(this.groups, {
      store,
      topics: this.topics,
      clock,
      longPoll: this.longPoll,
    });
    const { consume, pull, seek, ack } = BROKER;
    const service = { consume, pull, seek, ack };
    const listening = network.serve("broker", [{ name: SERVICE_NAME.BROKER, service, handlers }]);
    this.#stop = () => listening.stop(0);
    this.channel = network.connect("broker");
  }

  static async open(
    options: Partial<StoreOptions> & { clock?: TestClock; memoryFiles?: MemoryFiles; name?: string } = {},
  ): Promise<ConsumingBroker> {
    const {
      clock = new TestClock(),
      memoryFiles: files = new MemoryFiles(),
      name = "broker-0",
      ...rest
    } = options;
    const store = await openStore(files, { clock, segmentBytes: 4 << 20, slabsKept: 8, ...rest });
    const broker = new ConsumingBroker(store, { clock, files, options: rest, name });
    await broker.groups.start();
    return broker;
  }

  readonly #say = (_: object, message: string): void => {
    this.said.push(message);
  };

  /** Stops, as after a signal. */
  async close(): Promise<void> {
    this.longPoll.stop();
    await this.groups.stop();
    await this.#stop();
    await this.store.close();
  }

  /** Stops and starts again on the same disk. */
  async restart(): Promise<ConsumingBroker> {
    return this.#openOn(this.files);
  }

  /** The process is killed and starts again: what was written is there. */
  async kill(): Promise<ConsumingBroker> {
    return this.#openOn(this.files.clone());
  }

  /** The machine loses power and starts again: nothing survives that was not synced. */
  async crash(): Promise<ConsumingBroker> {
    return this.#openOn(this.files.losePower("nothing"));
  }

  async #openOn(memoryFiles: MemoryFiles): Promise<ConsumingBroker> {
    await this.close();
    return ConsumingBroker.open({ ...this.#options, clock: this.clock, memoryFiles });
  }

  /** Lets time pass, and what it sets off arrive. Members say every 3 s that they live, unless they are silent. */
  async pass(ms: number): Promise<void> {
    await quiet();
    for (let leftMs = ms; leftMs > 0; leftMs -= HEARTBEAT_MS) {
      await this.clock.advance(Math.min(leftMs, HEARTBEAT_MS));
      for (const member of this.#members) if (!member.silent) member.write({ ping: {} });
      await quiet();
    }
  }

  /** The process stands still for so long: no timer and no input in between. */
  async stall(ms: number): Promise<void> {
    await quiet();
    this.clock.stall(ms);
    await this.pass(1);
  }

  /** Makes a topic; returns its queues. */
  async topic(name: string, queues = 1): Promise<readonly Queue[]> {
    return (await this.topics.create({ name, queues, type: 5 })).queues;
  }

  /** Appends messages to a queue and waits until consumers see them and what follows has arrived. */
  async send(queue: Queue, ...messages: (string | MessageInput)[]): Promise<void> {
    append(
      this.store,
      queue,
      messages.map((message) => (typeof message === "string" ? text(message) : message)),
    );
    await this.store.whenSettled();
    await quiet();
  }

  /** Appends `count` messages whose bodies are their offsets, with ordering keys in turn if `keys` says how many there are. */
  async sendNumbered(queue: Queue, count: number, keys = 0): Promise<void> {
    const first = queue.nextOffset;
    for (let at = 0; at < count; at += 100)
      append(
        this.store,
        queue,
        Array.from({ length: Math.min(100, count - at) }, (_, i) =>
          text(String(first + at + i), keys === 0 ? {} : { orderingKey: `k${(first + at + i) % keys}` }),
        ),
      );
    await this.store.whenSettled();
    await quiet();
  }

  /** What a group's dead letters are, lowest offset first. */
  async deadLetters(group: string): Promise<(DeadLetter__Output & { body: string; bytes: Buffer })[]> {
    await quiet();
    const queue = this.store.state.topics.get(`%DLQ%${group}`)?.queues[0];
    const letters: (DeadLetter__Output & { body: string; bytes: Buffer })[] = [];
    for (let offset = 0; queue !== undefined && offset < this.store.endOffset(queue); offset++) {
      const bytes = (await this.store.lookup.messageAt(queue, offset))!;
      const message = readRecord(bytes, 0, bytes.length).message();
      letters.push({ ...readDeadLetter(message.deadLetter!), body: message.body.toString(), bytes });
    }
    return letters;
  }

  /** A member of a group; says hello at once. */
  async join(hello: Hello & { topics?: readonly string[] }): Promise<TestMember> {
    const { topics = ["t"], ...rest } = hello;
    const subscriptions = topics.map((topic) => ({ topic }));
    const member = new TestMember(this.channel.open(BROKER.consume), hello.mode === ORDERED);
    this.#members.push(member);
    member.write({ hello: { subscriptions, ...rest } });
    await quiet();
    return member;
  }
}

const ORDERED = 1;

/** What a test member got: of which queue, which offset, for which time, and the body. */
export interface Received {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  readonly attempt: number;
  readonly lastError: LastError | undefined;
  readonly body: string;
  readonly keyHash: number;
  /** Of the batch in which it came. */
  readonly generation: number;
}

/**
 * A member played by the test: keeps what it hears, says what it is told to. In ordered mode it drops what it has, and what
 * comes, of the key of a message that it says it failed on, as the contract asks for.
 */
export class TestMember {
  readonly received: Received[] = [];
  readonly batches: RecordBatch[] = [];
  readonly acked: Acked__Output[] = [];
  readonly lost: LeaseLost__Output[] = [];
  readonly pauses: boolean[] = [];
  /** Names of all replies but batches and pongs, in order. */
  readonly heard: string[] = [];
  /** By `topic/queue`: generation and offset of the last assignment. */
  assigned = new Map<string, { generation: number; offset: number }>();
  /** What was taken back and not released yet, with its generation. */
  readonly revoked = new Map<string, { generation: number }>();
  note = "";
  id = "";
  error: Error | null | undefined;
  /** Sends no pings. */
  silent = false;
  /** Of the last acknowledgement. */
  serial = 0;
  readonly #stream: Stream<ConsumeRequest, ConsumeEvent>;
  readonly #ordered: boolean;
  /** By `topic/queue/offset`, of everything that came. */
  readonly #lanes = new Map<string, { readonly lane: string; readonly keyHash: number }>();
  /** By lane, `topic/queue key hash`: what the broker took before it knew of so many failures is dropped. */
  readonly #staleBelow = new Map<string, number>();
  #failures = 0;

  constructor(stream: Stream<ConsumeRequest, ConsumeEvent>, ordered = false) {
    this.#stream = stream;
    this.#ordered = ordered;
    stream.listen({
      message: (event) => this.#hear(event),
      close: (error) => {
        this.error = error;
      },
    });
  }

  /** Ids of its queues, of all topics. */
  get queues(): number[] {
    return [...this.assigned.keys()].map((key) => Number(key.split("/")[1])).sort((a, b) => a - b);
  }

  /** Bodies in the order in which they came. */
  get bodies(): string[] {
    return this.received.map(({ body }) => body);
  }

  /** Code of the error that ended the stream. */
  get code(): string | undefined {
    return LogwheelError.is(this.error) ? this.error.code : undefined;
  }

  write(request: ConsumeRequest): void {
    this.#stream.write(request);
  }

  async say(request: ConsumeRequest): Promise<void> {
    this.write(request);
    await quiet();
  }

  credit(messages: number, bytes = 64 << 20): Promise<void> {
    return this.say({ credit: { messages, bytes } });
  }

  /** Acknowledges `[start, end)` of a queue, by its present generation unless another is given. */
  ack(
    start: number,
    end: number,
    where: { queueId?: number; topic?: string; generation?: number } = {},
  ): Promise<void> {
    const { queueId = 0, topic = "t" } = where;
    const generation = where.generation ?? this.generation(queueId, topic);
    return this.say({
      acks: { serial: ++this.serial, queues: [{ topic, queueId, generation, ranges: [{ start, end }] }] },
    });
  }

  nack(offset: number, more: Omit<Nack, "offset"> = {}): Promise<void> {
    const { attempt = 1, queueId = 0, topic = "t", ...rest } = more;
    const generation = more.generation ?? this.generation(queueId, topic);
    this.#failures++;
    const { lane, keyHash = 0 } = this.#lanes.get(`${topic}/${queueId}/${offset}`) ?? {};
    if (this.#ordered && lane !== undefined) {
      this.#staleBelow.set(lane, this.#failures);
      for (const received of this.received.splice(0))
        if (laneOf(received) !== lane) this.received.push(received);
    }
    return this.say({ nack: { topic, queueId, offset, attempt, keyHash, ...rest, generation } });
  }

  release(queueId: number, generation: number, topic = "t"): Promise<void> {
    this.revoked.delete(`${topic}/${queueId}`);
    return this.say({ released: { topic, queueId, generation } });
  }

  generation(queueId: number, topic = "t"): number {
    return this.assigned.get(`${topic}/${queueId}`)?.generation ?? 0;
  }

  /** Leaves well. */
  async leave(): Promise<void> {
    this.#stream.end();
    await quiet();
  }

  /** Its process is killed: the connection breaks. */
  async die(): Promise<void> {
    this.#stream.fail(new LogwheelError("CONNECTION_LOST", "killed"));
    await quiet();
  }

  #assign({ queues, note }: Assignment__Output): void {
    const before = this.assigned;
    this.note = note;
    this.assigned = new Map(
      queues.map(({ topic, queueId, generation, offset }) => [`${topic}/${queueId}`, { generation, offset }]),
    );
    for (const [key, had] of before) if (!this.assigned.has(key)) this.revoked.set(key, had);
    for (const key of this.assigned.keys()) this.revoked.delete(key);
  }

  #hear(event: ConsumeEvent): void {
    if (event.reply !== "batch" && event.reply !== "pong") this.heard.push(event.reply);
    switch (event.reply) {
      case "welcome":
        this.id = event.welcome.member;
        return;
      case "assignment":
        this.#assign(event.assignment);
        return;
      case "batch":
        this.batches.push(event.batch);
        for (const record of event.batch.records) {
          const { queueId, queueOffset: offset, attempt, lastError, keyHash } = record;
          const body = record.message().body.toString();
          const { topic, generation, failures } = event.batch;
          const received = { topic, queueId, offset, attempt, lastError, body, keyHash, generation };
          this.#lanes.set(`${topic}/${queueId}/${offset}`, { lane: laneOf(received), keyHash });
          if ((this.#staleBelow.get(laneOf(received)) ?? 0) <= failures) this.received.push(received);
        }
        return;
      case "acked":
        this.acked.push(event.acked);
        return;
      case "leaseLost":
        this.lost.push(event.leaseLost);
        return;
      case "pause":
        this.pauses.push(event.pause.paused);
        return;
      case "pong":
      case "draining":
      case "unknown":
        return;
    }
  }
}

/** Names what is handled in order: the messages of one key in one queue. */
export function laneOf({ topic, queueId, keyHash }: Omit<Received, "body">): string {
  return `${topic}/${queueId} ${keyHash}`;
}
