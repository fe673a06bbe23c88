import { expect } from "chai";
import { silentLogger } from "../../../proto/kernel/logger.js";
import type { Gateway } from "../../../server/gateway/gateway.js";
import { clusterGateway } from "../../../server/rocketmq.js";
import { GatewayCalls } from "../../support/gateway-calls.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const [OK, ILLEGAL_ACCESS_POINT, TOO_MANY_REQUESTS] = [20_000, 40_001, 42_900];
const [SIMPLE_CONSUMER, DOMAIN_NAME, NORMAL, TAG] = [3, 3, 1, 1];
const TOPIC = { name: "orders" };
const GROUP = { name: "billing" };
const FILTER = { type: TAG, expression: "paid" };
const endpoints = { scheme: DOMAIN_NAME, addresses: [{ host: "gateway.example.com", port: 8081 }] };

describe("a gateway without a broker", () => {
  let cluster: MemoryCluster;
  const gateways: Gateway[] = [];

  beforeEach(async () => {
    cluster = await MemoryCluster.start(["a", "b"]);
    const { admin } = await cluster.connect();
    await cluster.advance(admin.topics.create("orders", { queues: 2, type: "normal" }));
  });
  afterEach(async () => {
    for (const gateway of gateways.splice(0)) await gateway.stop();
    await cluster.close();
  });

  async function start(): Promise<Gateway> {
    const { clock, network } = cluster;
    const { gateway } = clusterGateway({
      config: {
        namesrv: ["names:9876"],
        listen: "127.0.0.1:8081",
        bodyBytesMax: 4 << 20,
        rocketmqAccessKey: null,
        rocketmqAccessSecret: null,
      },
      clock,
      random: () => 0.5,
      logger: silentLogger,
      connect: network.connect,
    });
    gateways.push(gateway);
    await gateway.start();
    return gateway;
  }

  async function consumer(gateway: Gateway, id: string): Promise<GatewayCalls> {
    const calls = new GatewayCalls(gateway, id);
    const subscription = { group: GROUP, subscriptions: [{ topic: TOPIC, expression: FILTER }] };
    const telemetry = calls.stream("telemetry", { settings: { clientType: SIMPLE_CONSUMER, subscription } });
    await cluster.until("settings are answered", () => telemetry.written.length > 0);
    expect(telemetry.written[0].status.code).to.equal(OK);
    return calls;
  }

  /** One message for each broker: they take turns. */
  async function send(gateway: Gateway): Promise<void> {
    const systemProperties = {
      tag: "paid",
      messageId: "01AA",
      messageType: NORMAL,
      bornTimestamp: { seconds: 1 },
    };
    const message = { topic: TOPIC, body: Buffer.from("x"), systemProperties };
    const calls = new GatewayCalls(gateway, "producer");
    for (let turn = 0; turn < 2; turn++) {
      const { status } = await cluster.advance(calls.unary("sendMessage", { messages: [message] }));
      expect(status.code).to.equal(OK);
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: frames of several kinds
  async function poll(calls: GatewayCalls, broker: string): Promise<any[]> {
    const stream = calls.stream("receiveMessage", {
      group: GROUP,
      messageQueue: { topic: TOPIC, broker: { name: broker }, id: -1 },
      filterExpression: FILTER,
      batchSize: 1,
      invisibleDuration: { seconds: 60 },
      longPollingTimeout: { seconds: 5 },
    });
    await cluster.until("the poll is answered", () => stream.ended);
    return stream.written;
  }

  async function received(calls: GatewayCalls, broker: string): Promise<string> {
    const [status, frame] = await poll(calls, broker);
    expect(status.status.code).to.equal(OK);
    return frame.message.systemProperties.receiptHandle;
  }

  async function ack(calls: GatewayCalls, receiptHandle: string): Promise<{ code: number; message: string }> {
    const entries = [{ messageId: "01AA", receiptHandle }];
    const { status } = await cluster.advance(
      calls.unary("ackMessage", { group: GROUP, topic: TOPIC, entries }),
    );
    return status;
  }

  async function lagOn(broker: string): Promise<number[]> {
    const { queues } = await cluster.advance((await cluster.connect()).admin.groups.describe("billing"));
    return queues.filter((queue) => queue.broker === broker).map(({ lag }) => lag);
  }

  it("tells clients of itself only, where they have found it, for the queues of all brokers", async () => {
    const calls = new GatewayCalls(await start(), "c");
    const route = await cluster.advance(calls.unary("queryRoute", { topic: TOPIC, endpoints }));
    expect(route.status.code).to.equal(OK);
    const told = route.messageQueues.map(({ broker }: { broker: object }) => broker);
    expect(told).to.deep.equal(["a", "b"].map((name) => ({ name, id: 0, endpoints })));
    const request = { topic: TOPIC, group: GROUP, endpoints };
    const { assignments } = await cluster.advance(calls.unary("queryAssignment", request));
    expect(assignments.map(({ messageQueue }: { messageQueue: object }) => messageQueue)).to.deep.equal(
      route.messageQueues.map((queue: object) => ({ ...queue, id: -1 })),
    );
  });

  it("refuses to say where a topic is to who does not say where the gateway is", async () => {
    const calls = new GatewayCalls(await start(), "c");
    for (const request of [{ topic: TOPIC }, { topic: TOPIC, endpoints: { scheme: DOMAIN_NAME } }]) {
      const route = await cluster.advance(calls.unary("queryRoute", request));
      expect(route.status.code).to.equal(ILLEGAL_ACCESS_POINT);
      const assignment = await cluster.advance(calls.unary("queryAssignment", { ...request, group: GROUP }));
      expect(assignment.status.code).to.equal(ILLEGAL_ACCESS_POINT);
    }
  });

  it("takes the receipt of another gateway that has gone, beside members that want what its client told", async () => {
    const [first, second] = [await start(), await start()];
    const [leaving, staying] = [await consumer(first, "c"), await consumer(second, "d")];
    await send(first);
    // Has all that it asked for, so the next message is not for it.
    await received(staying, "a");
    await send(first);
    const handle = await received(leaving, "a");
    await first.stop();
    const moved = await consumer(second, "c");
    expect(await ack(moved, handle)).to.deep.equal({ code: OK, message: "OK" });
    expect(await lagOn("a")).to.deep.equal([1]);
  });

  it("gives out nothing more when it stops, and waits for what clients have, but not for ever", async () => {
    const gateway = await start();
    const calls = await consumer(gateway, "c");
    await send(gateway);
    const handle = await received(calls, "a");
    const waiting = calls.stream("receiveMessage", {
      group: GROUP,
      messageQueue: { topic: TOPIC, broker: { name: "a" }, id: -1 },
      filterExpression: FILTER,
      invisibleDuration: { seconds: 60 },
    });
    await cluster.clock.advance(1_000);
    expect(waiting.ended).to.equal(false);
    let finished = false;
    const finish = gateway.finish(20_000).then(() => {
      finished = true;
    });
    await cluster.until("who waits is answered", () => waiting.ended, 1_000);
    await send(gateway);
    expect((await poll(calls, "a"))[0].status.code).to.equal(TOO_MANY_REQUESTS);
    expect(finished).to.equal(false);
    expect((await ack(calls, handle)).code).to.equal(OK);
    await cluster.until("it has finished", () => finished, 1_000);
    await finish;
    const slow = await start();
    await received(await consumer(slow, "e"), "a");
    const began = cluster.clock.monotonicMs();
    await cluster.advance(slow.finish(3_000));
    expect(cluster.clock.monotonicMs() - began).to.be.within(3_000, 3_200);
  });
});
