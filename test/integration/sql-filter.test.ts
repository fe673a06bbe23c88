import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Client, connect, topic } from "../../client/index.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const FREE = "127.0.0.1:0";
const orders = topic("orders");

describe("an SQL filter over real processes", function () {
  this.timeout(60_000);
  let folder: string;
  let client: Client;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-sql-"));
    const addresses = ["--namesrv", FREE, "--listen", FREE];
    const dev = await ServerProcess.start(["dev", "--data", folder, ...addresses]);
    client = await connect({ endpoints: dev.address("name server") });
  });
  after(async () => {
    await client.close();
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  it("lets through exactly what it is true of, and the group's lag goes to 0 (A11-12)", async () => {
    await client.admin.topics.create("orders", { queues: 4 });
    const producer = client.producer();
    const sends = Array.from({ length: 3_000 }, (_, i) =>
      producer.send({
        topic: orders,
        body: Buffer.from(String(i)),
        properties: { price: String(i % 25), region: ["eu", "us", "ap"][i % 3]! },
      }),
    );
    await Promise.all(sends);
    const wanted = sends.flatMap((_, i) => (i % 25 > 10 && i % 3 !== 2 ? [String(i)] : []));
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", from: "earliest", filter: { sql: "price > 10 AND region IN ('eu', 'us')" } },
      ({ body }) => void seen.push(Buffer.from(body).toString()),
    );
    await consumer.start();
    const lag = async (): Promise<number> => {
      const { queues } = await client.admin.groups.describe("g");
      return queues.length === 4 ? queues.reduce((sum, each) => sum + each.lag, 0) : -1;
    };
    await until("the lag is 0", async () => (await lag()) === 0);
    expect(seen.sort()).to.deep.equal(wanted.sort());
  });

  it("that cannot be read is refused with its column, and nothing is joined", async () => {
    const bad = client.consume(orders, { group: "bad", filter: { sql: "price >> 10" } }, () => {});
    const error = await bad.start().catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "FILTER_INVALID", sent: "no" });
    expect((error as Error).message).to.include(
      'column 8: a property or a value is missing; there is ">" here',
    );
    const groups: string[] = [];
    for await (const { name } of client.admin.groups.list()) groups.push(name);
    expect(groups).to.not.include("bad");
  });
});
