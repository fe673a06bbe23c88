import { expect } from "chai";
import type { MessageQueue } from "../../../proto/gen/apache/rocketmq/v2/MessageQueue.js";
import { BROKER } from "../../../proto/kernel/contract.js";
import { MESSAGING } from "../../../proto/kernel/rocketmq-contract.js";
import { GatewayWorld } from "../../support/gateway-world.js";

const { queryOffset, getOffset, updateOffset, receiveMessage, sendMessage } = MESSAGING;
const [BEGINNING, END, TIMESTAMP] = [0, 1, 2] as const;

describe("offsets through the gateway", () => {
  let world: GatewayWorld;

  beforeEach(async () => {
    world = await GatewayWorld.start(["a", "b"]);
    await world.createTopic({ name: "orders", queues: 2 });
    await world.createTopic({ name: "everywhere" });
    await world.createTopic({ name: "everywhere" }, "b");
  });
  afterEach(() => world.close());

  describe("of a queue", () => {
    it("are its beginning and its end", async () => {
      expect(await found(BEGINNING)).to.deep.equal([20000, 0]);
      expect(await found(END)).to.deep.equal([20000, 0]);
      await fill(3);
      expect(await found(BEGINNING)).to.deep.equal([20000, 0]);
      expect(await found(END)).to.deep.equal([20000, 3]);
      expect(await found(END, { messageQueue: queue(1) })).to.deep.equal([20000, 0]);
    });

    it("are those of the first message at a time or later", async () => {
      const { clock } = world.cluster;
      const times: number[] = [];
      for (let n = 0; n < 3; n++) {
        await fill(1);
        times.push(clock.nowMs());
        await clock.advance(60_000);
      }
      const [first, second, third] = times as [number, number, number];
      for (const [ms, offset] of [
        [-1, 0],
        [0, 0],
        [first - 1_000, 0],
        [first + 1_000, 1],
        [second - 1_000, 1],
        [second + 1_000, 2],
        [third - 1_000, 2],
        [third + 1_000, 3],
        [third + 1e9, 3],
      ] as const) {
        const timestamp = {
          seconds: Math.floor(ms / 1_000),
          nanos: (ms - Math.floor(ms / 1_000) * 1_000) * 1e6,
        };
        expect(await found(TIMESTAMP, { timestamp }), `${ms}`).to.deep.equal([20000, offset]);
      }
    });

    it("are not looked for at no time, or in a way that there is not", async () => {
      expect(await found(TIMESTAMP)).to.deep.equal([40000, 0]);
      expect(await found(3 as never)).to.deep.equal([40000, 0]);
    });

    it("are found on whatever broker has it", async () => {
      await world.ask(sendMessage, { messages: [world.message("everywhere", "x")] }, world.to("b"));
      for (const gateway of ["a", "b"])
        for (const [broker, end] of [
          ["a", 0],
          ["b", 1],
        ] as const) {
          const messageQueue = { topic: { name: "everywhere" }, id: 0, broker: { name: broker } };
          const request = { messageQueue, queryOffsetPolicy: END } as const;
          const { status, offset } = await world.ask(queryOffset, request, world.to(gateway));
          expect([status?.code, offset]).to.deep.equal([20000, end]);
        }
    });
  });

  describe("of a group", () => {
    it("are not there before it has committed one, in no queue but that", async () => {
      await fill(3);
      expect(await committed()).to.deep.equal([40404, 0]);
      expect(await commit(2)).to.equal(20000);
      expect(await committed()).to.deep.equal([20000, 2]);
      expect(await committed({ messageQueue: queue(1) })).to.deep.equal([40404, 0]);
      expect(await committed({ group: { name: "others" } })).to.deep.equal([40404, 0]);
    });

    it("are set forth and back, from the beginning to the end", async () => {
      await fill(5);
      for (const offset of [0, 3, 1, 5, 0, 4]) {
        expect(await commit(offset), `${offset}`).to.equal(20000);
        expect(await committed()).to.deep.equal([20000, offset]);
      }
    });

    it("are set where it was told although it has acknowledged what follows", async () => {
      await fill(5);
      await world.cluster.advance(
        world.cluster.network.connect("a:10911").unary(BROKER.ack, {
          group: "readers",
          topic: "orders",
          queueId: 0,
          ranges: [{ start: 2, end: 4 }],
        }),
      );
      expect(await commit(2)).to.equal(20000);
      expect(await committed()).to.deep.equal([20000, 2]);
    });

    it("are where its consumers go on", async () => {
      await fill(5);
      expect(await commit(3)).to.equal(20000);
      const frames = await world.frames(receiveMessage, {
        group: { name: "readers" },
        messageQueue: queue(0),
        batchSize: 32,
        invisibleDuration: { seconds: 30, nanos: 0 },
        longPollingTimeout: { seconds: 5, nanos: 0 },
      });
      const bodies = frames.flatMap(({ message }) => (message == null ? [] : [message.body.toString()]));
      expect(bodies).to.deep.equal(["3", "4"]);
    });

    it("are not set before the first message or behind the last one", async () => {
      await fill(2);
      for (const [offset, code] of [
        [-1, 40019],
        [0, 20000],
        [2, 20000],
        [3, 40019],
        [Number.MAX_SAFE_INTEGER, 40019],
      ] as const)
        expect(await commit(offset), `${offset}`).to.equal(code);
      expect(await committed()).to.deep.equal([20000, 2]);
    });

    it("stay when the broker dies", async () => {
      await fill(5);
      await commit(4);
      await commit(3);
      await world.cluster.kill("a");
      await world.cluster.startBroker("a");
      const { status, offset } = await world.ask(getOffset, group(), world.to("b"));
      expect([status?.code, offset]).to.deep.equal([20000, 3]);
    });
  });

  it("are refused to what has no client, topic, group, queue or broker", async () => {
    await world.createTopic({ name: "closed", permission: 2 });
    const on = (topic: string, broker = "a", id = 0) => ({
      messageQueue: { topic: { name: topic }, id, broker: { name: broker } },
    });
    for (const [code, more] of [
      [40002, { messageQueue: null }],
      [40002, on("")],
      [40002, on("a b")],
      [40402, on("nowhere")],
      [40402, on("orders", "b")],
      [40402, on("orders", "z")],
      [40000, on("orders", "a", -1)],
      [40000, on("orders", "a", 2)],
      [40000, on("everywhere", "")],
    ] as const) {
      const what = JSON.stringify(more);
      expect((await found(END, more))[0], what).to.equal(code);
      expect((await committed(more))[0], what).to.equal(code);
      expect(await commit(0, more), what).to.equal(code);
    }
    for (const name of ["", "a b", "CID_RMQ_SYS_x"]) {
      expect((await committed({ group: { name } }))[0], name).to.equal(40003);
      expect(await commit(0, { group: { name } }), name).to.equal(40003);
    }
    expect((await found(END, on("closed")))[0]).to.equal(40300);
    const anonymous = world.to("a", { "x-mq-client-id": "" });
    for (const method of [queryOffset, getOffset, updateOffset]) {
      const { status } = await world.ask<object, object, object, { status: { code: unknown } | null }>(
        method as never,
        {},
        anonymous,
      );
      expect(status?.code).to.equal(40017);
    }
  });

  it("are not of lite topics, which are not there", async () => {
    const request = { topic: { name: "orders" }, group: { name: "readers" }, liteTopicSet: ["x"] };
    const { status } = await world.ask(MESSAGING.syncLiteSubscription, request);
    expect(status?.code).to.equal(50100);
    expect(status?.message).to.match(/^lite topics are not there/);
  });

  it("need no name of a broker where only one has the topic", async () => {
    await fill(1);
    expect(await found(END, { messageQueue: { topic: { name: "orders" }, id: 0 } })).to.deep.equal([
      20000, 1,
    ]);
  });

  /** Into the first queue. */
  async function fill(count: number): Promise<void> {
    const [, end] = await found(END);
    for (let n = end; n < end + count; n++)
      await world.cluster.advance(
        world.cluster.network
          .connect("a:10911")
          .unary(BROKER.send, { topic: "orders", queueId: 0, message: { body: Buffer.from(String(n)) } }),
      );
  }

  async function found(
    queryOffsetPolicy: 0 | 1 | 2,
    more: { messageQueue?: MessageQueue | null; timestamp?: { seconds: number; nanos: number } } = {},
  ): Promise<[unknown, number]> {
    const request = { messageQueue: queue(0), queryOffsetPolicy, ...more };
    const { status, offset } = await world.ask(queryOffset, request);
    return [status?.code, offset];
  }

  async function committed(more: object = {}): Promise<[unknown, number]> {
    const { status, offset } = await world.ask(getOffset, { ...group(), ...more });
    return [status?.code, offset];
  }

  async function commit(offset: number, more: object = {}): Promise<unknown> {
    return (await world.ask(updateOffset, { ...group(), offset, ...more })).status?.code;
  }
});

function queue(id: number) {
  return { topic: { name: "orders" }, id, broker: { name: "a" } };
}

function group() {
  return { group: { name: "readers" }, messageQueue: queue(0) };
}
