import { expect } from "chai";
import type { Channel, Stream } from "../../proto/kernel/channel.js";
import { BROKER } from "../../proto/kernel/contract.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import { PublishFrame } from "../../proto/kernel/publish-codec.js";
import { decodePublishReply, type PublishResult } from "../../proto/kernel/publish-reply.js";
import { until } from "./until.js";

const CALL = { timeoutMs: 60_000 };

/** How a flood is made. */
export interface FloodOptions {
  readonly topic: string;
  readonly queues: number;
  readonly streams: number;
  readonly framesInFlight: number;
  readonly messagesPerFrame: number;
  readonly bodyBytes: number;
}

/** Streams that send again at once, whatever they are answered; remembers what was acknowledged and how the rest was refused. */
export class Flood {
  offered = 0;
  readonly refusals: LogwheelError[] = [];
  /** Number of the message at `queue/offset`, where one was acknowledged. */
  readonly #acked = new Map<string, number>();
  readonly #options: FloodOptions;
  readonly #padding: Buffer;
  #next = 0;
  #inFlight = 0;
  #running = true;

  constructor(channels: readonly Channel[], options: FloodOptions) {
    this.#options = options;
    this.#padding = Buffer.alloc(options.bodyBytes, "x");
    for (let index = 0; index < options.streams; index++) this.#open(channels[index % channels.length]!);
  }

  get acked(): number {
    return this.#acked.size;
  }

  /** Sends nothing new, and waits for the last answers. */
  async stop(): Promise<void> {
    this.#running = false;
    await until("every frame is answered", () => this.#inFlight === 0, 120_000);
  }

  /** Reads everything back: what was acknowledged stands where its receipt says, and nothing else is there. */
  async verify(channel: Channel): Promise<void> {
    let found = 0;
    for (let queueId = 0; queueId < this.#options.queues; queueId++)
      found += await this.#verifyQueue(channel, queueId);
    expect(found, "messages found of those that were acknowledged").to.equal(this.#acked.size);
  }

  #open(channel: Channel): void {
    const stream = channel.open<Buffer, Buffer, Buffer, Buffer>(BROKER.publish);
    const frames = new Map<number, number>();
    let number = 0;
    const send = (): void => {
      if (!this.#running) return;
      frames.set(++number, this.#next);
      this.#inFlight++;
      this.#write(stream, number);
    };
    stream.listen({
      message: (bytes) => {
        const reply = decodePublishReply(bytes);
        this.#inFlight--;
        this.#answered(reply, frames.get(reply.frame)!);
        frames.delete(reply.frame);
        send();
      },
      close: () => {},
    });
    for (let count = 0; count < this.#options.framesInFlight; count++) send();
  }

  #write(stream: Stream<Buffer, Buffer>, frame: number): void {
    const { topic, messagesPerFrame, bodyBytes } = this.#options;
    const out = new PublishFrame(messagesPerFrame * (bodyBytes + 64));
    out.begin();
    const topicIndex = out.topic(topic);
    for (let index = 0; index < messagesPerFrame; index++) {
      const body = Buffer.from(this.#padding);
      body.write(`${this.#next++} `);
      out.add({ topicIndex, queueId: undefined, sequence: 0, after: 0, more: false, message: { body } });
    }
    this.offered += messagesPerFrame;
    stream.write(out.finish({ frame, producerId: 0, settledBelow: 0 }));
  }

  #answered({ refusals, queueIds, queueOffsets }: PublishResult, first: number): void {
    const refused = new Set(refusals.map(({ index }) => index));
    for (const { error } of refusals.slice(0, 1)) this.refusals.push(error);
    for (let index = 0; index < this.#options.messagesPerFrame; index++)
      if (!refused.has(index)) this.#acked.set(`${queueIds[index]}/${queueOffsets[index]}`, first + index);
  }

  async #verifyQueue(channel: Channel, queueId: number): Promise<number> {
    const { topic } = this.#options;
    const request = { topic, queueId, maxMessages: 1_000, maxBytes: 4 << 20, waitMs: 0, tags: "" };
    let found = 0;
    for (let offset = 0; ; ) {
      const { records, nextOffset, endOffset } = await channel.unary(
        BROKER.pull,
        { ...request, offset },
        CALL,
      );
      for (const record of records) {
        const number = Number.parseInt(record.message().body.subarray(0, 20).toString(), 10);
        const acked = this.#acked.get(`${queueId}/${record.queueOffset}`);
        if (acked !== number) expect.fail(`${number} is stored where ${acked} was acknowledged`);
        found++;
      }
      if (nextOffset >= endOffset) return found;
      offset = nextOffset;
    }
  }
}
