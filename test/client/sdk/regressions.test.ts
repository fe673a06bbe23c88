import { expect } from "chai";
import { LogwheelError } from "../../../client/index.js";
import { topic } from "../../../client/sdk/topic.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const orders = topic("orders");
const KEYED = { topic: orders, orderingKey: "k" };

describe("what a review found in the SDK", () => {
  it("an ordered message that was given later does not overtake those that wait for a broker", async () => {
    const cluster = await MemoryCluster.start(["a"]);
    const client = await cluster.connect({ requestTimeoutMs: 500 });
    await cluster.advance(client.admin.topics.create("orders", { queues: 1, type: "mixed" }));
    const producer = client.producer({ maxInFlight: 4 });
    await cluster.advance(producer.send({ ...KEYED, body: Buffer.from("first") }));
    const stored: number[] = [];
    cluster.network.cut("a:10911");
    for (let number = 0; number < 40; number++)
      producer.send({ ...KEYED, body: Buffer.from(String(number)) }).then(
        ({ queueOffset }) => {
          stored[queueOffset!] = number;
        },
        () => {},
      );
    await cluster.clock.advance(700);
    cluster.network.heal("a:10911");
    await cluster.clock.advance(30_000);
    const order = stored.filter((number) => number !== undefined);
    expect(order.length).to.be.greaterThan(20);
    expect(order).to.deep.equal([...order].sort((one, other) => one - other));
    await cluster.close();
  });

  it("a message larger than the prefetch does not end the credit", async () => {
    const cluster = await MemoryCluster.start(["a"]);
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1, type: "mixed" }));
    const producer = client.producer();
    for (let count = 0; count < 6; count++)
      await cluster.advance(
        producer.send({ topic: orders, body: Buffer.alloc(count === 0 ? 300_000 : 100) }),
      );
    let handled = 0;
    const options = { group: "g", from: "earliest", prefetch: { bytes: 100_000 } } as const;
    const consumer = client.consume(orders, options, () => {
      handled++;
    });
    await cluster.advance(consumer.start());
    await cluster.clock.advance(10_000);
    expect(handled).to.equal(6);
    await cluster.close();
  });

  it("a send that is aborted before its topic is made does not hold up the next", async () => {
    const cluster = await MemoryCluster.start(["a"], { autoCreate: true });
    const client = await cluster.connect();
    const producer = client.producer();
    const stop = new AbortController();
    const first = producer.send({ topic: orders, body: Buffer.from("1") }, { signal: stop.signal });
    const second = producer.send({ topic: orders, body: Buffer.from("2") });
    stop.abort();
    const failed = await cluster.advance(first.catch((thrown: unknown) => thrown));
    expect(LogwheelError.is(failed, "ABORTED")).to.equal(true);
    expect((await cluster.advance(second)).queueOffset).to.equal(0);
    await cluster.close();
  });
});
