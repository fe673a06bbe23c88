import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { topic } from "../../../client/sdk/topic.js";
import type { Lease, Message, SimpleOptions } from "../../../client/sdk/types.js";
import type { Channel } from "../../../proto/kernel/channel.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentMeter } from "../../../server/broker/meter.js";
import { MemoryCluster } from "../../support/memory-cluster.js";
import { codeOf } from "../../support/refusal.js";

const orders = topic("orders");
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const textOf = (message: Message<Uint8Array>) => Buffer.from(message.body).toString();
type Leased = Message<Uint8Array> & Lease;

/** What its streams bring is heard a turn of the event loop later. */
function distant(channel: Channel): Channel {
  const open = channel.open.bind(channel);
  channel.open = (...call) => {
    const stream = open(...call);
    const listen = stream.listen.bind(stream);
    stream.listen = ({ message, ...events }) =>
      listen({ ...events, message: (heard) => setImmediate(message, heard) });
    return stream;
  };
  return channel;
}

describe("simple consumer", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;
  /** The broker is about to write messages to a consumer. */
  let delivered: () => void;

  beforeEach(async () => {
    delivered = () => {};
    cluster = await MemoryCluster.start(["a"], { meter: { ...silentMeter, delivered: () => delivered() } });
    client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 2 }));
  });
  afterEach(() => cluster.close());

  async function send(bodies: readonly string[]): Promise<void> {
    const producer = client.producer();
    await cluster.advance(
      Promise.all(bodies.map((body) => producer.send({ topic: orders, body: Buffer.from(body) }))),
    );
    await cluster.advance(producer.close());
  }

  function consumer(options: Partial<SimpleOptions> = {}) {
    return client.simpleConsumer(orders, { group: "g", from: "earliest", ...options });
  }

  async function lag(): Promise<number> {
    const { queues } = await cluster.advance(client.admin.groups.describe("g"));
    return queues.reduce((sum, queue) => sum + queue.lag, 0);
  }

  async function receiveAll(from: ReturnType<typeof consumer>, count: number): Promise<Leased[]> {
    const all: Leased[] = [];
    while (all.length < count)
      all.push(...(await cluster.advance(from.receive({ max: count - all.length }))));
    return all;
  }

  it("A4-03 A4-11 receives what there is, and acknowledges one by one or together", async () => {
    await send(range(10).map(String));
    const simple = consumer();
    const messages = await receiveAll(simple, 10);
    expect(messages.map(textOf).sort()).to.deep.equal(range(10).map(String));
    await cluster.advance(messages[0]!.ack());
    expect(await lag()).to.equal(9);
    await cluster.advance(Promise.all(messages.map((message) => message.ack())));
    expect(await lag()).to.equal(0);
  });

  it("acknowledgements that are awaited one by one are not put off to share a write", async () => {
    await send(range(10).map(String));
    const messages = await receiveAll(consumer(), 10);
    const before = cluster.clock.monotonicMs();
    for (const message of messages) await cluster.advance(message.ack());
    expect(cluster.clock.monotonicMs()).to.equal(before);
  });

  it("never receives more than it asked for", async () => {
    await send(range(50).map(String));
    const simple = consumer();
    for (const max of [1, 3, 7]) {
      const messages = await cluster.advance(simple.receive({ max }));
      expect(messages.length).to.be.within(1, max);
    }
  });

  it("serves all who wait at the same time", async () => {
    const simple = consumer();
    const waiting = range(4).map(() => simple.receive({ max: 1, waitMs: 60_000 }));
    await cluster.clock.advance(1_000);
    await send(range(4).map(String));
    const before = cluster.clock.monotonicMs();
    const received = await cluster.advance(Promise.all(waiting));
    expect(received.flat().map(textOf).sort()).to.deep.equal(range(4).map(String));
    expect(cluster.clock.monotonicMs() - before).to.be.below(10_000);
  });

  it("waits for a message, and gives up after its time", async () => {
    const simple = consumer();
    const before = cluster.clock.monotonicMs();
    expect(await cluster.advance(simple.receive({ waitMs: 2_000 }))).to.deep.equal([]);
    expect(cluster.clock.monotonicMs() - before).to.be.within(2_000, 2_100);
    const waiting = simple.receive({ waitMs: 60_000 });
    await cluster.clock.advance(5_000);
    await send(["late"]);
    expect((await cluster.advance(waiting)).map(textOf)).to.deep.equal(["late"]);
  });

  it("a message that is not settled in its time goes out again, and its acknowledgement is refused", async () => {
    await send(["m"]);
    const simple = consumer({ invisibleMs: 2_000 });
    const [first] = await receiveAll(simple, 1);
    await cluster.clock.advance(2_500);
    const [second] = await receiveAll(simple, 1);
    expect([first!.attempt, second!.attempt]).to.deep.equal([1, 2]);
    const error = await cluster.advance(first!.ack().catch((thrown: unknown) => thrown));
    expect(LogwheelError.is(error, "LEASE_EXPIRED"), String(error)).to.equal(true);
    await cluster.advance(second!.ack());
    expect(await lag()).to.equal(0);
  });

  it("of several acknowledgements the late one alone fails", async () => {
    await send(["a", "b", "c"]);
    const simple = consumer({ invisibleMs: 2_000 });
    const messages = await receiveAll(simple, 3);
    await cluster.advance(messages[0]!.extend(20_000));
    await cluster.advance(messages[2]!.extend(20_000));
    await cluster.clock.advance(3_000);
    const other = client.simpleConsumer(orders, { group: "g" });
    const [stolen] = await receiveAll(other, 1);
    expect(textOf(stolen!)).to.equal(textOf(messages[1]!));
    const outcomes = await cluster.advance(Promise.allSettled(messages.map((message) => message.ack())));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
    await cluster.advance(stolen!.ack());
    expect(await lag()).to.equal(0);
  });

  it("extend makes a lease longer, receive can ask for another from the start", async () => {
    await send(["m"]);
    const simple = consumer({ invisibleMs: 2_000 });
    const [message] = await cluster.advance(simple.receive({ invisibleMs: 10_000 }));
    await cluster.clock.advance(8_000);
    await cluster.advance(message!.extend(10_000));
    await cluster.clock.advance(8_000);
    await cluster.advance(message!.ack());
    expect(await lag()).to.equal(0);
  });

  it("nack gives a message back, for now or for later", async () => {
    await send(["m"]);
    const simple = consumer();
    const [first] = await receiveAll(simple, 1);
    await cluster.advance(first!.nack({ delayMs: 0 }));
    const [second] = await receiveAll(simple, 1);
    for (const bad of [() => second!.nack({ delayMs: Number.NaN }), () => second!.extend(5e9)])
      expect(await codeOf(bad())).to.equal("BAD_REQUEST");
    await cluster.advance(second!.nack({ delayMs: 5_000 }));
    expect(await cluster.advance(simple.receive({ waitMs: 4_000 }))).to.deep.equal([]);
    const [third] = await receiveAll(simple, 1);
    expect(third!.attempt).to.equal(3);
  });

  it("settling twice changes nothing", async () => {
    await send(["m"]);
    const simple = consumer();
    const [message] = await receiveAll(simple, 1);
    await cluster.advance(Promise.all([message!.ack(), message!.ack(), message!.nack()]));
    expect(await lag()).to.equal(0);
  });

  it("a loop gets everything, and holds back while too many are not settled", async () => {
    await send(range(40).map(String));
    const simple = consumer();
    const loop = simple.messages({ maxInFlight: 5 });
    const held: Leased[] = [];
    const seen: string[] = [];
    const read = (async () => {
      for await (const message of loop) {
        seen.push(textOf(message));
        held.push(message);
        if (seen.length === 40) break;
      }
    })();
    await cluster.clock.advance(500);
    expect(seen).to.have.length(5);
    while (seen.length < 40) {
      const message = held.shift();
      if (message !== undefined) await cluster.advance(message.ack());
      await cluster.clock.advance(5);
    }
    await cluster.advance(read);
    expect(new Set(seen).size).to.equal(40);
  });

  it("goes on when what came was larger than what it had room for", async () => {
    const large = await MemoryCluster.start(["a"], { segmentBytes: 64 << 20 });
    const other = await large.connect();
    await large.advance(other.admin.topics.create("orders", { queues: 1 }));
    const producer = other.producer();
    for (let i = 0; i < 6; i++)
      await large.advance(producer.send({ topic: orders, body: Buffer.alloc(4 << 20) }));
    const simple = other.simpleConsumer(orders, { group: "g", from: "earliest" });
    const got: number[] = [];
    for (let call = 0; call < 8 && got.length < 6; call++) {
      const max = got.length < 4 ? 6 - got.length : 1;
      const messages = await large.advance(simple.receive({ max, waitMs: 1_000 }));
      got.push(...messages.map(({ queueOffset }) => queueOffset));
      await large.advance(Promise.all(messages.map((message) => message.ack())));
    }
    await large.close();
    expect(got).to.deep.equal(range(6));
  });

  it("a loop holds back just as much when some bodies cannot be decoded", async () => {
    await send([...range(10).map(() => "bad"), ...range(20).map(String)]);
    const decode = (bytes: Uint8Array): string => {
      const text = Buffer.from(bytes).toString();
      if (text === "bad") throw new Error("not mine");
      return text;
    };
    const encode = (text: string): Uint8Array => Buffer.from(text);
    const strict = topic<string>("orders", { codec: { contentType: "text/plain", encode, decode } });
    const simple = client.simpleConsumer(strict, { group: "g", from: "earliest" });
    const loop = simple.messages({ maxInFlight: 5 });
    const seen: string[] = [];
    void (async () => {
      for await (const message of loop) seen.push(message.body);
    })();
    await cluster.clock.advance(5_000);
    expect(seen).to.have.length(5);
  });

  it("a loop that holds back ends when the consumer is closed, and what it gave can be acknowledged no more", async () => {
    await send(["1"]);
    const simple = consumer();
    const held: Leased[] = [];
    const read = (async () => {
      for await (const message of simple.messages({ maxInFlight: 1 })) held.push(message);
    })();
    await cluster.until("it came", () => held.length === 1);
    await cluster.advance(simple.close());
    await cluster.advance(read);
    const error = await cluster.advance(held[0]!.ack().catch((thrown: unknown) => thrown));
    expect(error).to.include({ code: "CLOSED" });
  });

  it("A4-09 what it had in hand when it closed goes to others at once", async () => {
    await send(["1", "2"]);
    const simple = consumer();
    const [first] = await receiveAll(simple, 2);
    await cluster.advance(first!.ack());
    await cluster.advance(simple.close());
    const other = consumer();
    const before = cluster.clock.monotonicMs();
    const [message] = await receiveAll(other, 1);
    expect(textOf(message!)).to.not.equal(textOf(first!));
    expect(cluster.clock.monotonicMs() - before).to.be.below(1_500);
  });

  describe("what nobody asks for", () => {
    let other: ReturnType<typeof consumer>;
    const waits = { max: 2, waitMs: 100 };

    beforeEach(() => {
      other = consumer();
    });

    /** A consumer whose brokers may still send two messages. */
    async function asked(): Promise<ReturnType<typeof consumer>> {
      const simple = consumer();
      expect(await cluster.advance(simple.receive(waits))).to.deep.equal([]);
      return simple;
    }

    it("is given back after a while, and that is no attempt", async () => {
      await asked();
      await send(["1", "2"]);
      await cluster.clock.advance(10_000);
      const received = await cluster.advance(other.receive(waits));
      expect(received.map(({ attempt }) => attempt)).to.deep.equal([1, 1]);
    });

    it("is not sent any more after a while", async () => {
      await asked();
      await cluster.clock.advance(10_000);
      await send(["1", "2"]);
      const received = await cluster.advance(other.receive(waits));
      expect(received.map(({ attempt }) => attempt)).to.deep.equal([1, 1]);
    });

    it("stays while somebody waits for more", async () => {
      const waiting = consumer().receive({ max: 2, waitMs: 60_000 });
      await cluster.clock.advance(30_000);
      await send(["1"]);
      expect((await cluster.advance(waiting)).map(textOf)).to.deep.equal(["1"]);
    });

    it("is given back when the consumer closes: what has come and what is on its way", async () => {
      client = await cluster.connect({ connect: (address) => distant(cluster.network.connect(address)) });
      const simple = await asked();
      await send(["1"]);
      let closing = Promise.resolve();
      delivered = () => {
        closing = simple.close();
      };
      await send(["2"]);
      await cluster.advance(closing);
      delivered = () => {};
      const received = await receiveAll(other, 2);
      expect(received.map(({ attempt }) => attempt)).to.deep.equal([1, 1]);
    });
  });

  it("what a loop has not handed out is given back when it ends or the consumer closes, and that is no attempt", async () => {
    await send(["1", "2", "3"]);
    const simple = consumer();
    const left = simple.messages();
    const first = await cluster.advance(left.next());
    await cluster.advance(first.value.ack());
    await left.return!();
    const loop = simple.messages();
    const next = await cluster.advance(loop.next());
    await cluster.advance(next.value.ack());
    await cluster.advance(simple.close());
    expect(await loop.next()).to.include({ done: true });
    const [last] = await receiveAll(consumer(), 1);
    expect(last!.attempt).to.equal(1);
  });

  it("closing ends receive and loops; a signal rejects them", async () => {
    const simple = consumer();
    const waiting = simple.receive({ waitMs: 60_000 });
    const loop = (async () => {
      for await (const _ of simple.messages()) throw new Error("there is nothing");
    })();
    await cluster.clock.advance(100);
    const stop = new AbortController();
    const aborted = simple.receive({ signal: stop.signal }).catch((thrown: unknown) => thrown);
    await cluster.clock.advance(10);
    stop.abort();
    expect(await cluster.advance(aborted)).to.include({ code: "ABORTED" });
    await cluster.advance(simple.close());
    expect(await cluster.advance(waiting)).to.deep.equal([]);
    await cluster.advance(loop);
    const error = await simple.receive().catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "CLOSED" });
  });

  it("goes on after a broken connection", async () => {
    const simple = consumer();
    const waiting = simple.receive({ waitMs: 60_000 });
    await cluster.clock.advance(100);
    cluster.network.cut("a:10911");
    await cluster.clock.advance(50);
    cluster.network.heal("a:10911");
    await send(["m"]);
    expect((await cluster.advance(waiting)).map(textOf)).to.deep.equal(["m"]);
  });
});
