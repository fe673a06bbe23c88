import { type ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";
import { decodePublishReply } from "../../proto/kernel/publish-reply.js";
import { type Frame, FrameQueue } from "./frame-queue.js";
import { OrderedLane } from "./ordered-lane.js";
import type { PendingSend } from "./pending-send.js";
import { type LinkDeps, PublishLink } from "./publish-link.js";
import { settleFrame } from "./publish-settlement.js";
import type { ProducerOptions } from "./types.js";

/** Frames that may wait for their reply: more only make replies older. */
const FRAMES_MAX = 3;
/** Size of a frame; larger ones where a sync of the disk stands between frames. */
const FRAME_BYTES = 256 << 10;
const FRAME_BYTES_SYNC = 1 << 20;

/** Whose messages a publisher sends. */
export interface PublisherOwner {
  /** Tries of one message; Infinity: a broker is waited for however long it takes. */
  readonly attemptsMax: number;
  /** The message is out of the publisher's hands and its caller has been told. */
  released(send: PendingSend): void;
  /** The broker refused the message; with `uncertain` set on it, it may be there nevertheless. */
  refused(publisher: Publisher, send: PendingSend, error: LogwheelError): void;
  /** These may go to another broker: this one cannot be reached, and has none of them. */
  stranded(publisher: Publisher, sends: readonly PendingSend[]): void;
  /** The broker answers, for the first time or again. */
  reached(publisher: Publisher): void;
}

/** What a publisher stands on. */
export interface PublisherDeps extends LinkDeps {
  readonly producerId: number;
  readonly linger: ProducerOptions["linger"];
  readonly owner: PublisherOwner;
}

/**
 * Sends one producer's messages to one broker.
 *
 * What is added within one turn leaves in one frame; what is added while the allowed number of frames is unanswered leaves
 * with the next. Frames that a broken stream leaves unanswered are repeated as they were, sequences included, before
 * anything else: the broker knows what it has. Only messages that certainly did not arrive are given to other brokers.
 */
export class Publisher {
  readonly broker: string;
  readonly #deps: PublisherDeps;
  readonly #link: PublishLink;
  readonly #queue: FrameQueue;
  /** Sealed and unanswered, oldest first. */
  readonly #frames: Frame[] = [];
  readonly #lanes = new Map<string, OrderedLane>();
  /** Refused, yet perhaps stored: they keep their sequence. */
  readonly #uncertain = new Set<PendingSend>();
  readonly #flush = (): void => this.#onFlush();
  #scheduled = false;
  #cancelLinger: (() => void) | null = null;
  #stopping: LogwheelError | null = null;

  constructor(deps: PublisherDeps) {
    this.broker = deps.broker;
    this.#deps = deps;
    this.#queue = new FrameQueue({
      producerId: deps.producerId,
      capBytes: FRAME_BYTES,
      onStale: (send) => this.#release(send),
    });
    this.#link = new PublishLink(deps, {
      opened: (flushSync) => this.#onOpened(flushSync),
      answered: (bytes) => this.#onReply(bytes),
      reached: () => deps.owner.reached(this),
      drained: () => this.#writeFrames(),
      broken: (error, definite) => this.#onBroken(error, definite),
      wanted: () => this.#frames.length > 0 || !this.#queue.empty,
    });
  }

  /** Nothing is known against the broker. */
  get reachable(): boolean {
    return this.#stopping === null && this.#link.reachable;
  }

  /** The order of a queue's keyed messages; the same one for as long as the publisher lives. */
  lane(topic: string, queueId: number): OrderedLane {
    const key = `${queueId} ${topic}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new OrderedLane();
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  add(send: PendingSend): void {
    this.#queue.add(send);
    this.#schedule();
  }

  /** The broker was seen again: do not wait out the back-off. */
  kick(): void {
    this.#link.kick();
  }

  /** Gives back what may go elsewhere. */
  strand(): void {
    const movable = (send: PendingSend): boolean => !send.pinned && !send.uncertain;
    const taken = this.#frames.flatMap((frame) =>
      frame.uncertain || frame.written ? [] : this.#queue.rebuild(frame, movable),
    );
    this.#dropEmptyFrames();
    taken.push(...this.#queue.take(movable));
    if (taken.length > 0) this.#deps.owner.stranded(this, taken);
  }

  /** Fails everything that is left and lets go of the stream. */
  close(error: LogwheelError): void {
    this.#link.close();
    this.#cancelLinger?.();
    this.#failAll(error);
  }

  /** Within this turn, after everybody who is about to send has done so; or, lingering, a little later. */
  #schedule(): void {
    if (this.#scheduled) return;
    const { linger, clock } = this.#deps;
    if (linger && this.#queue.count < (linger.maxMessages ?? 512) && !this.#isLingerFull(linger.maxBytes)) {
      this.#cancelLinger ??= clock.after(linger.ms, this.#flush);
      return;
    }
    this.#scheduled = true;
    queueMicrotask(this.#flush);
  }

  #isLingerFull(maxBytes = FRAME_BYTES): boolean {
    return this.#queue.full || this.#queue.byteLength >= maxBytes;
  }

  #onFlush(): void {
    this.#scheduled = false;
    this.#cancelLinger?.();
    this.#cancelLinger = null;
    if (!this.#queue.empty) this.#link.start();
    this.#writeFrames();
  }

  #writeFrames(): void {
    while (this.#link.writable && this.#stopping === null && this.#frames.length < FRAMES_MAX) {
      const frame = this.#queue.seal(this.#settledBelow());
      if (frame === null) return;
      this.#frames.push(frame);
      this.#write(frame);
    }
  }

  #write(frame: Frame): void {
    frame.written = true;
    this.#link.write(frame.bytes!);
  }

  /** The lowest sequence that may still be repeated. */
  #settledBelow(): number {
    let lowest = this.#frames[0]?.firstSequence ?? Number.POSITIVE_INFINITY;
    for (const send of this.#uncertain) lowest = Math.min(lowest, send.sequence);
    return lowest;
  }

  #onOpened(flushSync: boolean): void {
    this.#queue.capBytes = flushSync ? FRAME_BYTES_SYNC : FRAME_BYTES;
    for (const frame of this.#frames) this.#write(frame);
    this.#writeFrames();
  }

  /** Throws for what is no reply to the oldest frame. */
  #onReply(bytes: Buffer): void {
    const result = decodePublishReply(bytes);
    const frame = this.#frames[0];
    if (frame?.number !== result.frame || frame.out.count !== result.logOffsets.length)
      throw new LogwheelError("PROTOCOL", "the reply belongs to no frame that waits for one");
    this.#frames.shift();
    settleFrame(this, frame, result);
    this.#queue.recycle(frame);
    if (this.#stopping !== null && this.#frames.length === 0) return this.#leave(this.#stopping);
    if (this.#queue.full) this.#writeFrames();
    else if (!this.#queue.empty) this.#schedule();
  }

  /** For the settlement of frames: the message is stored in a queue, up to sequence `last` with its batch. */
  stored(send: PendingSend, last: number, queueId: number): void {
    this.#uncertain.delete(send);
    if (send.lane === null && send.orderingKey) this.lane(send.topic, queueId).adopt(last);
    const again = send.lane?.acked(send, last);
    if (again !== undefined) for (const held of again) this.add(held);
    this.#release(send);
  }

  /** For the settlement of frames: the message was refused. */
  refused(send: PendingSend, error: LogwheelError): void {
    send.attempts++;
    if (error.sent === "maybe") {
      send.uncertain = true;
      this.#uncertain.add(send);
    } else {
      send.uncertain = false;
      this.#uncertain.delete(send);
    }
    if (error.code === "BROKER_STOPPING") {
      send.attempts--;
      this.#stopping ??= error;
    }
    this.#deps.owner.refused(this, send, error);
  }

  /** Gives up a message that is in no frame any more; `error` tells its caller why. */
  giveUp(send: PendingSend, error: LogwheelError): void {
    this.#uncertain.delete(send);
    const again = send.lane?.dropped(send, error.sent === "maybe");
    if (again !== undefined) for (const held of again) this.add(held);
    send.fail(error);
    this.#release(send);
  }

  #release(send: PendingSend): void {
    if (send.released) return;
    send.released = true;
    this.#deps.owner.released(send);
  }

  /** The broker is going to stop and has answered everything: wait for it to come back. */
  #leave(error: LogwheelError): void {
    this.#stopping = null;
    this.#link.leave(error);
  }

  #onBroken(error: LogwheelError, definite: boolean): void {
    this.#stopping = null;
    for (const frame of this.#frames) {
      if (frame.written && !definite) {
        frame.uncertain = true;
        for (const send of frame.sends) send.attempts++;
      }
      frame.written = false;
    }
    if (HOPELESS.has(error.code)) return this.#failAll(error);
    this.strand();
    this.#giveUpLate(error);
  }

  /** Tells those whose tries are used up, and everybody once the broker has been away for too long. */
  #giveUpLate(error: LogwheelError): void {
    const { owner, requestTimeoutMs } = this.#deps;
    const patient = owner.attemptsMax === Number.POSITIVE_INFINITY;
    const tooLong = this.#link.awayMs >= requestTimeoutMs && !patient;
    for (const frame of [...this.#frames])
      for (const send of frame.sends)
        if (tooLong || send.attempts >= owner.attemptsMax)
          this.#abandon(send, lost(this.broker, frame, error));
    this.#dropEmptyFrames();
    if (!tooLong) return;
    const unsent = lost(this.broker, null, error);
    for (const send of this.#queue.take(() => true)) this.giveUp(send, unsent);
  }

  /** Tells the caller of a message that stays in its frame. */
  #abandon(send: PendingSend, error: LogwheelError): void {
    send.fail(error);
    this.#release(send);
  }

  /**
   * Lets go of frames for which nobody waits. One with ordered messages that the broker may have stays: only its answer
   * tells what the next message of the queue has to name, and the same sequences are stored once at most.
   */
  #dropEmptyFrames(): void {
    for (let at = this.#frames.length - 1; at >= 0; at--) {
      const frame = this.#frames[at]!;
      if (!frame.sends.every((send) => send.released && (send.lane === null || !frame.uncertain))) continue;
      for (const send of frame.sends) this.giveUp(send, ABANDONED);
      this.#frames.splice(at, 1);
      this.#queue.recycle(frame);
    }
  }

  #failAll(error: LogwheelError): void {
    for (const frame of [...this.#frames]) {
      const unsure = frame.written || frame.uncertain;
      const outcome = unsure
        ? new LogwheelError(error.code, error.message, { ...error.details, sent: "maybe" })
        : error;
      for (const send of frame.sends) this.#abandon(send, outcome);
    }
    this.#dropEmptyFrames();
    for (const send of this.#queue.take(() => true)) this.giveUp(send, error);
    for (const lane of this.#lanes.values()) for (const send of lane.takeHeld()) this.giveUp(send, error);
  }
}

const ABANDONED = new LogwheelError("CLOSED", "nobody waits for the answer any more");

/** Trying again changes nothing. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(["UNSUPPORTED_VERSION", "UNAUTHENTICATED", "CLOSED"]);

function lost(broker: string, frame: Frame | null, cause: LogwheelError): LogwheelError {
  if (frame?.uncertain)
    return new LogwheelError(
      "CONNECTION_LOST",
      `the connection to broker ${broker} broke before it answered (${cause.message}): the message may or may not be stored`,
      { broker, sent: "maybe", cause },
    );
  return new LogwheelError(
    "BROKER_UNAVAILABLE",
    `broker ${broker} cannot be reached (${cause.message}): nothing was sent`,
    { broker, sent: "no", cause },
  );
}
