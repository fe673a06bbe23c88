import { expect } from "chai";
import type { TxReceipt } from "../../client/sdk/transaction-types.js";
import { seeded } from "../../client/testing/seeded.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { PowerLoss } from "../../server/disk/power-loss.js";
import { MemoryCluster } from "../support/memory-cluster.js";
import { MOMENTS, type Moment, TappedNetwork } from "../support/moments.js";
import { forSeeds } from "../support/seeds.js";
import { type Ending, type Plan, plansFor, Teller } from "../support/teller.js";

const QUEUES = 2;
const CHECK_AFTER_MS = 6_000;
/** What was written by then survives a power cut, with async flush, too. */
const FLUSHED_AFTER_MS = 2_000;

interface Fault {
  readonly victim: "producer" | "broker";
  readonly flush: "sync" | "async";
  readonly moment: Moment;
}

/** Five transactions of one producer, in the middle of which somebody dies, and what is in the log in the end. */
class Disaster {
  readonly #fault: Fault;
  readonly #random: () => number;
  readonly #cluster: MemoryCluster;
  readonly #plans: readonly Plan[];
  /** By transaction; and the ids of bodies. */
  readonly #ledger = new Map<string, Ending>();
  readonly #ids = new Map<string, string>();
  /** Passes of the moment before the one at which somebody dies. */
  #passes: number;
  /** So many turns after that. */
  readonly #turns: number;
  readonly #loss: PowerLoss | undefined;
  #struck: Promise<void> | undefined;
  #network!: TappedNetwork;
  #teller!: Teller;

  constructor(fault: Fault, seed: number, cluster: MemoryCluster) {
    this.#fault = fault;
    this.#cluster = cluster;
    this.#random = seeded(seed * 97 + MOMENTS.indexOf(fault.moment));
    this.#plans = plansFor(fault.moment, this.#random);
    this.#passes = this.#below(2);
    this.#turns = this.#below(2) * this.#below(12);
    const power = fault.victim === "broker" && this.#random() < 0.7;
    this.#loss = power ? this.#random : undefined;
  }

