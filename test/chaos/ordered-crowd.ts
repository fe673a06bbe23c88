import { expect } from "chai";
import type { ClusterClient } from "../../client/sdk/client.js";
import { Reject, RetryLater } from "../../client/sdk/handler-errors.js";
import type { BatchResult, ConsumeOptions, Message, Producer, PushConsumer } from "../../client/sdk/types.js";
import { seeded } from "../../client/testing/seeded.js";
import { MemoryCluster } from "../support/memory-cluster.js";
import { orders, range, textOf } from "../support/orders.js";

/** What happens to consumers and their broker besides failing handlers. */
export interface Happenings {
  readonly batches: boolean;
  /** The link is cut, the broker killed and stopped. */
  readonly faults: boolean;
  /** Handlers exceed their time. */
  readonly timeouts: boolean;
  /** Messages are rejected by handlers and skipped by an operator. */
  readonly letters: boolean;
}

const BROKER = "a:10911";
const GROUP = "g";
const CONSUMERS_MAX = 4;
const TIMEOUT_MS = 300;

/**
 * Consumers of the SDK in ordered mode, one broker, and everything between them, on a clock and a network of the test. Notes
 * whatever is out of order, in two handlers of one process at once, stuck, or a dead letter without reason.
 */
export class OrderedCrowd {
  readonly wrong: string[] = [];
  readonly #cluster: MemoryCluster;
  readonly #client: ClusterClient;
  readonly #producer: Producer;
  readonly #what: Happenings;
  readonly #random: () => number;
  readonly #queues: number;
  readonly #keys: number;
  readonly #steps: number;
  readonly #padding: string;
  readonly #failing: number;
  readonly #lastingMs: number;
  readonly #delayMs: number;
  readonly #sent = new Map<number, number>();
  readonly #sends: Promise<unknown>[] = [];
  /** By key: the highest step that was handled. */
  readonly #done = new Map<string, number>();
  readonly #given = { rejected: new Set<string>(), skipped: new Set<string>() };
  readonly #consumers = new Set<PushConsumer>();
  #calm = false;
  #cutForTicks = 0;

  private constructor(cluster: MemoryCluster, client: ClusterClient, what: Happenings, random: () => number) {
    this.#cluster = cluster;
    this.#client = client;
    this.#producer = client.producer({ retry: { attempts: Number.POSITIVE_INFINITY } });
    this.#what = what;
    this.#random = random;
    this.#queues = 1 + this.#below(3);
    this.#keys = 1 + this.#below(12);
    this.#steps = 10 + this.#below(30);
    this.#padding = this.#chance(0.5) ? " ".repeat(900) : "";
    this.#failing = random() * 0.4;
    this.#lastingMs = this.#any([0, 5, 30, 200]);
    this.#delayMs = this.#any([0, 1, 30, 400]);
  }

  static async open(seed: number, what: Happenings): Promise<OrderedCrowd> {
    const random = seeded(seed * 7_919 + 13);
    const small = { segmentBytes: 1 << 20, slabsKept: 1 };
    const cluster = await MemoryCluster.start(["a"], random() < 0.5 ? small : {}, seed);
    const crowd = new OrderedCrowd(cluster, await cluster.connect(), what, random);
    await crowd.#begin();
    return crowd;
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }

