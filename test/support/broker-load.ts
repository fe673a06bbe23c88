import { expect } from "chai";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Channel, Stream } from "../../proto/kernel/channel.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { PublishFrame } from "../../proto/kernel/publish-codec.js";
import { decodePublishReply, type PublishResult } from "../../proto/kernel/publish-reply.js";
import { until } from "./until.js";

const TOPIC = "load";
const GROUP = "readers";
const QUEUES = 4;
const CLIENTS = 32;
const FRAMES_IN_FLIGHT = 2;
const ATTEMPTS_MAX = 50;
const CALL = { timeoutMs: 10_000 };

const connect = grpcConnect({ clock: systemClock, logger: silentLogger, random: () => 0.5 });

/** The command line of a broker for such a load, without a name server; `more` are options by name. */
export function loadedBroker(
  data: string,
  flush: string,
  more: Readonly<Record<string, string>> = {},
): string[] {
  const options = {
    name: "loaded",
    namesrv: "127.0.0.1:1",
    listen: "127.0.0.1:0",
    data,
    flush,
    "segment-bytes": "4MiB",
    "disk-free-bytes-min": "0",
    "disk-reserve-bytes": "0",
    "loop-lag-ms": "10s",
    ...more,
  };
  return [
    "server",
    "broker",
    ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]),
  ];
}

/** Where a message is stored. */
export interface Place {
  readonly queueId: number;
  readonly queueOffset: number;
  readonly logOffset: number;
}

interface Frame {
  readonly number: number;
  readonly bodies: readonly string[];
  readonly firstSequence: number;
  readonly grouped: boolean;
  attempts: number;
}

/** One producer with an identity: what is not answered when a connection breaks is sent again, as it was. */
class LoadClient {
  readonly #load: BrokerLoad;
  readonly #producerId: number;
  readonly #unanswered = new Map<number, Frame>();
  #stream: Stream<Buffer, Buffer> | undefined;
  #frames = 0;
  #sequence = 0;

  constructor(load: BrokerLoad, producerId: number) {
    this.#load = load;
    this.#producerId = producerId;
  }

  get idle(): boolean {
    return this.#unanswered.size === 0;
  }

  open(channel: Channel): void {
    const stream = channel.open(BROKER.publish);
    this.#stream = stream;
    stream.listen({
      message: (reply) => this.#answered(decodePublishReply(reply)),
      close: () => {
        if (this.#stream === stream) this.#stream = undefined;
      },
    });
    for (const frame of this.#unanswered.values()) this.#write(frame);
    this.go();
  }

  /** Keeps as many frames in flight as it may. */
  go(): void {
    while (this.#load.running && this.#stream !== undefined && this.#unanswered.size < FRAMES_IN_FLIGHT) {
      const bodies = this.#load.bodies(1 + Math.floor(this.#load.random() * 8));
      const frame = {
        number: ++this.#frames,
        bodies,
        firstSequence: this.#sequence + 1,
        grouped: this.#load.random() < 0.3,
        attempts: 0,
      };
      this.#sequence += bodies.length;
      this.#unanswered.set(frame.number, frame);
      this.#write(frame);
    }
  }

  #write(frame: Frame): void {
    expect(frame.attempts++, "attempts of one frame").to.be.below(ATTEMPTS_MAX);
    const out = new PublishFrame(1 << 10);
    out.begin();
    const topicIndex = out.topic(TOPIC);
    const last = frame.bodies.length - 1;
    for (const [index, body] of frame.bodies.entries())
      out.add({
        topicIndex,
        queueId: frame.grouped ? frame.number % QUEUES : undefined,
        sequence: frame.firstSequence + index,
        after: 0,
        more: frame.grouped && index < last,
        message: { body: Buffer.from(body) },
      });
    this.#stream?.write(out.finish({ frame: frame.number, producerId: this.#producerId, settledBelow: 0 }));
  }

  #answered(result: PublishResult): void {
    if (this.#load.deaf) return;
    const frame = this.#unanswered.get(result.frame)!;
    if (result.refusals.length > 0 && frame.attempts > 1) return this.#write(frame);
    this.#unanswered.delete(result.frame);
    const refused = new Set(result.refusals.map(({ index }) => index));
    for (const [index, body] of frame.bodies.entries())
      if (refused.has(index)) this.#load.refused(body);
      else
        this.#load.acknowledged(body, {
          queueId: result.queueIds[index]!,
          queueOffset: result.queueOffsets[index]!,
          logOffset: result.logOffsets[index]!,
        });
    this.go();
  }
}

