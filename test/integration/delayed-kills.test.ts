import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { connect, topic } from "../../client/index.js";
import { seeded } from "../../client/testing/seeded.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const MESSAGES = 2_000;
const WITHIN_MS = 4_000;

describe("delayed messages of a broker that is killed", function () {
  this.timeout(60_000);
  let folder: string;
  let nameServer: ServerProcess;
  let broker: ServerProcess;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-kills-"));
    nameServer = await ServerProcess.start(["server", "namesrv", "--listen", "127.0.0.1:0"]);
    broker = await startBroker("127.0.0.1:0");
  });
  after(async () => {
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  function startBroker(listen: string): Promise<ServerProcess> {
    return ServerProcess.start([
      ...["server", "broker", "--name", "a", "--namesrv", nameServer.address(), "--listen", listen],
      ...["--data", folder, "--segment-bytes", "1MiB", "--auto-create-topics", "true"],
    ]);
  }

  it("survive four kills: each arrives once, at its time or when the broker is back, and cancelled ones never", async () => {
    const address = broker.address();
    const client = await connect({ endpoints: nameServer.address(), requestTimeoutMs: 2_000, logger: false });
    const later = topic("later");
    const arrived: { id: string; earlyMs: number }[] = [];
    const consumer = client.consume(later, { group: "g", from: "earliest" }, (message) => {
      const dueAtMs = Number(message.properties["due"]);
      arrived.push({ id: message.id, earlyMs: dueAtMs - systemClock.nowMs() });
    });
    const producer = client.producer({ retry: { attempts: 50 } });
    const random = seeded(7);
    await producer.send({ topic: later, body: Buffer.from("first") });
    await consumer.start();
    const startMs = systemClock.nowMs();
    const sent = await Promise.all(
      Array.from({ length: MESSAGES }, async () => {
        const dueAtMs = startMs + 500 + Math.floor(random() * WITHIN_MS);
        const properties = { due: String(dueAtMs) };
        const deliverAt = new Date(dueAtMs);
        return producer.send({ topic: later, body: Buffer.alloc(700, "x"), properties, deliverAt });
      }),
    );
    const cancelled = new Set<string>();
    for (let kill = 0; kill < 4; kill++) {
      for (const { handle } of sent.slice(kill * 100, kill * 100 + 50))
        if (handle !== undefined && (await producer.cancel(handle)) === "done") cancelled.add(handle);
      await broker.kill();
      broker = await startBroker(address);
    }
    const wanted = sent.map(({ messageId }) => messageId).filter((id) => !cancelled.has(id));
    await until(
      "all have arrived",
      () => new Set(arrived.map(({ id }) => id)).size >= wanted.length + 1,
      30_000,
    );
    await producer.close();
    await consumer.close();
    const ids = arrived.map(({ id }) => id);
    expect(ids.filter((id) => cancelled.has(id))).to.deep.equal([]);
    expect(wanted.filter((id) => !ids.includes(id))).to.deep.equal([]);
    const stored: string[] = [];
    for await (const { id } of client.reader(later, { from: "earliest", until: "end" })) stored.push(id);
    expect(stored.length, "stored once each").to.equal(new Set(stored).size);
    expect(stored.length).to.equal(wanted.length + 1);
    expect(cancelled.size).to.be.above(20);
    // The wall clock of one machine: what counts is that no restart makes anything early.
    expect(Math.max(...arrived.slice(1).map(({ earlyMs }) => earlyMs))).to.be.below(2);
    await client.close();
  });
});
