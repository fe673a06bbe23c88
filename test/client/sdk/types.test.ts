import { expect } from "chai";
import { z } from "zod";
import {
  type Client,
  LogwheelError,
  type Message,
  type OutMessage,
  type Producer,
  RetryLater,
  type SendReceipt,
  type Status,
  type Topic,
  topic,
} from "../../../client/index.js";

const bytes = topic("bytes");
const orders = topic("orders", { schema: z.object({ id: z.string(), total: z.number() }) });

/** Never called: what stands here must compile, and what is marked must not. */
async function compiles(client: Client, producer: Producer): Promise<void> {
  const receipt: SendReceipt = await producer.send({
    topic: orders,
    body: { id: "1", total: 9 },
    tag: "web",
  });
  const batch: readonly SendReceipt[] = await producer.sendBatch([{ topic: bytes, body: new Uint8Array(1) }]);
  const taken: boolean = producer.sendOneway({ topic: bytes, body: Buffer.from("x"), orderingKey: "k" });
  const number: number = (receipt.queueOffset ?? 0) + batch.length + Number(taken);

  // @ts-expect-error a body that does not fit the topic's schema
  await producer.send({ topic: orders, body: { id: "1" } });
  // @ts-expect-error bytes for a topic of documents
  await producer.send({ topic: orders, body: Buffer.from("x") });
  // @ts-expect-error text for a topic of bytes
  await producer.send({ topic: bytes, body: "x" });
  // @ts-expect-error an option that does not exist
  await producer.send({ topic: bytes, body: Buffer.from("x"), key: "k" });
  const body = Buffer.from("x");
  await producer.send({ topic: bytes, body, delayMs: 1_000 });
  await producer.send({ topic: bytes, body, deliverAt: new Date(), orderingKey: "k" });
  await producer.sendBatch([
    { topic: bytes, body, delayLevel: 3 },
    { topic: bytes, body },
  ]);
  // @ts-expect-error one time of delivery, not two
  await producer.send({ topic: bytes, body, delayMs: 1_000, delayLevel: 3 });
  // @ts-expect-error one time of delivery, not two
  await producer.send({ topic: bytes, body, delayMs: 1_000, deliverAt: new Date() });
  // @ts-expect-error a time is a Date
  await producer.send({ topic: bytes, body, deliverAt: 5 });
  await producer.reschedule("a-1-64", { delayMs: 5 });
  // @ts-expect-error a new time has to be one
  await producer.reschedule("a-1-64", {});
  // @ts-expect-error numbers, not texts or bigints
  const offset: bigint = receipt.queueOffset;
  // @ts-expect-error only zlib
  client.producer({ compress: { algorithm: "lz4" } });
  // @ts-expect-error there is no such mode
  client.consume(orders, { group: "g", mode: "exclusive" }, () => {});
  // @ts-expect-error a consumer has a group
  client.consume(orders, { mode: "shared" }, () => {});
  // @ts-expect-error a reader says where it begins
  client.reader(orders, { until: "end" });
  // @ts-expect-error nothing is written to a receipt
  receipt.queueId = 1;

  client.consume(orders, { group: "g" }, ({ body }) => void body.total.toFixed());
  client.consume(orders, { group: "g" }, async (message, { signal, extend }) => {
    signal.throwIfAborted();
    await extend(1_000);
    const id: string = message.body.id;
    throw new RetryLater(number, { cause: id });
  });
  // @ts-expect-error a body has no such field
  client.consume(orders, { group: "g" }, ({ body }) => void body.price);
  client.consume(
    [orders, orders],
    { group: "g", filter: { tags: ["a"] }, from: { timestamp: new Date(0) } },
    () => {},
  );
  client.consume(orders, { group: "g", filter: { sql: "total > 5" } }, () => {});
  // @ts-expect-error tags or SQL, not both
  client.consume(orders, { group: "g", filter: { tags: ["a"], sql: "total > 5" } }, () => {});
  // @ts-expect-error a filter says something
  client.consume(orders, { group: "g", filter: {} }, () => {});
  client.consumeBatch(orders, { group: "g", batch: { size: 10 } }, (messages) => ({
    failed: messages.slice(1),
  }));
  client.consumeBatch(orders, { group: "g", batch: { size: 10, waitMs: 5 } }, async () => {});
  // @ts-expect-error a batch has a size
  client.consumeBatch(orders, { group: "g", batch: {} }, () => {});

  const [leased] = await client.simpleConsumer(orders, { group: "g" }).receive({ max: 1 });
  const whole: Message<{ id: string; total: number }> | undefined = leased;
  await leased?.ack();
  for await (const message of client.reader(orders, { from: { offset: 3 }, until: "end" }))
    message.body.id.trim();
  for await (const status of client.status()) tell(status);
  for await (const { name, queues } of client.admin.topics.list()) name.repeat(queues);
  await using consumer = client.consume(bytes, { group: "g" }, () => {});
  await consumer.close({ timeoutMs: whole === undefined ? 1 : Number(offset) });
  const typed: OutMessage<{ id: string; total: number }> = { topic: orders, body: { id: "", total: 0 } };
  const other: Topic<Uint8Array> = bytes;
  await producer.send({ ...typed, topic: orders, queueId: other.name.length, broker: "a" });
}

/** Every status is told apart by its type. */
function tell(status: Status): string {
  switch (status.type) {
    case "connected":
    case "reconnecting":
    case "disconnected":
      return status.endpoint;
    case "route-changed":
      return status.topic;
    case "assignment":
      return `${status.broker} ${status.queues.join()}`;
    case "paused":
    case "resumed":
      return status.reason;
    case "error":
      return status.error.code;
  }
}

describe("types of the SDK", () => {
  it("accept what is right and nothing else, which the compiler has checked", () => {
    expect(compiles).to.be.a("function");
  });

  it("errors are told by brand and code, also those of another copy of the package", () => {
    const error: unknown = new LogwheelError("THROTTLED", "wait");
    if (!LogwheelError.is(error, "THROTTLED")) throw new Error("it is one");
    expect(error.retryable).to.equal(true);
    expect(LogwheelError.is(error, "CLOSED")).to.equal(false);
    expect(LogwheelError.is(new Error("x"))).to.equal(false);
    const foreign = { code: "THROTTLED", [Symbol.for("logwheel.error")]: true };
    expect(LogwheelError.is(foreign, "THROTTLED")).to.equal(true);
  });
});
