import { expect } from "chai";
import { Producer } from "rocketmq-client-nodejs";
import { topic } from "../../client/index.js";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import { common } from "../support/rocketmq-load.js";
import { RocketmqProcess } from "../support/rocketmq-process.js";
import { until } from "../support/until.js";

const COMMIT = 1;
const ROLLBACK = 2;

describe("RocketMQ's own client for Node, and a producer that dies within its transactions", function () {
  this.timeout(60_000);
  let cluster: RocketmqCluster;

  before(async () => {
    const check = ["--transaction-check-after-ms", "1s", "--transaction-check-every-ms", "1s"];
    cluster = await RocketmqCluster.start(["a"], ...check);
    await cluster.client.admin.topics.create("money", { queues: 2, type: "transaction" });
  });
  after(async () => {
    await RocketmqProcess.killAll();
    await cluster.stop();
  });

  it("asks another producer of the topic, and does what that says", async () => {
    const bodies = ["paid", "refused", "paid too"];
    const orders = { role: "half-sender", endpoints: cluster.address(), topic: "money", bodies } as const;
    const dying = new RocketmqProcess(orders, cluster.folder);
    await until("the halves are stored", () => dying.reports.length === bodies.length);
    await dying.kill();
    const asked = new Set<string>();
    const producer = new Producer({
      ...common(cluster),
      topic: "money",
      checker: {
        async check({ body }) {
          asked.add(body.toString());
          return body.toString() === "refused" ? ROLLBACK : COMMIT;
        },
      },
    });
    await producer.startup();
    const seen: string[] = [];
    const from = { group: "bank", from: "earliest" } as const;
    const consumer = cluster.client.consume(topic("money"), from, ({ body }) => {
      seen.push(Buffer.from(body).toString());
    });
    await consumer.start();
    const { transactions } = cluster.client.admin;
    await until("all are decided", async () => (await transactions.list().toArray()).length === 0);
    await until("what was committed came", () => seen.length === 2);
    expect(seen.sort()).to.deep.equal(["paid", "paid too"]);
    expect([...asked].sort()).to.deep.equal([...bodies].sort());
    await consumer.close();
    await producer.shutdown();
  });
});