  async run(): Promise<void> {
    const cluster = this.#cluster;
    const client = await cluster.connect();
    const settings = { queues: QUEUES, type: "transaction" } as const;
    await cluster.advance(client.admin.topics.create("payments", settings));
    await cluster.clock.advance(FLUSHED_AFTER_MS);
    const diskMs = this.#below(4);
    cluster.filesOf("a").before = ({ call }) =>
      call === "write" || call === "sync" ? cluster.clock.sleep(diskMs * this.#random()) : undefined;
    await this.#open();
    for (const plan of this.#plans) {
      if (!this.#network.dead) void this.#teller.run(plan);
      await cluster.clock.advance(this.#below(20));
    }
    for (let ms = 0; this.#struck === undefined && ms < 60_000; ms += 10) await cluster.clock.advance(10);
    expect(this.#struck, "somebody died").to.not.equal(undefined);
    await cluster.advance(this.#struck!);
    await cluster.clock.advance(this.#below(5_000));
    if (this.#fault.victim === "broker") await cluster.startBroker("a");
    else await this.#open();
    await cluster.clock.advance(4 * 60_000);
    await this.#check();
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** A process of the group begins. */
  async #open(): Promise<void> {
    const network: TappedNetwork = new TappedNetwork(this.#cluster.network.connect, (moment) =>
      this.#pass(network, moment),
    );
    const client = await this.#cluster.connect({ connect: network.connect });
    this.#network = network;
    this.#teller = new Teller({
      client,
      topicName: "payments",
      group: "tellers",
      ledger: {
        find: (id) => this.#ledger.get(id),
        write: (id, ending, body) => {
          this.#ledger.set(id, ending);
          this.#ids.set(body, id);
        },
      },
      slowly: async () => {
        await this.#cluster.clock.sleep(CHECK_AFTER_MS + this.#below(CHECK_AFTER_MS));
        if (network.dead) await new Promise(() => {});
      },
      at: (moment) => {
        this.#pass(network, moment);
        return network.dead ? new Promise(() => {}) : undefined;
      },
    });
    await this.#cluster.clock.advance(50);
  }

  #pass(network: TappedNetwork, moment: Moment): void {
    if (moment === "after the half append")
      this.#cluster.clock.after(CHECK_AFTER_MS - this.#below(15), () =>
        this.#pass(network, "before the question"),
      );
    if (moment !== this.#fault.moment || this.#struck !== undefined || this.#passes-- > 0) return;
    this.#struck = this.#strike(network);
  }

  async #strike(network: TappedNetwork): Promise<void> {
    for (let turn = 0; turn < this.#turns; turn++) await undefined;
    if (this.#fault.victim === "producer") network.die();
    else {
      network.lose();
      await this.#cluster.kill("a", this.#loss);
    }
  }

  async #check(): Promise<void> {
    const stored = await this.#stored();
    const open = await this.#undecided();
    for (const { body } of this.#plans) {
      const copies = stored.filter((each) => each === body).length;
      const id = this.#ids.get(body);
      const ending = id === undefined ? undefined : this.#ledger.get(id);
      expect(copies, `${body} is doubled`).to.be.at.most(1);
      if (ending !== "commit") expect(copies, `${body} was not committed (${ending})`).to.equal(0);
      else if (copies === 0 && !open.includes(id!)) await this.#mayBeLost(body, id!);
      this.#checkTold(body, ending);
    }
    expect(open, "still undecided after four minutes with a producer that knows").to.deep.equal([]);
  }

  /** Only with its half, and only in a power cut that may take what was written last. */
  async #mayBeLost(body: string, transactionId: string): Promise<void> {
    const { flush } = this.#fault;
    expect(flush === "async" && this.#loss !== undefined, `${body} was committed and is lost`).to.equal(true);
    const connection = this.#cluster.network.connect("a:10911");
    const settled = connection
      .unary(BROKER.settle, { transactionId, topic: "payments", decision: 1 }, {})
      .then(
        () => "done",
        (thrown: unknown) => LogwheelError.from(thrown).code,
      );
    expect(await this.#cluster.advance(settled), `${body}: its half is there`).to.equal(
      "TRANSACTION_NOT_FOUND",
    );
    connection.close();
  }

  /** What its caller was told of the outcome is what the database says. */
  #checkTold(body: string, ending: Ending | undefined): void {
    const told = this.#teller.told.get(body);
    if (told === undefined || told instanceof Error) return;
    const { outcome } = told as TxReceipt;
    expect(outcome, `${body} of which the database says ${ending}`).to.be.oneOf(["unknown", ending]);
  }

  async #stored(): Promise<string[]> {
    const bodies: string[] = [];
    const connection = this.#cluster.network.connect("a:10911");
    for (let queueId = 0; queueId < QUEUES; queueId++) {
      const request = { topic: "payments", queueId, offset: 0, maxMessages: 100 };
      const { records } = await this.#cluster.advance(connection.unary(BROKER.pull, request, {}));
      for (const record of records) bodies.push(record.message().body.toString());
    }
    connection.close();
    return bodies;
  }

  async #undecided(): Promise<string[]> {
    const client = await this.#cluster.connect();
    const found = await this.#cluster.advance(client.admin.transactions.list().toArray());
    return found.map(({ id }) => id);
  }
}

async function runDisaster(fault: Fault, seed: number): Promise<void> {
  const cluster = await MemoryCluster.start(["a"], { flush: fault.flush }, seed);
  await new Disaster(fault, seed, cluster).run();
  await cluster.close();
}

/** A2-14, A3-13: a producer or a broker dies at each point of a transaction, with sync or async flush, and the power may go. */
export function describeTransactionFaults({ seeds }: { seeds: number }): void {
  describe("transactions in the middle of which somebody dies", function () {
    this.timeout(0);
    for (const victim of ["producer", "broker"] as const)
      for (const flush of ["sync", "async"] as const)
        for (const moment of MOMENTS) {
          const name = `T17: ${victim}, ${flush} flush, ${moment}: nothing is lost, doubled, or seen after a rollback`;
          it(name, () =>
            forSeeds(name, { count: seeds }, (seed) => runDisaster({ victim, flush, moment }, seed)),
          );
        }
  });
}
