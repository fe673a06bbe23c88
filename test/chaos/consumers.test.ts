import { expect } from "chai";
import { seeded } from "../../client/testing/seeded.js";
import { ConsumingBroker, laneOf, type Received, type TestMember } from "../support/consuming.js";
import { figure, forSeeds } from "../support/seeds.js";

const MODES = { concurrent: 0, ordered: 1, shared: 2 } as const;
type ModeName = keyof typeof MODES;

const QUEUES = 5;
const KEYS = 3;
const MEMBERS_MAX = 20;
const EARLIEST = 1;

/** So much of what was acknowledged a power cut may take back. */
const FLUSH_MS = 500;

/** A member that handles what it gets now and then. */
interface Worker {
  readonly member: TestMember;
  /** What came and waits. */
  inbox: Received[];
}

/**
 * Members that come, go, die, stall, fail and acknowledge at random, over stops, kills and power cuts of the broker. Checks while it runs
 * that no queue has two owners and nothing acknowledged comes again, and in the end that everything was handled.
 */
class Crowd {
  readonly #random: () => number;
  readonly #mode: ModeName;
  readonly #workers = new Set<Worker>();
  /** Acknowledged, `queue/offset`, and when the broker said so. */
  readonly #kept = new Map<string, number>();
  readonly #handled = new Set<string>();
  /** What stands behind a serial of a member. */
  readonly #promised = new Map<string, string>();
  /** Highest offset handled, by queue and key. */
  readonly #last = new Map<string, number>();
  #sent = 0;
  broker!: ConsumingBroker;

  constructor(random: () => number, mode: ModeName) {
    this.#random = random;
    this.#mode = mode;
  }

  get sent(): number {
    return this.#sent;
  }

  async open(): Promise<void> {
    this.broker = await ConsumingBroker.open();
    await this.broker.topic("t", QUEUES);
    await this.#join();
  }