  async tick(): Promise<void> {
    const { faults, letters } = this.#what;
    const x = this.#random();
    if (x < 0.3) for (const _ of range(10)) this.#send();
    else if (x < 0.38) await (faults ? this.#fault() : this.#join());
    else if (x < 0.41) await this.#join();
    else if (x < 0.43) await this.#leave();
    else if (x < 0.46) await this.#pause();
    if (letters && this.#chance(0.05)) await this.#skip();
    if (this.#cutForTicks > 0 && --this.#cutForTicks === 0) this.#cluster.network.heal(BROKER);
    await this.#cluster.clock.advance(this.#any([1, 5, 20, 100, 400]));
  }

  /** From now on all goes well: everything is handled, and nothing is left. */
  async finish(): Promise<void> {
    const cluster = this.#cluster;
    cluster.network.heal(BROKER);
    this.#calm = true;
    await cluster.advance(Promise.all(this.#sends));
    const done = (): boolean => [...this.#sent].every(([key, steps]) => this.#last(`k${key}`) === steps - 1);
    await cluster.until("everything is handled", done, 300_000);
    for (let looks = 0; looks < 100 && (await this.#lag()) > 0; looks++) await cluster.clock.advance(100);
    expect(await this.#lag(), "what is left").to.equal(0);
    await this.#checkDeadLetters();
    expect(this.wrong).to.deep.equal([]);
  }

  async #begin(): Promise<void> {
    const { admin } = this.#client;
    await this.#cluster.advance(admin.topics.create("orders", { queues: this.#queues, type: "mixed" }));
    await this.#cluster.advance(admin.groups.create(GROUP, { maxAttempts: 10_000 }));
    for (const _ of range(this.#below(this.#keys * this.#steps))) this.#send();
    await this.#cluster.advance(Promise.all(this.#sends));
    await this.#join();
  }

  #send(): void {
    const key = this.#below(this.#keys);
    const step = this.#sent.get(key) ?? 0;
    if (step >= this.#steps) return;
    this.#sent.set(key, step + 1);
    const body = Buffer.from(`k${key}-${step}${this.#padding}`);
    const sending = this.#producer.send(
      { topic: orders, body, orderingKey: `k${key}` },
      { timeoutMs: 600_000 },
    );
    this.#sends.push(sending.catch((error: Error) => this.wrong.push(`a send failed: ${error.message}`)));
  }

  async #join(): Promise<void> {
    if (this.#consumers.size === CONSUMERS_MAX || this.#cutForTicks > 0) return;
    const client = await this.#cluster.connect();
    const options: ConsumeOptions = {
      group: GROUP,
      mode: "ordered",
      from: "earliest",
      concurrency: this.#any([1, 2, 5, 20]),
      prefetch: this.#any([{ messages: 1 + this.#below(5) }, { messages: 20 }, {}]),
      retry: { delaysMs: [100] },
      ...(this.#what.timeouts ? { consumeTimeoutMs: TIMEOUT_MS } : {}),
    };
    const running = new Set<string>();
    const batch = { size: 1 + this.#below(8), waitMs: this.#below(20) };
    const consumer = this.#what.batches
      ? client.consumeBatch(orders, { ...options, batch }, (messages) => this.#handleAll(messages, running))
      : client.consume(orders, options, (message) => this.#handle(message, running));
    this.#consumers.add(consumer);
    await this.#cluster.advance(consumer.start());
  }

  async #leave(): Promise<void> {
    if (this.#consumers.size < 2) return;
    const consumer = this.#any([...this.#consumers]);
    this.#consumers.delete(consumer);
    await this.#cluster.advance(
      consumer.close({ drain: this.#chance(0.5), timeoutMs: 2_000 }).catch(() => {}),
    );
  }

  async #pause(): Promise<void> {
    const consumer = this.#any([...this.#consumers]);
    consumer.pause();
    await this.#cluster.clock.advance(this.#below(60));
    consumer.resume();
  }

  async #fault(): Promise<void> {
    if (this.#cutForTicks > 0) return;
    const cluster = this.#cluster;
    if (this.#chance(0.7)) {
      cluster.network.cut(BROKER);
      this.#cutForTicks = 1 + this.#below(6);
      return;
    }
    await (this.#chance(0.6) ? cluster.kill("a") : cluster.stop("a"));
    await cluster.clock.advance(this.#below(300));
    await cluster.startBroker("a");
  }

  async #skip(): Promise<void> {
    if (this.#cutForTicks > 0) return;
    const { admin } = this.#client;
    const { queues } = await this.#cluster.advance(admin.groups.describe(GROUP));
    const {
      queueId: queue,
      offset: first,
      lag,
    } = this.#any(queues.map((each) => each as Required<typeof each>));
    if (lag === 0) return;
    const offset = first + this.#below(Math.min(4, lag));
    const place = { topic: "orders", broker: "a", queueId: queue, offset };
    const body = textOf(await this.#cluster.advance(admin.messages.get(place))).trim();
    // It counts from now on: its handler may be told before the answer is here.
    const known = this.#given.skipped.has(body);
    this.#given.skipped.add(body);
    const skipped = this.#cluster.advance(admin.groups.skip(GROUP, { topic: "orders", queue, offset }));
    await skipped.catch(() => known || this.#given.skipped.delete(body));
  }

  async #handle(message: Message<Uint8Array>, running: Set<string>): Promise<void> {
    const [key, step] = placeOf(message);
    this.#beginsAfter(key, step, this.#last(key));
    this.#enter(key, running);
    try {
      await this.#work();
      if (this.#fails()) throw new RetryLater(this.#below(this.#delayMs + 1));
      if (this.#what.letters && !this.#calm && this.#chance(0.05)) {
        this.#given.rejected.add(`${key}-${step}`);
        this.#finished(key, step);
        throw new Reject("not for us");
      }
      this.#finished(key, step);
    } finally {
      running.delete(key);
    }
  }

  /** A handler takes its time, and now and then too much. */
  async #work(): Promise<void> {
    const { clock } = this.#cluster;
    if (this.#chance(0.7)) await clock.sleep(this.#below(this.#lastingMs + 1));
    if (this.#what.timeouts && !this.#calm && this.#chance(0.02)) await clock.sleep(this.#below(1_000));
  }

  async #handleAll(
    messages: readonly Message<Uint8Array>[],
    running: Set<string>,
  ): Promise<BatchResult<Uint8Array> | undefined> {
    const places = messages.map(placeOf);
    const before = new Map<string, number>();
    for (const [key, step] of places) {
      this.#beginsAfter(key, step, Math.max(this.#last(key), before.get(key) ?? -1));
      before.set(key, step);
    }
    const keys = new Set(before.keys());
    for (const key of keys) this.#enter(key, running);
    await this.#work().finally(() => {
      for (const key of keys) running.delete(key);
    });
    if (this.#fails() && this.#chance(0.5)) throw new RetryLater(this.#below(this.#delayMs + 1));
    const failedFrom = this.#fails() ? this.#below(places.length) : places.length;
    const failedKey = places[failedFrom]?.[0];
    const failed = messages.filter((_, index) => index >= failedFrom && places[index]![0] === failedKey);
    for (const [index, [key, step]] of places.entries())
      if (!failed.includes(messages[index]!)) this.#finished(key, step);
    return failed.length === 0 ? undefined : { failed };
  }

  #beginsAfter(key: string, step: number, last: number): void {
    let next = last + 1;
    while (this.#given.skipped.has(`${key}-${next}`)) next++;
    if (step > next) this.wrong.push(`${key}-${step} begins after ${key}-${last}`);
  }

  #enter(key: string, running: Set<string>): void {
    if (running.has(key) && !this.#what.timeouts) this.wrong.push(`two handlers of one process have ${key}`);
    running.add(key);
  }

  #finished(key: string, step: number): void {
    this.#done.set(key, Math.max(this.#done.get(key) ?? -1, step));
  }

  /** The highest step of a key below which everything is handled or skipped. */
  #last(key: string): number {
    let last = this.#done.get(key) ?? -1;
    while (this.#given.skipped.has(`${key}-${last + 1}`)) last++;
    return last;
  }

  async #lag(): Promise<number> {
    const { queues } = await this.#cluster.advance(this.#client.admin.groups.describe(GROUP));
    return queues.reduce((sum, queue) => sum + queue.lag!, 0);
  }

  async #checkDeadLetters(): Promise<void> {
    const letters = await this.#cluster.advance(this.#client.admin.deadLetters.list(GROUP).toArray());
    const bodies = letters.map((letter) => textOf(letter).trim());
    expect(new Set(letters.map(({ dead }) => `${dead!.queueId}/${dead!.queueOffset}`)).size).to.equal(
      letters.length,
    );
    for (const body of bodies) expect(this.#given.rejected.has(body), `${body} was rejected`).to.equal(true);
  }

  #fails(): boolean {
    return !this.#calm && this.#chance(this.#failing);
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #any<T>(of: readonly T[]): T {
    return of[this.#below(of.length)]!;
  }
}

function placeOf(message: Message<Uint8Array>): [key: string, step: number] {
  const [key, step] = textOf(message).trim().split("-");
  return [key!, Number(step)];
}
