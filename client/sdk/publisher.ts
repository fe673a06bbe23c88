import { backoffMs } from "../../proto/kernel/backoff.js";
import type { Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { type ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";
import { decodePublishReply, type PublishResult } from "../../proto/kernel/publish-reply.js";
import type { Connections } from "./connections.js";
import { type Frame, FrameQueue } from "./frame-queue.js";
import { OrderedLane } from "./ordered-lane.js";
import type { PendingSend } from "./pending-send.js";
import { settleFrame } from "./publish-settlement.js";
import type { Routes } from "./routes.js";
import type { ProducerOptions } from "./types.js";

/** Frames that may wait for their reply: more only make replies older. */
const FRAMES_MAX = 3;
/** Size of a frame; larger ones where a sync of the disk stands between frames. */
const FRAME_BYTES = 256 << 10;
const FRAME_BYTES_SYNC = 1 << 20;

const RECONNECT = { baseMs: 10, maxMs: 1_000 };
/** A restarted broker is called within this time, by all clients not at once. */
const KICK_MS_MAX = 100;

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
export interface PublisherDeps {
  readonly broker: string;
  readonly connections: Connections;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly producerId: number;
  readonly requestTimeoutMs: number;
  readonly linger: ProducerOptions["linger"];
  readonly owner: PublisherOwner;
}

type Link =
  | { readonly state: "idle" }
  | OpenLink
  | { readonly state: "waiting"; readonly cancel: () => void }
  | { readonly state: "closed" };

interface OpenLink {
  readonly state: "open";
  readonly stream: Stream<Buffer, Buffer>;
  readonly address: string;
  /** The broker has answered on it. */
  proven: boolean;
  /** Wait for its drain. */
  blocked: boolean;
}

/**
 * Sends one producer's messages to one broker over one `Publish` stream that it opens again and again.
 *
 * What is added within one turn leaves in one frame; what is added while the allowed number of frames is unanswered leaves
 * with the next. Frames that a broken stream leaves unanswered are repeated as they were, sequences included, before
 * anything else: the broker knows what it has. Only messages that certainly did not arrive are given to other brokers.
 */
export class Publisher {
  readonly broker: string;
  readonly #deps: PublisherDeps;
  readonly #queue: FrameQueue;
  /** Sealed and unanswered, oldest first. */
  readonly #frames: Frame[] = [];
  readonly #lanes = new Map<string, OrderedLane>();
  /** Refused, yet perhaps stored: they keep their sequence. */
  readonly #uncertain = new Set<PendingSend>();
  readonly #flush = (): void => this.#onFlush();
  #link: Link = { state: "idle" };
  #scheduled = false;
  #cancelLinger: (() => void) | null = null;
  #cancelWatchdog: (() => void) | null = null;
  #failures = 0;
  /** Since when (monotonic) no stream has come about; null while one has. */
  #awaySinceMs: number | null = null;
  #heardMs = 0;
  #stopping: LogwheelError | null = null;

  constructor(deps: PublisherDeps) {
    this.broker = deps.broker;
    this.#deps = deps;
    this.#queue = new FrameQueue({
      producerId: deps.producerId,
      capBytes: FRAME_BYTES,
      onStale: (send) => this.#release(send),
    });
  }

  /** Nothing is known against the broker. */
  get reachable(): boolean {
    if (this.#stopping !== null) return false;
    return this.#link.state === "idle" || (this.#link.state === "open" && this.#failures === 0);
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

  /** The broker was seen again: do not wait out the back-off. */
  kick(): void {
    if (this.#link.state !== "waiting") return;
    this.#link.cancel();
    this.#reopenAfter(this.#deps.random() * KICK_MS_MAX);
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
    if (this.#link.state === "open") this.#link.stream.end();
    if (this.#link.state === "waiting") this.#link.cancel();
    this.#link = { state: "closed" };
    this.#cancelLinger?.();
    this.#cancelWatchdog?.();
    this.#failAll(error);
  }

  #isLingerFull(maxBytes = FRAME_BYTES): boolean {
    return this.#queue.full || this.#queue.byteLength >= maxBytes;
  }

  #onFlush(): void {
    this.#scheduled = false;
    this.#cancelLinger?.();
    this.#cancelLinger = null;
    if (this.#link.state === "idle" && !this.#queue.empty) this.#open();
    this.#writeFrames();
  }

  #writeFrames(): void {
    while (
      this.#link.state === "open" &&
      !this.#link.blocked &&
      this.#stopping === null &&
      this.#frames.length < FRAMES_MAX
    ) {
      const frame = this.#queue.seal(this.#deps.clock.monotonicMs(), this.#settledBelow());
      if (frame === null) return;
      this.#frames.push(frame);
      this.#write(this.#link, frame);
    }
  }

  #write(link: OpenLink, frame: Frame): void {
    frame.written = true;
    frame.writtenMs = this.#deps.clock.monotonicMs();
    this.#watch();
    if (!link.stream.write(frame.bytes!)) link.blocked = true;
  }

  /** The lowest sequence that may still be repeated. */
  #settledBelow(): number {
    let lowest = this.#frames[0]?.firstSequence ?? Number.POSITIVE_INFINITY;
    for (const send of this.#uncertain) lowest = Math.min(lowest, send.sequence);
    return lowest;
  }

  #open(): void {
    const { routes, connections, broker } = this.#deps;
    const info = routes.broker(broker);
    if (info === undefined) return this.#failed(missing(broker), true);
    this.#queue.capBytes = info.flushSync ? FRAME_BYTES_SYNC : FRAME_BYTES;
    let stream: Stream<Buffer, Buffer>;
    try {
      stream = connections.open(info.address, BROKER.publish);
    } catch (thrown) {
      return this.#failed(LogwheelError.from(thrown), true);
    }
    const link: OpenLink = { state: "open", stream, address: info.address, proven: false, blocked: false };
    this.#link = link;
    this.#heardMs = this.#deps.clock.monotonicMs();
    stream.listen({
      message: (bytes) => this.#onReply(link, bytes),
      drain: () => {
        link.blocked = false;
        this.#writeFrames();
      },
      close: (error) => this.#onClose(link, error),
    });
    for (const frame of this.#frames) if (this.#link === link) this.#write(link, frame);
  }

  #onReply(link: OpenLink, bytes: Buffer): void {
    if (this.#link !== link) return;
    const frame = this.#frames[0];
    let result: PublishResult;
    try {
      result = decodePublishReply(bytes);
      if (frame?.number !== result.frame || frame.out.count !== result.logOffsets.length)
        throw new LogwheelError("PROTOCOL", "the reply belongs to no frame that waits for one");
    } catch (thrown) {
      const cause = LogwheelError.from(thrown);
      const what = `broker ${this.broker} answered a publish frame with nonsense: ${cause.message}`;
      return this.#break(link, new LogwheelError("PROTOCOL", what, { broker: this.broker, cause }));
    }
    this.#frames.shift();
    this.#onHeard(link);
    settleFrame(this, frame, result);
    this.#queue.recycle(frame);
    if (this.#stopping !== null && this.#frames.length === 0) return this.#leave(link, this.#stopping);
    if (this.#queue.full) this.#writeFrames();
    else if (!this.#queue.empty) this.#schedule();
  }

  #onHeard(link: OpenLink): void {
    this.#heardMs = this.#deps.clock.monotonicMs();
    if (link.proven) return;
    link.proven = true;
    this.#failures = 0;
    this.#awaySinceMs = null;
    this.#deps.connections.up(link.address);
    this.#deps.owner.reached(this);
  }

  /** For the settlement of frames: the message is stored in a queue, up to sequence `last` with its batch. */
  stored(send: PendingSend, last: number, queueId: number): void {
    this.#uncertain.delete(send);
    if (send.lane === null && send.orderingKey) this.lane(send.topic, queueId).adopt(last);
    const again = send.lane?.acked(send, last);
    this.#release(send);
    if (again !== undefined) for (const held of again) this.add(held);
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
    send.fail(error);
    this.#release(send);
    if (again !== undefined) for (const held of again) this.add(held);
  }

  #release(send: PendingSend): void {
    if (send.released) return;
    send.released = true;
    this.#deps.owner.released(send);
  }

  /** The broker is going to stop and has answered everything: wait for it to come back. */
  #leave(link: OpenLink, error: LogwheelError): void {
    this.#stopping = null;
    this.#link = { state: "idle" };
    link.stream.end();
    this.#failed(error, true);
  }

  #break(link: OpenLink, error: LogwheelError): void {
    link.stream.fail(error);
    this.#onClose(link, error);
  }

  #onClose(link: OpenLink, closed: Error | null): void {
    if (this.#link !== link) return;
    const ended = `broker ${this.broker} ended the stream`;
    const error = LogwheelError.from(closed ?? new LogwheelError("CONNECTION_LOST", ended));
    this.#deps.connections.down(link.address, error);
    this.#stopping = null;
    this.#failed(error, !link.proven && NEVER_ARRIVED.has(error.code));
  }

  /** `definite`: nothing that was written on the stream arrived. */
  #failed(error: LogwheelError, definite: boolean): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const frame of this.#frames) {
      if (frame.written && !definite) {
        frame.uncertain = true;
        for (const send of frame.sends) send.attempts++;
      }
      frame.written = false;
    }
    this.#failures++;
    this.#awaySinceMs = definite ? (this.#awaySinceMs ?? nowMs) : null;
    this.#cancelWatchdog?.();
    this.#cancelWatchdog = null;
    this.#reopenAfter(backoffMs(this.#failures, RECONNECT, this.#deps.random));
    if (isHopeless(error)) return this.#failAll(error);
    this.strand();
    this.#giveUpLate(error, nowMs - (this.#awaySinceMs ?? nowMs));
  }

  #reopenAfter(delayMs: number): void {
    const cancel = this.#deps.clock.after(delayMs, () => {
      this.#link = { state: "idle" };
      if (this.#frames.length > 0 || !this.#queue.empty) this.#open();
      this.#writeFrames();
    });
    this.#link = { state: "waiting", cancel };
  }

  /** Tells those whose tries are used up, and everybody once the broker has been away for too long. */
  #giveUpLate(error: LogwheelError, awayMs: number): void {
    const { owner, requestTimeoutMs } = this.#deps;
    const patient = owner.attemptsMax === Number.POSITIVE_INFINITY;
    const tooLong = awayMs >= requestTimeoutMs && !patient;
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

  /** A stream that leaves frames unanswered for too long is taken for dead, however alive its connection looks. */
  #watch(): void {
    const { clock, requestTimeoutMs } = this.#deps;
    this.#cancelWatchdog ??= clock.after(requestTimeoutMs, () => {
      this.#cancelWatchdog = null;
      const link = this.#link;
      const oldest = this.#frames[0];
      if (link.state !== "open" || oldest === undefined) return;
      const silentMs = clock.monotonicMs() - Math.max(oldest.writtenMs, this.#heardMs);
      if (silentMs < requestTimeoutMs) return this.#watch();
      const what = `broker ${this.broker} has not answered for ${Math.round(silentMs)} ms`;
      this.#break(link, new LogwheelError("TIMEOUT", what, { broker: this.broker }));
    });
  }
}

/** A stream that ends so without an answer has carried nothing. Others may be refusals of one frame among several. */
const NEVER_ARRIVED: ReadonlySet<ErrorCode> = new Set([
  "BROKER_UNAVAILABLE",
  "UNSUPPORTED_VERSION",
  "UNAUTHENTICATED",
]);

const ABANDONED = new LogwheelError("CLOSED", "nobody waits for the answer any more");

/** Trying again changes nothing. */
function isHopeless(error: LogwheelError): boolean {
  return error.code === "UNSUPPORTED_VERSION" || error.code === "UNAUTHENTICATED" || error.code === "CLOSED";
}

function missing(broker: string): LogwheelError {
  return new LogwheelError("BROKER_UNAVAILABLE", `broker ${broker} is not in the routes any more`, {
    broker,
  });
}

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