const running = new Set<BrokerLoad>();

/**
 * Many producers and a group's cursor against one broker that comes and goes, and what each was promised.
 *
 * Bodies are unique. A body is acknowledged, refused, or not answered yet; what is not answered is sent again to the next
 * broker process, which must store it once.
 */
export class BrokerLoad {
  readonly random: () => number;
  readonly #clients = Array.from({ length: CLIENTS }, (_, index) => new LoadClient(this, index + 1));
  readonly #sent = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #acked = new Map<string, Place>();
  readonly #found = new Map<string, Place>();
  readonly #next: number[] = new Array(QUEUES).fill(0);
  /** By queue: where a start found the cursor, which is the last that was confirmed, and the highest that was asked for. */
  readonly #cursors = Array.from({ length: QUEUES }, () => ({ found: 0, confirmed: 0, asked: 0 }));
  #channel: Channel | undefined;
  #committing: Promise<void> = Promise.resolve();
  #bodies = 0;
  running = false;
  /** Answers that come now count as never heard. */
  deaf = false;

  constructor(random: () => number) {
    this.random = random;
  }

  /** Stops what a failed test has left running, which would keep its process alive; for `after` hooks. */
  static async stopAll(): Promise<void> {
    for (const load of running) await load.stop();
  }

  /** Messages that were acknowledged so far, without those that were given up. */
  get ackedCount(): number {
    return this.#acked.size;
  }

  bodies(count: number): string[] {
    const made = Array.from({ length: count }, () => `${++this.#bodies} ${"x".repeat(this.random() * 400)}`);
    for (const body of made) this.#sent.add(body);
    return made;
  }

  refused(body: string): void {
    this.#refused.add(body);
  }

  acknowledged(body: string, place: Place): void {
    const before = this.#found.get(body);
    if (before !== undefined) expect(place, "the first receipt again").to.deep.equal(before);
    this.#acked.set(body, place);
  }

  /** Makes topic and group on a fresh broker; resolves when they are on the disk. */
  async furnish(address: string): Promise<void> {
    const channel = connect(address);
    await channel.unary(ADMIN.createTopic, { topic: { name: TOPIC, queues: QUEUES, type: 1 } }, CALL);
    await channel.unary(ADMIN.createGroup, { group: { name: GROUP, maxAttempts: 17 } }, CALL);
    await until("topic and group are on the disk", async () => {
      const { logEnd, logDurable } = await channel.unary(ADMIN.describeBroker, {}, CALL);
      return logDurable === logEnd;
    });
    channel.close();
  }

