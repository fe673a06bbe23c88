import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Client, connect, LogwheelError, type Producer, topic } from "../../client/index.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const BROKERS = ["broker-a", "broker-b", "broker-c"];
const QUEUES = 12;
const IN_FLIGHT = 64;
const LOADED_MS = 1_500;
const numbers = topic("numbers");

/** Ports that nobody has now: a restarted server must come back where it was. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.push((server.address() as { port: number }).port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

/** Sends numbered messages without end; remembers which were acknowledged. */
class Load {
  readonly acked = new Set<number>();
  readonly unknown = new Set<number>();
  readonly #producer: Producer;
  #next = 0;
  #running = true;
  #inFlight = 0;

  constructor(producer: Producer) {
    this.#producer = producer;
    for (let slot = 0; slot < IN_FLIGHT; slot++) void this.#slot();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await until("all sends are settled", () => this.#inFlight === 0, 60_000);
  }

  async #slot(): Promise<void> {
    this.#inFlight++;
    while (this.#running) {
      const number = this.#next++;
      try {
        await this.#producer.send({ topic: numbers, body: Buffer.from(String(number)) });
        this.acked.add(number);
      } catch (thrown) {
        if (!LogwheelError.is(thrown)) throw thrown;
        if (thrown.sent !== "no") this.unknown.add(number);
        await systemClock.sleep(20);
      }
    }
    this.#inFlight--;
  }
}

describe("three brokers and two name servers (A5-04, A14-06)", function () {
  this.timeout(300_000);
  let folder: string;
  const servers = new Map<string, ServerProcess>();
  const commands = new Map<string, readonly string[]>();
  const clients: Client[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-cluster-"));
    const [first, second, ...ports] = await freePorts(2 + BROKERS.length);
    commands.set("namesrv-1", ["namesrv", "--listen", `127.0.0.1:${first}`]);
    commands.set("namesrv-2", ["namesrv", "--listen", `127.0.0.1:${second}`]);
    const namesrv = `127.0.0.1:${first},127.0.0.1:${second}`;
    for (const [index, name] of BROKERS.entries())
      commands.set(name, [
        "broker",
        ...["--name", name, "--namesrv", namesrv, "--listen", `127.0.0.1:${ports[index]}`],
        ...["--data", join(folder, name), "--segment-bytes", "4MiB", "--disk-free-bytes-min", "0"],
      ]);
    for (const name of commands.keys()) await start(name);
    for (let count = 0; count < 3; count++)
      clients.push(await connect({ endpoints: namesrv, logger: false }));
    await clients[0]!.admin.topics.create("numbers", { queues: QUEUES, type: "normal" });
  });

  after(async () => {
    for (const client of clients) await client.close({ drain: false });
    await ServerProcess.killAll();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(name: string): Promise<void> {
    servers.set(name, await ServerProcess.start(["server", ...commands.get(name)!]));
  }

  it("survive a kill of any one of them under load: nothing acknowledged is lost, consumers go on (A4-09)", async () => {
    const received = new Map<number, number>();
    for (const client of clients.slice(1)) {
      const consumer = client.consume(numbers, { group: "readers", from: "earliest" }, ({ body }) => {
        const number = Number(Buffer.from(body).toString());
        received.set(number, (received.get(number) ?? 0) + 1);
      });
      await consumer.start();
    }
    const load = new Load(clients[0]!.producer());
    for (const name of commands.keys()) {
      const [sentBefore, receivedBefore] = [load.acked.size, received.size];
      await systemClock.sleep(LOADED_MS);
      await servers.get(name)!.kill();
      await systemClock.sleep(LOADED_MS);
      expect(load.acked.size, `sends went on without ${name}`).to.be.greaterThan(sentBefore);
      await start(name);
      await until(`consumers go on after ${name}`, () => received.size > receivedBefore);
    }
    await systemClock.sleep(LOADED_MS);
    await load.stop();
    const missing = (): number[] => [...load.acked].filter((number) => !received.has(number));
    await until("everything acknowledged is received", () => missing().length === 0, 60_000).catch(() => {});
    expect(missing(), `of ${load.acked.size} acknowledged`).to.deep.equal([]);
    expect(load.acked.size).to.be.greaterThan(1_000);
    const invented = [...received.keys()].filter(
      (number) => !load.acked.has(number) && !load.unknown.has(number),
    );
    expect(invented).to.deep.equal([]);
  });
});
