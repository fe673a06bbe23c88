import { expect } from "chai";
import { topic } from "../../client/sdk/topic.js";
import { MemoryCluster } from "../support/memory-cluster.js";

const orders = topic("orders");

describe("messaging model", () => {
  let cluster: MemoryCluster;
  afterEach(() => cluster.close());

  it("A1-04 a queue gives messages in the order in which it took them", async () => {
    cluster = await MemoryCluster.start(["a"]);
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    const producer = client.producer();
    const sends = Array.from({ length: 1_000 }, (_, i) =>
      producer.send({ topic: orders, body: Buffer.from(String(i)) }),
    );
    await cluster.advance(Promise.all(sends));
    const seen: number[] = [];
    const consumer = client.consume(orders, { group: "g", from: "earliest" }, (message) => {
      seen.push(Number(Buffer.from(message.body).toString()));
    });
    await cluster.advance(consumer.start());
    await cluster.until("all have come", () => seen.length >= 1_000);
    expect(seen).to.deep.equal(Array.from({ length: 1_000 }, (_, i) => i));
  });
});
