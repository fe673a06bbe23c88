import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { connect, topic } from "../../client/index.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const HOUR = 3_600_000;
const SEGMENT_BYTES = 1 << 20;

describe("what is due later than retention keeps messages", function () {
  this.timeout(60_000);
  let folder: string;
  let nameServer: ServerProcess;
  let broker: ServerProcess;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-forwarding-"));
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
      ...[
        "--data",
        folder,
        "--segment-bytes",
        `${SEGMENT_BYTES}`,
        "--retention-bytes",
        `${3 * SEGMENT_BYTES}`,
      ],
      ...["--auto-create-topics", "true", "--loop-lag-ms", "10s"],
    ]);
  }

  async function firstSegment(): Promise<number> {
    const names = await readdir(join(folder, "log"));
    return Math.min(
      ...names.filter((name) => /^\d+\.log$/.test(name)).map((name) => Number.parseInt(name, 10)),
    );
  }

  it("is still cancelled, delivered and committed after its segment was dropped and the broker killed", async () => {
    const address = broker.address();
    const client = await connect({ endpoints: nameServer.address(), requestTimeoutMs: 5_000, logger: false });
    const [later, busy] = [topic("later"), topic("busy")];
    const producer = client.producer({ retry: { attempts: 50 } });
    const shop = client.transactional({ group: "shop", topics: [later], check: () => "unknown" });
    const wait = (body: string): ReturnType<typeof producer.send> =>
      producer.send({ topic: later, body: Buffer.from(body), keys: [body], delayMs: HOUR });
    const [cancelled, now, pending] = [await wait("cancelled"), await wait("now"), await wait("pending")];
    const transaction = await shop.begin();
    const half = await transaction.send({ topic: later, body: Buffer.from("half") });
    const message = { topic: busy, body: Buffer.alloc(16 << 10) };
    for (let round = 0; round < 100 && (await firstSegment()) < 2 * SEGMENT_BYTES; round++)
      await Promise.all(Array.from({ length: 64 }, () => producer.send(message)));
    await until(
      "the first segments are gone",
      async () => (await firstSegment()) >= 2 * SEGMENT_BYTES,
      20_000,
    );
    await broker.kill();
    broker = await startBroker(address);
    expect(await producer.cancel(cancelled.handle!)).to.equal("done");
    expect(await producer.deliverNow(now.handle!)).to.equal("done");
    await transaction.commit();
    expect(await producer.deliverNow(cancelled.handle!)).to.equal("not-found");
    expect(await producer.cancel(now.handle!)).to.equal("already-delivered");
    const stored: [string, string][] = [];
    for await (const { id, body } of client.reader(later, { from: "earliest", until: "end" }))
      stored.push([id, Buffer.from(body).toString()]);
    expect(stored.sort()).to.deep.equal(
      [
        [now.messageId, "now"],
        [half.messageId, "half"],
      ].sort(),
    );
    const listed = [];
    for await (const each of client.admin.delayed.list({ topic: "later", key: "pending" }))
      listed.push(each.handle);
    expect(listed).to.deep.equal([pending.handle]);
    await shop.close();
    await producer.close();
    await client.close();
  });
});
