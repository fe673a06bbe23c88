import type { Routes as RoutesMessage } from "../../proto/gen/logwheel/v1/Routes.js";
import type { WatchRequest__Output } from "../../proto/gen/logwheel/v1/WatchRequest.js";
import type { Stream } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkTopicName } from "../../proto/kernel/limits.js";
import type { Touched } from "./routes.js";

interface Watcher {
  readonly stream: Stream<RoutesMessage, WatchRequest__Output>;
  readonly topics: Set<string>;
  /** Of `topics`, those whose routes are to be told. */
  readonly due: Set<string>;
  /** Something is to be told, if only which brokers make topics. */
  owed: boolean;
  /** The stream takes no more until it drains. */
  full: boolean;
}

/** Topics that one stream watches at most. */
const TOPICS_MAX = 100_000;

/**
 * Clients that watch routes. A change is told once per turn of the event loop however many messages made it, with the
 * routes as they are then; a client that reads slowly gets the newest when it reads again, never a backlog.
 */
export class Watchers {
  readonly #routesOf: (topics: Iterable<string>) => RoutesMessage;
  readonly #watchers = new Set<Watcher>();
  #scheduled = false;

  constructor(routesOf: (topics: Iterable<string>) => RoutesMessage) {
    this.#routesOf = routesOf;
  }

  /** Streams that are open. */
  get size(): number {
    return this.#watchers.size;
  }

  /** Serves one Watch stream until it ends. */
  add(stream: Stream<RoutesMessage, WatchRequest__Output>): void {
    const watcher = { stream, topics: new Set<string>(), due: new Set<string>(), owed: false, full: false };
    this.#watchers.add(watcher);
    stream.listen({
      message: (request) => this.#onRequest(watcher, request),
      end: () => stream.end(),
      drain: () => this.#onDrain(watcher),
      close: () => this.#watchers.delete(watcher),
    });
  }

  /** Notes a change for everyone whom it concerns. */
  touch(touched: Touched): void {
    const topics = [...touched.topics];
    for (const watcher of this.#watchers) {
      for (const topic of topics) if (watcher.topics.has(topic)) watcher.due.add(topic);
      if (touched.makers || watcher.due.size > 0) watcher.owed = true;
    }
    this.#schedule();
  }

  /** Ends every stream well. */
  end(): void {
    for (const { stream } of this.#watchers) stream.end();
  }

  #onRequest(watcher: Watcher, request: WatchRequest__Output): void {
    try {
      for (const topic of request.add) checkTopicName(topic);
      if (watcher.topics.size + request.add.length > TOPICS_MAX)
        throw new LogwheelError("THROTTLED", `a stream watches at most ${TOPICS_MAX} topics`);
    } catch (thrown) {
      return watcher.stream.fail(LogwheelError.from(thrown));
    }
    for (const topic of request.add) {
      watcher.topics.add(topic);
      watcher.due.add(topic);
    }
    for (const topic of request.remove) {
      watcher.topics.delete(topic);
      watcher.due.delete(topic);
    }
    // A request that names nothing asks for the brokers that make topics.
    if (request.add.length > 0 || request.remove.length === 0) watcher.owed = true;
    this.#schedule();
  }

  #onDrain(watcher: Watcher): void {
    watcher.full = false;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const watcher of this.#watchers) if (watcher.owed && !watcher.full) this.#tell(watcher);
    });
  }

  #tell(watcher: Watcher): void {
    watcher.owed = false;
    try {
      watcher.full = !watcher.stream.write(this.#routesOf(watcher.due));
      watcher.due.clear();
    } catch (thrown) {
      watcher.stream.fail(LogwheelError.from(thrown));
    }
  }
}
