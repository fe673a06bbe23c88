// A service as it is in production. It is given its client, so that a test can give it one of a test cluster.
import { type Client, type PushConsumer, RetryLater, topic } from "logwheel/client";

export interface Order {
  readonly id: string;
  readonly total: number;
}

export const orders = topic("orders", {
  codec: {
    contentType: "application/json",
    encode: (order: Order) => Buffer.from(JSON.stringify(order)),
    decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as Order,
  },
});

/** Charges every order; while the bank is closed it asks again after an hour. */
export async function startBilling(
  client: Client,
  bank: { charge(order: Order): Promise<"done" | "closed"> },
): Promise<PushConsumer> {
  const consumer = client.consume(orders, { group: "billing", from: "earliest" }, async ({ body }) => {
    if ((await bank.charge(body)) === "closed") throw new RetryLater(3_600_000);
  });
  await consumer.start();
  return consumer;
}
