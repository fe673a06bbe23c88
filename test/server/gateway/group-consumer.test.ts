import { expect } from "chai";
import { GroupConsumer } from "../../../server/gateway/group-consumer.js";
import { RENEWED_MS, type Wish } from "../../../server/gateway/wish.js";
import { ConsumingBroker, quiet } from "../../support/consuming.js";

const KEY = { orderingKey: "k" };

describe("a client of the gateway that consumes in order", () => {
  let broker: ConsumingBroker;
  let consumer: GroupConsumer;

  beforeEach(async () => {
    broker = await ConsumingBroker.open();
    consumer = new GroupConsumer({
      group: "g",
      ordered: true,
      host: "client",
      clock: broker.clock,
      random: () => 0.5,
      connections: {
        open: (_, method, options) => broker.channel.open(method, options),
        up() {},
        down() {},
      },
      addressOf: () => "broker",
    });
    consumer.subscribe([{ topic: "t", tags: "*", sql: "" }], true);
  });
  afterEach(async () => {
    consumer.close();
    await broker.close();
  });

  async function receive(): Promise<Awaited<ReturnType<GroupConsumer["receive"]>>> {
    const signal = new AbortController().signal;
    const kind = { max: 8, invisibleMs: RENEWED_MS, renewed: true, waitMs: 1_000, signal };
    const wish: Wish = { topic: "t", broker: "broker-0", queueId: 0, ...kind };
    const received = consumer.receive(wish);
    await broker.pass(wish.waitMs);
    return received;
  }

  it("is not given again what it has when it gives up a message before that", async () => {
    const [queue] = await broker.topic("t");
    for (const body of ["1", "2"]) await broker.send(queue!, { ...KEY, body: Buffer.from(body) });
    const [first, second, ...rest] = await receive();
    expect(rest).to.deep.equal([]);
    const rejected = consumer.reject("t", first!.receipt);
    await quiet();
    await rejected;
    expect((await broker.deadLetters("g")).map(({ body }) => body)).to.deep.equal(["1"]);
    expect(await receive()).to.deep.equal([]);
    const acknowledged = consumer.ack("t", second!.receipt);
    await quiet();
    await acknowledged;
    await broker.send(queue!, { ...KEY, body: Buffer.from("3") });
    expect((await receive()).map(({ arrived }) => arrived.record.queueOffset)).to.deep.equal([2]);
  });
});
