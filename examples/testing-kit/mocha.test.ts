// The same with mocha, or any other runner that has before and after: one cluster for all tests of the file.
import assert from "node:assert/strict";
import type { Client } from "logwheel/client";
import { startTestCluster, type TestCluster } from "logwheel/testing";
import { type Order, orders, startBilling } from "./billing.js";

describe("billing", () => {
  let cluster: TestCluster;
  let client: Client;
  before(async () => {
    cluster = await startTestCluster({ topics: ["orders"] });
    client = await cluster.client();
  });
  after(() => cluster.close());

  it("charges what was ordered, in hours if need be", async () => {
    const hours: string[] = [];
    const charge = async (_: Order): Promise<"done" | "closed"> => {
      hours.push(new Date(cluster.clock.nowMs()).toISOString().slice(0, 13));
      return hours.length < 4 ? "closed" : "done";
    };
    await using _billing = await startBilling(client, { charge });
    await client.producer().send({ topic: orders, body: { id: "1", total: 9 } });
    await cluster.clock.advance("4h");
    assert.deepEqual(hours, ["2030-01-01T00", "2030-01-01T01", "2030-01-01T02", "2030-01-01T03"]);
  });

  it("leaves nothing behind for the group", async () => {
    await cluster.idle();
    const [billing] = await client.admin.groups.list().toArray();
    assert.equal(billing?.lag, 0);
    assert.equal((await cluster.messages(orders))[0]?.body.total, 9);
  });
});
