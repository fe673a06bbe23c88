import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Client, connect, LogwheelError, type Producer, topic } from "../../client/index.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { figure, NIGHT } from "../support/seeds.js";
import { ServerProcess } from "../support/server-process.js";
import { skip } from "../support/skip.js";
import { SmallDisk } from "../support/small-disk.js";
import { until } from "../support/until.js";

const FREE = "127.0.0.1:0";
/** By night a disk for which the broker's own limits are made: it refuses with less than 1 GiB free. */
const DISK_MIB = figure(96, 2_048);
const GUARD = NIGHT ? [] : ["--segment-bytes", "4MiB", "--disk-free-bytes-min", "8MiB"];
const IN_FLIGHT = 256;
const FILL_MS = figure(60_000, 600_000);
const bulk = topic("bulk");
const PADDING = "x".repeat(8_000);

/** How an operator makes room. */
const WAYS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  "topics are deleted": async ({ admin }) => {
    await admin.topics.delete("bulk");
    await admin.topics.create("bulk", { queues: 2 });
  },
  "the retention is shorter": ({ admin }) => admin.topics.update("bulk", { retentionMs: 1_000 }),
};

/** Numbered messages at full speed; remembers which were acknowledged and what became of the others. */
class Load {
  readonly acked = new Set<number>();
  readonly failed = new Map<string, number>();
  /** Sends that may have been stored. */
  readonly unknown = new Set<number>();
  readonly #producer: Producer;
  readonly #slots: Promise<void>[];
  #running = true;
  #next = 0;

  constructor(producer: Producer) {
    this.#producer = producer;
    this.#slots = Array.from({ length: IN_FLIGHT }, () => this.#slot());
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#slots);
  }

  async #slot(): Promise<void> {
    while (this.#running) {
      const number = this.#next++;
      try {
        await this.#producer.send({ topic: bulk, body: Buffer.from(`${number} ${PADDING}`) });
        this.acked.add(number);
      } catch (thrown) {
        if (!LogwheelError.is(thrown)) throw thrown;
        this.failed.set(thrown.code, (this.failed.get(thrown.code) ?? 0) + 1);
        if (thrown.sent !== "no") this.unknown.add(number);
        await systemClock.sleep(20);
      }
    }
  }
}

describe("a broker on a disk that fills up (O9)", function () {
  this.timeout(NIGHT ? 1_200_000 : 240_000);
  let disk: SmallDisk;
  let names: ServerProcess;
  let broker: ServerProcess;
  let client: Client;

  beforeEach(async function () {
    const mounted = await SmallDisk.mount(DISK_MIB);
    if (mounted === null) skip(this, "a small file system cannot be mounted here");
    disk = mounted;
    names = await ServerProcess.start(["server", "namesrv", "--listen", FREE]);
    client = await connect({ endpoints: names.address(), requestTimeoutMs: 1_000, logger: false });
  });
  afterEach(async () => {
    await client?.close({ drain: false });
    await ServerProcess.killAll();
    await disk?.unmount();
  });

  function args(...more: string[]): string[] {
    const own = { namesrv: names.address(), listen: FREE, data: join(disk.path, "data") };
    const flags = Object.entries(own).flatMap(([option, value]) => [`--${option}`, value]);
    return ["server", "broker", ...flags, "--loop-lag-ms", "10s", ...more];
  }

  async function start(...more: string[]): Promise<void> {
    broker = await ServerProcess.start(args(...more));
  }

  async function consumed(
    group: string,
    enough: (seen: ReadonlySet<number>) => boolean,
  ): Promise<Set<number>> {
    const seen = new Set<number>();
    const consumer = client.consume(bulk, { group, from: "earliest" }, ({ body }) => {
      seen.add(Number.parseInt(Buffer.from(body).toString(), 10));
    });
    await consumer.start();
    await until("everything is consumed", () => enough(seen), FILL_MS).catch(() => {});
    await consumer.close();
    return seen;
  }

  for (const [index, [way, makeRoom]] of Object.entries(WAYS).entries())
    it(`refuses sends before it appends, lets consumers drain, and goes on by itself when ${way}`, async () => {
      await start("--flush", index === 0 ? "sync" : "async", ...GUARD);
      await client.admin.topics.create("bulk", { queues: 2 });
      const load = new Load(client.producer({ retry: { attempts: 1 } }));
      await until("sends are refused", () => (load.failed.get("DISK_FULL") ?? 0) > 1_000, FILL_MS);
      await load.stop();
      expect(load.unknown.size, [...load.failed].join()).to.equal(0);
      const missing = (seen: ReadonlySet<number>) => [...load.acked].filter((number) => !seen.has(number));
      const seen = await consumed("drain", (sofar) => missing(sofar).length === 0);
      expect(missing(seen)).to.deep.equal([]);
      const { queues } = await client.admin.groups.describe("drain");
      expect(queues.map(({ lag }) => lag)).to.deep.equal([0, 0]);
      await makeRoom(client);
      const again = client.producer({ retry: { attempts: 1 } });
      const send = () => again.send({ topic: bulk, body: Buffer.from("again") }).then(() => true);
      await until("sends go on", () => send().catch(() => false), 30_000);
      expect(await broker.stop()).to.deep.equal({ code: 0, signal: null });
    });

  it("ends when the disk is full in the middle of a write, and finds everything acknowledged when there is room", async () => {
    const unguarded = [
      ...["--segment-bytes", "4MiB", "--disk-refuse-percent", "100"],
      ...["--disk-free-bytes-min", "0", "--disk-reserve-bytes", "0"],
    ];
    await start(...unguarded);
    await client.admin.topics.create("bulk", { queues: 2 });
    const load = new Load(client.producer({ retry: { attempts: 1 } }));
    const { code } = await broker.ended;
    await load.stop();
    expect(code).to.equal(1);
    expect(broker.stderr).to.match(/writing the commit log failed: ENOSPC.* \[STORE_FAILED\]/);
    expect([...load.failed.keys()]).to.include.oneOf(["STORE_FAILED", "CONNECTION_LOST"]);
    expect(load.unknown.size).to.be.above(0);
    await writeFile(join(disk.path, "filler"), Buffer.alloc(DISK_MIB << 20)).catch(() => {});
    const refused = await ServerProcess.run(args(...unguarded));
    expect(refused.code).to.equal(1);
    expect(refused.stderr.trim().split("\n").at(-1)).to.match(/ENOSPC|no space|full/i);
    disk.resize(3 * DISK_MIB);
    await start(...unguarded);
    const missing = (seen: ReadonlySet<number>) => [...load.acked].filter((number) => !seen.has(number));
    const seen = await consumed("after", (sofar) => missing(sofar).length === 0);
    expect(missing(seen)).to.deep.equal([]);
    expect([...seen].filter((number) => !load.acked.has(number) && !load.unknown.has(number))).to.deep.equal(
      [],
    );
  });
});
