import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type Client, connect } from "../../client/index.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { MOMENTS, type Moment } from "../support/moments.js";
import { ServerProcess } from "../support/server-process.js";
import type { TellerOrders } from "../support/teller-process.js";
import { until } from "../support/until.js";

const PROGRAM = fileURLToPath(new URL("../support/teller-process.js", import.meta.url));
const QUEUES = 2;
const CHECK_AFTER_MS = 400;

/** A process that runs local transactions, and what it has said. */
class TellerProcess {
  said = "";
  ended = false;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;

  constructor(orders: TellerOrders) {
    this.#child = spawn(process.execPath, [PROGRAM, JSON.stringify(orders)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on("data", (bytes: Buffer) => {
        this.said += bytes;
      });
    this.#child.once("close", () => {
      this.ended = true;
    });
  }

  get told(): ReadonlyMap<string, string> {
    return new Map(
      [...this.said.matchAll(/^told (\w+) (\w+)$/gm)].map(([, body, outcome]) => [body!, outcome!]),
    );
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await until("the process has ended", () => this.ended);
  }
}

/** A name server and a broker that asks soon, which comes back where it was. */
class Servers {
  readonly #folder: string;
  readonly #flush: string;
  #names!: ServerProcess;
  #broker!: ServerProcess;
  #address = "127.0.0.1:0";
  client!: Client;

  constructor(folder: string, flush: string) {
    this.#folder = folder;
    this.#flush = flush;
  }

  get nameServer(): string {
    return this.#names.address();
  }

  get pid(): number {
    return this.#broker.pid;
  }

  async start(): Promise<void> {
    this.#names = await ServerProcess.start(["server", "namesrv", "--listen", "127.0.0.1:0"]);
    await this.startBroker();
    this.client = await connect({ endpoints: this.nameServer, logger: false });
  }

  async startBroker(): Promise<void> {
    const checks = { "transaction-check-after-ms": CHECK_AFTER_MS, "transaction-check-every-ms": 300 };
    const options = {
      name: "broker-a",
      namesrv: this.nameServer,
      listen: this.#address,
      data: join(this.#folder, "data"),
      flush: this.#flush,
      "segment-bytes": "4MiB",
      "disk-free-bytes-min": 0,
      ...checks,
    };
    const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]);
    this.#broker = await ServerProcess.start(["server", "broker", ...args]);
    this.#address = this.#broker.address();
  }

  /** What is in the queues of a topic. */
  async stored(topic: string): Promise<string[]> {
    const channel = grpcConnect({ clock: systemClock, logger: silentLogger, random: () => 0.5 })(
      this.#address,
    );
    const bodies: string[] = [];
    for (let queueId = 0; queueId < QUEUES; queueId++) {
      const request = { topic, queueId, offset: 0, maxMessages: 100 };
      const { records } = await channel.unary(BROKER.pull, request, { timeoutMs: 10_000 });
      for (const record of records) bodies.push(record.message().body.toString());
    }
    channel.close();
    return bodies;
  }
}

describe("transactions in the middle of which a process is killed (A2-14)", function () {
  this.timeout(120_000);

  for (const flush of ["sync", "async"])
    describe(`with ${flush} flush`, () => {
      let folder: string;
      let servers: Servers;
      let cases = 0;
      let tellers: TellerProcess[] = [];

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), "logwheel-transactions-"));
        servers = new Servers(folder, flush);
        await servers.start();
      });
      afterEach(async () => {
        for (const teller of tellers) await teller.kill();
        tellers = [];
      });
      after(async () => {
        await servers.client.close({ drain: false });
        await ServerProcess.killAll();
        await rm(folder, { recursive: true });
      });

      async function run(victim: "producer" | "broker", moment: Moment): Promise<void> {
        const topicName = `case-${++cases}`;
        await servers.client.admin.topics.create(topicName, { queues: QUEUES, type: "transaction" });
        const orders = {
          nameServer: servers.nameServer,
          topicName,
          seed: cases,
          ledger: join(folder, topicName),
          checkAfterMs: CHECK_AFTER_MS,
        };
        const pid = victim === "broker" ? servers.pid : "itself";
        const teller = new TellerProcess({ ...orders, kill: { moment, pid } });
        tellers.push(teller);
        await until("somebody was killed", () => teller.said.includes("killed"), 30_000);
        if (victim === "broker") await servers.startBroker();
        else {
          await until("the producer has ended", () => teller.ended);
          tellers.push(new TellerProcess(orders));
        }
        if (victim === "broker") await until("all were told", () => teller.told.size === 5, 30_000);
        await allDecided(topicName);
        // A transaction is decided when that is appended, and its message is seen when that is flushed: as is what comes behind it.
        await servers.client.admin.topics.create(`${topicName}-behind`, { queues: 1 });
        check(await readLedger(orders.ledger), await servers.stored(topicName), teller.told);
      }

      async function allDecided(topic: string): Promise<void> {
        const { transactions } = servers.client.admin;
        for (let turn = 0; turn < 300; turn++) {
          const open = await transactions
            .list({ topic })
            .toArray()
            .catch(() => undefined);
          if (open?.length === 0) return;
          await systemClock.sleep(100);
        }
        throw new Error("transactions are undecided after 30 s with a producer that knows");
      }

      for (const victim of ["producer", "broker"] as const)
        for (const moment of MOMENTS)
          it(`T17: the ${victim}, ${moment}: nothing is lost, doubled, or seen after a rollback`, () =>
            run(victim, moment));
    });
});

async function readLedger(path: string): Promise<Map<string, string>> {
  const text = await readFile(path, "utf8").catch(() => "");
  const rows = text.split("\n").filter((line) => line !== "");
  return new Map(rows.map((line) => line.split(" ")).map(([, ending, body]) => [body!, ending!]));
}

/** The ledger, the log, and what callers were told agree. */
function check(ledger: Map<string, string>, stored: string[], told: ReadonlyMap<string, string>): void {
  const committed = [...ledger].filter(([, ending]) => ending === "commit").map(([body]) => body);
  expect(stored.sort()).to.deep.equal(committed.sort());
  for (const [body, outcome] of told)
    expect(outcome, body).to.be.oneOf(["unknown", "error", ledger.get(body)]);
}
