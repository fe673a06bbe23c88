import { FRAME_ENTRIES_MAX } from "../../proto/kernel/limits.js";
import { PublishFrame } from "../../proto/kernel/publish-codec.js";
import { Fifo } from "./fifo.js";
import type { PendingSend } from "./pending-send.js";

/** Frames that grew beyond this for one large message are not kept for the next. */
const KEEP_BYTES_MAX = 2 << 20;

/** Messages that leave together, and their encoding until the broker has answered. */
export class Frame {
  readonly out = new PublishFrame();
  readonly sends: PendingSend[] = [];
  number = 0;
  bytes: Buffer | null = null;
  /** Lowest sequence in it. */
  firstSequence = Number.POSITIVE_INFINITY;
  /** Written to the stream that is open now. */
  written = false;
  /** The broker may have it from a stream that broke. */
  uncertain = false;
}

/**
 * Messages for one broker that were not sent yet. They are encoded as they come while the frame under construction has
 * room, and wait unencoded behind it.
 */
export class FrameQueue {
  /** Size that a frame should not exceed; one message or batch may. */
  capBytes: number;
  readonly #producerId: number;
  readonly #waiting = new Fifo<PendingSend>();
  readonly #free: Frame[] = [];
  /** Called for a message whose caller has stopped waiting. */
  readonly #onStale: (send: PendingSend) => void;
  #building = new Frame();
  #nextSequence = 1;
  #nextFrame = 1;
  #lastTopic = "";
  #lastTopicIndex = 0;

  constructor(options: {
    readonly producerId: number;
    readonly capBytes: number;
    readonly onStale: (send: PendingSend) => void;
  }) {
    this.#producerId = options.producerId;
    this.capBytes = options.capBytes;
    this.#onStale = options.onStale;
  }

  /** Nothing to send. */
  get empty(): boolean {
    return this.#building.sends.length === 0 && this.#waiting.length === 0;
  }

  /** Messages in the frame under construction. */
  get count(): number {
    return this.#building.out.count;
  }

  /** Bytes in the frame under construction. */
  get byteLength(): number {
    return this.#building.out.byteLength;
  }

  /** The frame under construction has all that it should take. */
  get full(): boolean {
    return this.#waiting.length > 0 || this.#building.out.byteLength >= this.capBytes;
  }

  add(send: PendingSend): void {
    if (this.#waiting.length === 0 && this.#hasRoom(send)) this.#encode(send);
    else this.#waiting.push(send);
  }

  /** Finishes the frame under construction and begins the next; null if there is nothing to send. */
  seal(settledBelow: number): Frame | null {
    this.#fill();
    const frame = this.#building;
    if (frame.sends.length === 0) return null;
    frame.number = this.#nextFrame++;
    frame.bytes = frame.out.finish({
      frame: frame.number,
      producerId: this.#producerId,
      settledBelow: Math.min(settledBelow, frame.firstSequence),
    });
    this.#begin(this.#free.pop() ?? new Frame());
    this.#fill();
    return frame;
  }

  /** The frame has been answered or given up. */
  recycle(frame: Frame): void {
    frame.sends.length = 0;
    frame.bytes = null;
    frame.firstSequence = Number.POSITIVE_INFINITY;
    frame.written = frame.uncertain = false;
    frame.out.begin();
    if (frame.out.byteLength <= KEEP_BYTES_MAX) this.#free.push(frame);
  }

  /** Takes out every message for which `wanted` says yes and that was not sent; the others stay in their order. */
  take(wanted: (send: PendingSend) => boolean): PendingSend[] {
    const taken = this.rebuild(this.#building, wanted);
    this.#lastTopic = "";
    for (const send of this.#waiting.takeAll()) {
      if (wanted(send)) taken.push(send);
      else this.#waiting.push(send);
    }
    return taken;
  }

  /** Takes messages out of a frame that is certain not to have been sent. */
  rebuild(frame: Frame, wanted: (send: PendingSend) => boolean): PendingSend[] {
    const taken: PendingSend[] = [];
    const kept: PendingSend[] = [];
    for (const send of frame.sends) (wanted(send) ? taken : kept).push(send);
    if (taken.length === 0) return taken;
    frame.out.begin();
    frame.sends.length = 0;
    for (const send of kept) this.#write(frame, send, frame.out.topic(send.topic));
    if (frame.bytes !== null)
      frame.bytes = frame.out.finish({ frame: frame.number, producerId: this.#producerId, settledBelow: 0 });
    return taken;
  }

  #hasRoom(send: PendingSend): boolean {
    const { out } = this.#building;
    if (out.count === 0) return true;
    return out.byteLength + send.bytes <= this.capBytes && out.count + send.size <= FRAME_ENTRIES_MAX;
  }

  #fill(): void {
    for (
      let next = this.#waiting.peek();
      next !== undefined && this.#hasRoom(next);
      next = this.#waiting.peek()
    ) {
      this.#waiting.shift();
      this.#encode(next);
    }
  }

  #begin(frame: Frame): void {
    this.#building = frame;
    this.#lastTopic = "";
  }

  #encode(send: PendingSend): void {
    if (send.settled && !send.uncertain) return this.#onStale(send);
    if (send.lane?.hold(send)) return;
    const frame = this.#building;
    if (send.topic !== this.#lastTopic) {
      this.#lastTopicIndex = frame.out.topic(send.topic);
      this.#lastTopic = send.topic;
    }
    if (!send.uncertain) this.#number(send);
    if (send.lane !== null) this.#chain(send);
    if (send.sequence < frame.firstSequence) frame.firstSequence = send.sequence;
    this.#write(frame, send, this.#lastTopicIndex);
  }

  /** A new sequence for a new try; one that the broker may know keeps its own. */
  #number(send: PendingSend): void {
    send.sequence = this.#nextSequence++;
    if (send.rest !== null) for (const other of send.rest) other.sequence = this.#nextSequence++;
  }

  #chain(send: PendingSend): void {
    const last = send.rest?.at(-1) ?? send;
    send.after = send.lane!.sent(send, last.sequence);
    let before = send.sequence;
    for (const other of send.rest ?? []) {
      other.after = before;
      before = other.sequence;
    }
  }

  #write(frame: Frame, send: PendingSend, topicIndex: number): void {
    frame.sends.push(send);
    if (send.rest === null) {
      send.topicIndex = topicIndex;
      frame.out.add(send);
      return;
    }
    const members = [send, ...send.rest];
    for (const [i, member] of members.entries()) {
      member.topicIndex = topicIndex;
      member.queueId = send.queueId;
      member.more = i < members.length - 1;
      frame.out.add(member);
    }
  }
}
