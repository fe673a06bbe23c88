import type { Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Admission } from "./admission.js";
import type { Publisher } from "./publish.js";

/** What a publish stream needs. */
export interface PublishStreamDeps {
  readonly publisher: Publisher;
  readonly admission: Admission;
  readonly clock: Clock;
  /** How long a frame may wait for the log to catch up before it is refused. */
  readonly waitMs: number;
}

interface Waiting {
  readonly frame: Buffer;
  readonly sinceMs: number;
}

/**
 * One producer's stream of frames. While the log is behind, or the producer does not read its answers, the stream is
 * read no further, so that flow control slows the producer down; only a frame that waited too long is refused, and all
 * that wait behind it, so that none overtakes another.
 */
export class PublishStream {
  readonly #deps: PublishStreamDeps;
  readonly #stream: Stream<Buffer, Buffer>;
  #waiting: Waiting[] = [];
  #cancelWait: (() => void) | undefined;
  #ended = false;
  #closed = false;
  /** The producer does not read its answers. */
  #blocked = false;
  /** Frames that were taken, in order, with their answers as far as they are there. */
  readonly #taken: { reply?: Buffer }[] = [];

  constructor(deps: PublishStreamDeps, stream: Stream<Buffer, Buffer>) {
    this.#deps = deps;
    this.#stream = stream;
    stream.listen({
      message: (frame) => this.#frame(frame),
      end: () => {
        this.#ended = true;
        this.#endIfDone();
      },
      drain: () => {
        this.#blocked = false;
        this.#readOn();
      },
      close: () => {
        this.#closed = true;
        this.#cancelWait?.();
        this.#waiting = [];
      },
    });
  }

  #frame(frame: Buffer): void {
    if (this.#waiting.length === 0 && this.#deps.admission.open) return this.#publish(frame);
    this.#waiting.push({ frame, sinceMs: this.#deps.clock.monotonicMs() });
    if (this.#waiting.length === 1) this.#wait();
  }

  #wait(): void {
    const { admission, clock, waitMs } = this.#deps;
    this.#stream.pause();
    const leftMs = this.#waiting[0]!.sinceMs + waitMs - clock.monotonicMs();
    const cancelTimer = clock.after(Math.max(0, leftMs), () => this.#goOn());
    const cancelOpen = admission.whenOpen(() => this.#goOn());
    this.#cancelWait = () => {
      cancelTimer();
      cancelOpen();
    };
  }

  #goOn(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    const { admission } = this.#deps;
    while (this.#waiting.length > 0 && admission.open) this.#publish(this.#waiting.shift()!.frame);
    if (this.#tooLate()) {
      const busy = admission.busy;
      for (const { frame } of this.#waiting.splice(0))
        this.#answering((answer) => this.#deps.publisher.refuse(frame, busy, answer, this.#failed));
    }
    if (this.#waiting.length > 0) this.#wait();
    else this.#readOn();
  }

  #readOn(): void {
    if (this.#waiting.length === 0 && !this.#blocked) this.#stream.resume();
  }

  #tooLate(): boolean {
    const oldest = this.#waiting[0];
    return oldest !== undefined && this.#deps.clock.monotonicMs() - oldest.sinceMs >= this.#deps.waitMs;
  }

  #publish(frame: Buffer): void {
    this.#answering((answer) => this.#deps.publisher.publish(frame, answer, this.#failed));
  }

  readonly #failed = (error: LogwheelError): void => this.#stream.fail(error);

  #answering(take: (answer: (reply: Buffer) => void) => void): void {
    const frame: { reply?: Buffer } = {};
    this.#taken.push(frame);
    try {
      take((reply) => {
        frame.reply = reply;
        this.#answer();
      });
    } catch (thrown) {
      this.#stream.fail(LogwheelError.from(thrown));
    }
  }

  /** Answers go out in the order of the frames: looking a duplicate's first receipt up may take a read of the disk. */
  #answer(): void {
    while (this.#taken[0]?.reply !== undefined) {
      const { reply } = this.#taken.shift()!;
      if (this.#closed || this.#stream.write(reply!)) continue;
      this.#blocked = true;
      this.#stream.pause();
    }
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#ended && this.#taken.length === 0 && this.#waiting.length === 0 && !this.#closed)
      this.#stream.end();
  }
}