  async step(): Promise<void> {
    const steps: [weight: number, run: () => Promise<void>][] = [
      [6, () => this.#send()],
      [14, () => this.#work()],
      [3, () => this.#join()],
      [1, () => this.#leave()],
      [2, () => this.#die()],
      [1, () => this.#fallSilent()],
      [4, () => this.broker.pass(this.#below(700))],
      [1, () => this.broker.pass(this.#below(6_000))],
      [1, () => this.broker.stall(this.#below(20_000))],
      [0.5, () => this.#restart()],
    ];
    let at = this.#random() * steps.reduce((sum, [weight]) => sum + weight, 0);
    const [, run] = steps.find(([weight]) => {
      at -= weight;
      return at < 0;
    })!;
    await run();
    this.#check();
  }

  /** Lets everybody finish; afterwards everything sent was handled and acknowledged, and the queues are divided evenly. */
  async finish(): Promise<void> {
    for (let round = 0; round < 60; round++) {
      if (this.#workers.size === 0) await this.#join();
      await this.broker.pass(1_000);
      for (const worker of this.#workers) await this.#handleAll(worker);
      this.#check();
      const { queues } = await this.broker.admin.describe("g");
      if (round > 20 && queues!.every(({ lag }) => lag === 0)) break;
    }
    const { queues, members } = await this.broker.admin.describe("g");
    expect(queues!.map(({ lag }) => lag)).to.deep.equal(queues!.map(() => 0));
    expect(this.#handled.size).to.equal(this.#sent);
    if (this.#mode === "shared") return;
    const counts = members!.map(({ id }) => queues!.filter(({ member }) => member === id).length);
    expect(Math.max(...counts) - Math.min(...counts), "queues of members").to.be.at.most(1);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #some(): Worker | undefined {
    return [...this.#workers][this.#below(this.#workers.size)];
  }

  async #send(): Promise<void> {
    const queue = this.broker.topics.get("t").queues[this.#below(QUEUES)]!;
    const count = 1 + this.#below(12);
    this.#sent += count;
    await this.broker.sendNumbered(queue, count, this.#mode === "ordered" ? KEYS : 0);
  }

  async #join(): Promise<void> {
    if (this.#workers.size >= MEMBERS_MAX) return;
    const mode = MODES[this.#mode];
    const member = await this.broker.join({ group: "g", mode, from: EARLIEST, leaseMs: 5_000 });
    expect(member.error).to.equal(undefined);
    this.#workers.add({ member, inbox: [] });
    await member.credit(1 + this.#below(40));
  }

  async #leave(): Promise<void> {
    const worker = this.#some();
    if (worker === undefined) return;
    this.#workers.delete(worker);
    this.#settle(worker);
    await worker.member.leave();
  }

  async #die(): Promise<void> {
    const worker = this.#some();
    if (worker === undefined) return;
    this.#workers.delete(worker);
    this.#settle(worker);
    await worker.member.die();
  }

  /** Hangs, without its connection breaking, until the broker notices. */
  async #fallSilent(): Promise<void> {
    const worker = this.#some();
    if (worker === undefined) return;
    worker.member.silent = true;
  }

  async #restart(): Promise<void> {
    for (const worker of this.#workers) this.#settle(worker);
    this.#workers.clear();
    const how = this.#random();
    if (how < 0.3) this.broker = await this.broker.restart();
    else if (how < 0.5) this.broker = await this.broker.kill();
    else {
      const syncedMs = this.broker.clock.monotonicMs() - FLUSH_MS;
      this.broker = await this.broker.crash();
      for (const [key, saidMs] of this.#kept) if (saidMs > syncedMs) this.#kept.delete(key);
    }
  }

  /** One member handles some of what it has, fails at some, acknowledges in lots, and releases what was taken back. */
  async #work(): Promise<void> {
    const worker = this.#some();
    if (worker === undefined || worker.member.silent) return;
    const { member } = worker;
    this.#take(worker);
    for (let count = this.#below(10); count >= 0; count--) {
      const received = worker.inbox.shift();
      if (received === undefined) break;
      if (!this.#owns(worker, received)) continue;
      if (this.#random() >= 0.15) {
        await this.#handle(worker, received);
        continue;
      }
      const { offset, attempt, queueId } = received;
      await member.nack(offset, { attempt, queueId, delayMs: this.#below(2_000) });
      // The member drops what it has of the key, and so does who took it from the member.
      if (this.#mode === "ordered")
        worker.inbox = worker.inbox.filter((other) => laneOf(other) !== laneOf(received));
    }
    await this.#release(worker);
    await member.credit(this.#below(20));
  }

  async #handleAll(worker: Worker): Promise<void> {
    if (worker.member.silent) return;
    await worker.member.credit(100);
    this.#take(worker);
    for (let received = worker.inbox.shift(); received !== undefined; received = worker.inbox.shift())
      if (this.#owns(worker, received)) await this.#handle(worker, received);
    await this.#release(worker);
  }

  async #handle({ member }: Worker, received: Received): Promise<void> {
    const { queueId, offset, generation } = received;
    const key = `${queueId}/${offset}`;
    if (this.#mode === "ordered" && !this.#handled.has(key)) {
      const lane = laneOf(received);
      const last = this.#last.get(lane) ?? (offset % KEYS) - KEYS;
      expect(offset, `${lane} is handled in order`).to.equal(last + KEYS);
      this.#last.set(lane, offset);
    }
    this.#handled.add(key);
    await member.ack(offset, offset + 1, { queueId, generation });
    this.#promised.set(`${member.id}/${member.serial}`, key);
  }

  async #release({ member }: Worker): Promise<void> {
    for (const [name, { generation }] of [...member.revoked])
      await member.release(Number(name.split("/")[1]), generation);
  }

  /** Whether the member may still handle a message: its queue was not taken back since. */
  #owns({ member }: Worker, { queueId, generation }: Received): boolean {
    return this.#mode === "shared" || member.generation(queueId) === generation;
  }

  /** Takes in what has come; nothing that the broker has promised to keep as acknowledged may be in it. */
  #take({ member, inbox }: Worker): void {
    for (const received of member.received.splice(0)) {
      const key = `${received.queueId}/${received.offset}`;
      expect(this.#kept.has(key), `${key} comes again`).to.equal(false);
      inbox.push(received);
    }
  }

  /** Takes note of the acknowledgements that the broker has answered. */
  #settle({ member }: Worker): void {
    for (const { serial, failures } of member.acked.splice(0)) {
      const key = this.#promised.get(`${member.id}/${serial}`);
      if (failures.length === 0 && key !== undefined) this.#kept.set(key, this.broker.clock.monotonicMs());
    }
  }

  #check(): void {
    const owners = new Map<string, string>();
    for (const worker of [...this.#workers]) {
      const { member } = worker;
      if (member.error !== undefined) {
        this.#workers.delete(worker);
        continue;
      }
      if (this.#mode !== "shared")
        for (const [queue, { generation }] of member.assigned) {
          const key = `${queue} under ${generation}`;
          expect(owners.get(key), `second owner of ${key}`).to.equal(undefined);
          owners.set(key, member.id);
        }
      this.#take(worker);
      this.#settle(worker);
    }
  }
}

describe("consumers that come and go", () => {
  for (const mode of ["concurrent", "ordered", "shared"] as const)
    it(`T16: skip nothing and repeat nothing acknowledged, in mode ${mode}`, async function () {
      this.timeout(60_000_000);
      await forSeeds("T16", { count: figure(40, 4_000) }, async (seed) => {
        const crowd = new Crowd(seeded(seed), mode);
        await crowd.open();
        for (let step = 0; step < 120; step++) await crowd.step();
        await crowd.finish();
        await crowd.broker.close();
        expect(crowd.sent).to.be.above(20);
      });
    });
});
