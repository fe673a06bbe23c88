import { expect } from "chai";
import type { ClusterClient } from "../../client/sdk/client.js";
import { RetryLater } from "../../client/sdk/handler-errors.js";
import { topic } from "../../client/sdk/topic.js";
import type { ConsumeMode, Message, PushConsumer } from "../../client/sdk/types.js";
import { seeded } from "../../client/testing/seeded.js";
import { MemoryCluster } from "../support/memory-cluster.js";
import { figure, forSeeds } from "../support/seeds.js";

const orders = topic("orders");
const MODES: readonly ConsumeMode[] = ["concurrent", "ordered", "shared"];
const MEMBERS_MAX = 4;

/** Members of one group by the SDK, while connections break, brokers die and stop, and members come and go. */
class Crowd {
  readonly #random: () => number;
  readonly #mode: ConsumeMode;
  readonly #members: PushConsumer[] = [];
  readonly #sent: string[] = [];
  readonly #handled = new Map<string, number>();
  /** What is in a handler, by key. */
  readonly #running = new Map<string, string>();
  /** What should never happen: a handler's own failure would only bring its message again. */
  readonly #wrong: string[] = [];
  /** Highest number handled, by key. */
  readonly #last = new Map<string, number>();
  #client!: ClusterClient;
  cluster!: MemoryCluster;

  constructor(seed: number) {
    this.#random = seeded(seed);
    this.#mode = MODES[seed % MODES.length]!;
  }

  async open(): Promise<void> {
    this.cluster = await MemoryCluster.start(["a", "b"], {}, Math.floor(this.#random() * 1e9));
    this.#client = await this.cluster.connect();
    await this.cluster.advance(this.#client.admin.topics.create("orders", { queues: 4, type: "mixed" }));
    this.#join();
  }

  async step(): Promise<void> {
    const steps: [weight: number, run: () => Promise<void> | void][] = [
      [10, () => this.#send()],
      [10, () => this.cluster.clock.advance(Math.floor(this.#random() * 300))],
      [2, () => this.#join()],
      [1, () => this.#leave()],
      [2, () => this.#cut()],
      [1, () => this.#restart()],
      [1, () => this.#pause()],
    ];
    let at = this.#random() * steps.reduce((sum, [weight]) => sum + weight, 0);
    const found = steps.find(([weight]) => {
      at -= weight;
      return at < 0;
    })!;
    await found[1]();
  }

  /** In the end everything that was sent has been handled, and the brokers know it. */
  async finish(): Promise<void> {
    this.#join();
    for (const member of this.#members) member.resume();
    const missing = () => this.#sent.filter((body) => !this.#handled.has(body));
    await this.cluster.until("all is handled", () => missing().length === 0, 200_000);
    await this.cluster.clock.advance(5_000);
    expect(this.#wrong).to.deep.equal([]);
    const { queues } = await this.cluster.advance(this.#client.admin.groups.describe("g"));
    expect(
      queues.reduce((sum, { lag }) => sum + lag, 0),
      "lag",
    ).to.equal(0);
    await this.cluster.close();
  }

  async #send(): Promise<void> {
    const producer = this.#client.producer();
    const count = 1 + Math.floor(this.#random() * 20);
    const sends = Array.from({ length: count }, () => {
      const orderingKey = `k${Math.floor(this.#random() * 5)}`;
      const body = `${orderingKey}:${this.#sent.length}`;
      this.#sent.push(body);
      return producer.send({ topic: orders, body: Buffer.from(body), orderingKey });
    });
    await this.cluster.advance(Promise.all(sends));
    await this.cluster.advance(producer.close());
  }

  #join(): void {
    if (this.#members.length >= MEMBERS_MAX) return;
    const options = {
      group: "g",
      mode: this.#mode,
      from: "earliest",
      leaseMs: 5_000,
      concurrency: 1 + Math.floor(this.#random() * 8),
      prefetch: { messages: 1 + Math.floor(this.#random() * 50) },
    } as const;
    const member = this.#client.consume(orders, options, (message) => this.#handle(message));
    member.start().catch(() => {});
    this.#members.push(member);
  }

  async #leave(): Promise<void> {
    if (this.#members.length < 2) return;
    const [member] = this.#members.splice(Math.floor(this.#random() * this.#members.length), 1);
    await this.cluster.advance(member!.close({ timeoutMs: Math.floor(this.#random() * 1_000) }));
  }

  async #cut(): Promise<void> {
    const address = this.#random() < 0.5 ? "a:10911" : "b:10911";
    this.cluster.network.cut(address);
    await this.cluster.clock.advance(Math.floor(this.#random() * 3_000));
    this.cluster.network.heal(address);
  }

  async #restart(): Promise<void> {
    const broker = this.#random() < 0.5 ? "a" : "b";
    if (this.#random() < 0.5) await this.cluster.kill(broker);
    else await this.cluster.stop(broker);
    await this.cluster.clock.advance(Math.floor(this.#random() * 2_000));
    await this.cluster.startBroker(broker);
  }

  async #pause(): Promise<void> {
    const member = this.#members[Math.floor(this.#random() * this.#members.length)]!;
    member.pause();
    await this.cluster.clock.advance(Math.floor(this.#random() * 2_000));
    member.resume();
  }

  async #handle(message: Message<Uint8Array>): Promise<void> {
    const body = Buffer.from(message.body).toString();
    const key = message.orderingKey!;
    if (this.#mode === "ordered" && this.#running.has(key))
      this.#wrong.push(`${body} while ${this.#running.get(key)}`);
    this.#running.set(key, body);
    const fate = this.#random();
    if (fate < 0.7) await this.cluster.clock.sleep(Math.floor(this.#random() * 30));
    this.#running.delete(key);
    if (fate > 0.97) throw new Error("now and then");
    if (fate > 0.95) throw new RetryLater(Math.floor(this.#random() * 500));
    const number = Number(body.split(":")[1]);
    const first = !this.#handled.has(body);
    this.#handled.set(body, (this.#handled.get(body) ?? 0) + 1);
    if (!first) return;
    const last = this.#last.get(key) ?? -1;
    if (this.#mode === "ordered" && number < last)
      this.#wrong.push(`${body} for the first time after ${last}`);
    this.#last.set(key, Math.max(last, number));
  }
}

const NAME = "T25 group members lose nothing and keep order while everything around them breaks";

describe("group members", () => {
  it(NAME, () =>
    forSeeds(NAME, { count: figure(30, 3_000) }, async (seed) => {
      const crowd = new Crowd(seed);
      await crowd.open();
      for (let step = 0; step < 60; step++) await crowd.step();
      await crowd.finish();
    }),
  );
});
