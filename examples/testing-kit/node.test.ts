// Tests of a service with node:test: a broker in this process, no ports, no files, and an hour that passes in milliseconds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestCluster } from "logwheel/testing";
import { type Order, orders, startBilling } from "./billing.js";

test("an order is charged once the bank has opened", async () => {
  await using cluster = await startTestCluster({ topics: ["orders"] });
  const client = await cluster.client();
  const charged: string[] = [];
  let open = false;
  const charge = async ({ id }: Order): Promise<"done" | "closed"> => {
    if (open) charged.push(id);
    return open ? "done" : "closed";
  };
  await startBilling(client, { charge });
  await client.producer().send({ topic: orders, body: { id: "1", total: 9 } });

  await cluster.clock.advance("59m");
  open = true;
  await cluster.idle();
  assert.deepEqual(charged, []); // it is asked again after an hour, not before

  await cluster.clock.advance("1m");
  assert.deepEqual(charged, ["1"]);
});

test("no order is lost when the broker is killed", async () => {
  await using cluster = await startTestCluster({ topics: ["orders"] });
  const client = await cluster.client();
  await client.producer().send({ topic: orders, body: { id: "1", total: 9 } });

  await cluster.broker().kill({ unsynced: "lost" }); // as by a power cut
  await cluster.broker().restart();

  const charged: string[] = [];
  await startBilling(client, {
    async charge({ id }) {
      charged.push(id);
      return "done";
    },
  });
  await cluster.idle();
  assert.deepEqual(charged, ["1"]);
});
