import { tracingChannel } from "node:diagnostics_channel";
import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const orders = topic("orders");
const STEPS = ["send", "receive", "process", "settle"] as const;

describe("diagnostics channels", () => {
  it("tell tracers of sends, arrivals, handlers and acknowledgements, with begin, end and failure", async () => {
    const cluster = await MemoryCluster.start();
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    const told: [name: string, about: object][] = [];
    const offs = STEPS.map((step) => {
      const channel = tracingChannel(`logwheel:${step}`);
      const note = (event: string) => (about: unknown) => told.push([`${step} ${event}`, about as object]);
      const handlers = {
        start: note("start"),
        end: () => {},
        asyncStart: () => {},
        asyncEnd: note("end"),
        error: note("error"),
      };
      channel.subscribe(handlers);
      return () => channel.unsubscribe(handlers);
    });
    const consumer = client.consume(orders, { group: "g", from: "earliest" }, ({ attempt }) => {
      if (attempt === 1) throw new Error("once");
    });
    await cluster.advance(
      client.producer().send({ topic: orders, body: Buffer.from("x"), orderingKey: undefined }),
    );
    await cluster.advance(consumer.start());
    await cluster.until("it was handled", () => consumer.stats.acked === 1);
    for (const off of offs) off();
    expect(told.map(([name]) => name)).to.deep.equal([
      "send start",
      "send end",
      "receive start",
      "process start",
      "process error",
      "process end",
      "receive start",
      "process start",
      "process end",
      "settle start",
    ]);
    const about = new Map(told);
    expect(about.get("send start")).to.include({ topic: "orders", bytes: 1 });
    expect(about.get("receive start")).to.include({
      group: "g",
      topic: "orders",
      broker: "a",
      queueId: 0,
      count: 1,
    });
    expect(about.get("process start")).to.include({ group: "g", topic: "orders" });
    expect(about.get("settle start")).to.include({ group: "g", broker: "a", count: 1 });
    await cluster.close();
  });
});