  /** Loads a broker process until `stop`. */
  start(address: string): void {
    this.#channel = connect(address);
    this.running = true;
    running.add(this);
    this.deaf = false;
    for (const client of this.#clients) client.open(this.#channel);
    this.#committing = this.#commitOn(this.#channel);
  }

  /** The process is gone. */
  async stop(): Promise<void> {
    this.running = false;
    running.delete(this);
    this.#channel?.close();
    this.#channel = undefined;
    await this.#committing;
  }

  /** Sends nothing new and waits until all that was sent is answered. */
  async drain(): Promise<void> {
    this.running = false;
    await until("every message is answered", () => this.#clients.every(({ idle }) => idle), 30_000);
    await this.stop();
  }

  /**
   * Reads what a broker has stored since the last time and holds it against what was promised: nothing invented, nothing
   * twice, no gap, offsets as they were acknowledged, cursors where they were confirmed, or, after a power cut, not before where the
   * last start found them. Returns what was acknowledged and is not there.
   */
  async verify(address: string, { cursorsMayFall = false } = {}): Promise<Place[]> {
    const channel = connect(address);
    try {
      for (let queueId = 0; queueId < QUEUES; queueId++) {
        await this.#readOn(channel, queueId);
        await this.#checkCursor(channel, queueId, cursorsMayFall);
      }
    } finally {
      channel.close();
    }
    return [...this.#acked].filter(([body]) => !this.#found.has(body)).map(([, place]) => place);
  }

  /** The same from the beginning; everything that was sent and not refused must be there, once. */
  async verifyAll(address: string): Promise<void> {
    const found = new Map(this.#found);
    this.#found.clear();
    this.#next.fill(0);
    expect(await this.verify(address), "acknowledged and lost").to.deep.equal([]);
    for (const [body, place] of found)
      expect(this.#found.get(body), "the same offset again").to.deep.equal(place);
    const missing = [...this.#sent].filter((body) => !this.#found.has(body) && !this.#refused.has(body));
    expect(missing, "sent again after every restart, and missing").to.deep.equal([]);
  }

  /** A power cut may take the end of what was only written: it was the end, and it stays away. Returns how much it was. */
  giveUpEnd(lost: readonly Place[]): number {
    const begins = lost.reduce(
      (first, { logOffset }) => Math.min(first, logOffset),
      Number.POSITIVE_INFINITY,
    );
    // There can be more than a call takes as arguments.
    let ends = 0;
    for (const { logOffset } of this.#found.values()) ends = Math.max(ends, logOffset);
    expect(ends, "what is left lies before what is lost").to.be.below(begins);
    const gone = new Set(lost);
    for (const [body, place] of this.#acked)
      if (gone.has(place)) {
        this.#acked.delete(body);
        this.#refused.add(body);
      }
    return lost.length;
  }

  async #readOn(channel: Channel, queueId: number): Promise<void> {
    for (;;) {
      const offset = this.#next[queueId]!;
      const request = {
        topic: TOPIC,
        queueId,
        offset,
        maxMessages: 1_000,
        maxBytes: 1 << 20,
        waitMs: 0,
        tags: "",
      };
      const { records, nextOffset, endOffset } = await channel.unary(BROKER.pull, request, CALL);
      let expected = offset;
      for (const record of records) {
        const body = record.message().body.toString();
        const place = { queueId, queueOffset: record.queueOffset, logOffset: record.logOffset };
        if (record.queueOffset !== expected++) expect.fail(`a gap before offset ${record.queueOffset}`);
        this.#check(body, place);
        this.#found.set(body, place);
      }
      this.#next[queueId] = nextOffset;
      if (nextOffset >= endOffset) return;
    }
  }

  #check(body: string, place: Place): void {
    if (!this.#sent.has(body) || this.#refused.has(body)) expect.fail(`nobody sent ${body.slice(0, 20)}`);
    if (this.#found.has(body)) expect.fail(`${body.slice(0, 20)} is stored twice`);
    const acked = this.#acked.get(body);
    if (acked !== undefined) expect(place, body.slice(0, 20)).to.deep.equal(acked);
  }

  async #checkCursor(channel: Channel, queueId: number, mayFall: boolean): Promise<void> {
    const cursor = this.#cursors[queueId]!;
    const request = { topic: TOPIC, queueId, group: GROUP };
    const { groupOffset = 0, endOffset } = await channel.unary(BROKER.seek, request, CALL);
    expect(groupOffset, "the group's cursor").to.be.within(
      mayFall ? cursor.found : cursor.confirmed,
      cursor.asked,
    );
    expect(groupOffset, "the group's cursor").to.be.at.most(endOffset);
    cursor.found = cursor.confirmed = cursor.asked = groupOffset;
  }

  /** Moves the group's cursor as messages are acknowledged. */
  async #commitOn(channel: Channel): Promise<void> {
    while (this.running && this.#channel === channel) {
      for (const [queueId, cursor] of this.#cursors.entries()) await this.#commit(channel, queueId, cursor);
      await systemClock.sleep(5);
    }
  }

  async #commit(
    channel: Channel,
    queueId: number,
    cursor: { confirmed: number; asked: number },
  ): Promise<void> {
    try {
      const { endOffset } = await channel.unary(BROKER.seek, { topic: TOPIC, queueId, group: "" }, CALL);
      const below = cursor.asked + Math.floor((endOffset - cursor.asked) * this.random());
      if (below <= cursor.asked) return;
      cursor.asked = below;
      await channel.unary(BROKER.ack, { group: GROUP, topic: TOPIC, queueId, ranges: [], below }, CALL);
      if (!this.deaf) cursor.confirmed = below;
    } catch (thrown) {
      if (!LogwheelError.is(thrown)) throw thrown;
    }
  }
}
