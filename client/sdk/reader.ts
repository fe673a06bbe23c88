import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { onAbort } from "./abort.js";
import { Closing } from "./closing.js";
import { filterOf, type WireFilter } from "./consume-settings.js";
import { aborted, bounded } from "./deadline.js";
import { decodeBody } from "./decoding.js";
import { ReceivedMessage } from "./message.js";
import { offsetOf, QueueSource, type SourceDeps, type SourceRecord } from "./queue-source.js";
import type { Topic } from "./topic.js";
import type { CallOptions, CloseOptions, Message, Reader, ReaderOptions } from "./types.js";

/** What a reader stands on. */
export interface ReaderDeps extends SourceDeps {
  /** Called once when it is closed. */
  onClosed(reader: unknown): void;
}

/** Reads one queue, or all of a topic with their records in the order of their times as far as these are known. */
export class QueueReader<T> implements Reader<T> {
  readonly #deps: ReaderDeps;
  readonly #topic: Topic<T>;
  readonly #options: ReaderOptions;
  readonly #filter: WireFilter;
  readonly #stop = new AbortController();
  readonly #closing: Closing;
  #sources: QueueSource[] | null = null;
  #opening: Promise<QueueSource[]> | null = null;
  #seekTo: number | null = null;
  #stopListening: () => void = () => {};
  #wakeUp: () => void = () => {};
  #ignoreSignal: () => void = () => {};

  constructor(deps: ReaderDeps, topic: Topic<T>, options: ReaderOptions) {
    this.#deps = deps;
    this.#topic = topic;
    this.#options = options;
    this.#filter = filterOf(options.filter);
    if (options.signal !== undefined) this.#ignoreSignal = onAbort(options.signal, () => this.#wake());
    this.#closing = new Closing(deps.clock, { drain: () => Promise.resolve(), end: () => this.#end() });
  }

  get closed(): Promise<void> {
    return this.#closing.closed;
  }

  get position(): number {
    if (this.#seekTo !== null) return this.#seekTo;
    const { from } = this.#options;
    if (this.#sources === null) return typeof from === "object" && "offset" in from ? from.offset : -1;
    return this.#single().position;
  }

  get positions(): readonly { readonly broker: string; readonly queueId: number; readonly offset: number }[] {
    return (this.#sources ?? []).map(({ queue, position }) => ({
      broker: queue.broker,
      queueId: queue.queueId,
      offset: position,
    }));
  }

