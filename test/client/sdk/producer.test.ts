import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import { FakeCluster } from "../../support/fake-cluster.js";

const orders = topic("orders");
const message = (body: string, more: object = {}) => ({ topic: orders, body: Buffer.from(body), ...more });

describe("producer", () => {
  it("gives a receipt that says where the message is and what was done", async () => {
    const cluster = new FakeCluster();
    cluster.broker("a");
    cluster.names.setTopic("orders", { a: 1 });
    const producer = cluster.producer();
    const receipt = await producer.send(message("one"));
    expect(receipt.messageId).to.equal("a-1-1000");
    expect({ ...receipt }).to.deep.equal({
      topic: "orders",
      broker: "a",
      queueId: 0,
      queueOffset: 0,
      done: { written: true, flushed: true, replicas: 0 },
    });
    expect(JSON.parse(JSON.stringify(receipt))).to.include({ messageId: "a-1-1000" });
    await producer.close();
    expect(cluster.clock.waiting).to.equal(0);
  });
});