  seek(offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new LogwheelError("BAD_REQUEST", `${offset} is no offset: it is a whole number from 0 on`);
    if (this.#sources === null) this.#seekTo = offset;
    else this.#single().seek(offset);
    this.#wake();
  }

  async commit(group: string, options: CallOptions = {}): Promise<void> {
    const { connections, routes, requestTimeoutMs, clock } = this.#deps;
    const committing = Promise.all(
      (this.#sources ?? []).map(({ queue, position }) => {
        const address = routes.broker(queue.broker)?.address;
        if (address === undefined)
          throw new LogwheelError("BROKER_UNAVAILABLE", `broker ${queue.broker} is not in the routes`);
        const request = { group, topic: queue.topic, queueId: queue.queueId, below: position };
        return connections.call(address, BROKER.ack, request, { timeoutMs: requestTimeoutMs });
      }),
    );
    await bounded(committing, options, clock, "committing a reader's position");
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#closing.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Goes on where the last loop stopped. Ends at `until`, or when the reader is closed. */
  [Symbol.asyncIterator](): AsyncIterator<Message<T>> {
    return {
      next: () => this.#next(),
      return: () => Promise.resolve({ value: undefined, done: true }),
    };
  }

  async #next(): Promise<IteratorResult<Message<T>>> {
    if (this.#closing.begun) return { value: undefined, done: true };
    this.#sources ??= await this.#open();
    for (;;) {
      const { signal } = this.#options;
      if (signal?.aborted) throw aborted(signal, `reading topic ${this.#topic.name}`);
      if (this.#closing.begun) return { value: undefined, done: true };
      const changed = new Promise<void>((resolve) => {
        this.#wakeUp = resolve;
      });
      const source = this.#earliest(this.#sources);
      if (source === "end") return { value: undefined, done: true };
      if (source !== "wait")
        return { value: await this.#decode(source.queue.broker, source.take()), done: false };
      await changed;
    }
  }

  /** The source whose record is the oldest. Until each has answered once, nobody knows. */
  #earliest(sources: readonly QueueSource[]): QueueSource | "wait" | "end" {
    let earliest: QueueSource | null = null;
    let earliestMs = Number.POSITIVE_INFINITY;
    let done = true;
    let waits = false;
    for (const source of sources) {
      const atMs = source.peekMs();
      done &&= source.done;
      waits ||= !source.answered && !source.done;
      if (atMs === undefined || atMs >= earliestMs) continue;
      earliest = source;
      earliestMs = atMs;
    }
    if (waits) return "wait";
    return earliest ?? (done && this.#options.until !== undefined ? "end" : "wait");
  }

  async #decode(broker: string, { record, frameBytes }: SourceRecord): Promise<Message<T>> {
    const message = new ReceivedMessage(broker, this.#topic, record, frameBytes);
    await decodeBody(this.#topic, message);
    return message;
  }

  /** Once for all who ask meanwhile; after a failure the next one tries again. */
  #open(): Promise<QueueSource[]> {
    this.#opening ??= this.#findSources().catch((thrown: unknown) => {
      this.#opening = null;
      throw thrown;
    });
    return this.#opening;
  }

  async #findSources(): Promise<QueueSource[]> {
    const { routes } = this.#deps;
    const { name } = this.#topic;
    const { until, queue, broker } = this.#options;
    await routes.refresh(name);
    const queues = this.#queues();
    if (queues.length === 0)
      throw new LogwheelError("TOPIC_NOT_FOUND", `no broker has ${this.#what()} to read`, { topic: name });
    if (queue !== undefined && queues.length > 1)
      throw new LogwheelError(
        "BAD_REQUEST",
        `topic ${name} has a queue ${queue} on several brokers: say which with \`broker\``,
        { topic: name },
      );
    const sources = await Promise.all(queues.map((each) => this.#source(each, this.#options.from)));
    if (this.#seekTo !== null && sources.length === 1) sources[0]!.seek(this.#seekTo);
    this.#seekTo = null;
    if (until === undefined && queue === undefined && broker === undefined)
      this.#stopListening = routes.onChange((topic) => topic === name && this.#addNew(sources));
    return sources;
  }

  #what(): string {
    const { queue, broker } = this.#options;
    const of = `topic ${this.#topic.name}${broker === undefined ? "" : ` on broker ${broker}`}`;
    return queue === undefined ? `a ${of}` : `a queue ${queue} of ${of}`;
  }

  #queues(): { readonly broker: string; readonly queueId: number }[] {
    const { queue, broker } = this.#options;
    const shares = this.#deps.routes.route(this.#topic.name)?.shares ?? [];
    return shares
      .filter((share) => share.goneMs === null && (broker === undefined || share.broker === broker))
      .flatMap((share) =>
        Array.from({ length: share.queues }, (_, queueId) => ({ broker: share.broker, queueId })),
      )
      .filter(({ queueId }) => queue === undefined || queueId === queue);
  }

  async #source(
    { broker, queueId }: { readonly broker: string; readonly queueId: number },
    from: ReaderOptions["from"],
  ): Promise<QueueSource> {
    const { routes } = this.#deps;
    const { until } = this.#options;
    const queue = { topic: this.#topic.name, broker, queueId, filter: this.#filter };
    const address = routes.broker(broker)?.address;
    if (address === undefined)
      throw new LogwheelError("BROKER_UNAVAILABLE", `broker ${broker} is not in the routes`);
    const range = {
      from: await offsetOf(this.#deps, address, queue, from),
      end:
        until === undefined
          ? Number.POSITIVE_INFINITY
          : await offsetOf(this.#deps, address, queue, until === "end" ? "latest" : until),
    };
    return new QueueSource(this.#deps, queue, range, this.#stop.signal, () => this.#wake());
  }

  /** A reader of a whole topic follows it to queues that come later, and reads these from their beginning. */
  #addNew(sources: QueueSource[]): void {
    const known = new Set(sources.map(({ queue }) => `${queue.queueId} ${queue.broker}`));
    for (const queue of this.#queues()) {
      if (known.has(`${queue.queueId} ${queue.broker}`)) continue;
      const full = { ...queue, topic: this.#topic.name, filter: this.#filter };
      const range = { from: 0, end: Number.POSITIVE_INFINITY };
      sources.push(new QueueSource(this.#deps, full, range, this.#stop.signal, () => this.#wake()));
    }
    this.#wake();
  }

  #single(): QueueSource {
    const [source, second] = this.#sources ?? [];
    if (source !== undefined && second === undefined) return source;
    throw new LogwheelError(
      "BAD_REQUEST",
      "this reader reads several queues and has no single position: name one with `queue`, or use `positions`",
    );
  }

  #wake(): void {
    this.#wakeUp();
  }

  #end(): void {
    this.#stopListening();
    this.#ignoreSignal();
    this.#stop.abort();
    this.#wake();
    this.#deps.onClosed(this);
  }
}
