import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import type { Settings__Output } from "../../../proto/gen/apache/rocketmq/v2/Settings.js";
import type { Channel } from "../../../proto/kernel/channel.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { BrokerChannels } from "../../../server/gateway/brokers.js";
import { type GatewayClient, GatewayClients } from "../../../server/gateway/clients.js";
import type { TopicRoutes } from "../../../server/gateway/topic-routes.js";
import { Transactions } from "../../../server/gateway/transactions.js";
import { FakeStream } from "../../support/fake-stream.js";

describe("who is asked about transactions", () => {
  let clock: TestClock;
  let transactions: Transactions;
  /** Where the brokers of each topic are. */
  let places: Record<string, string>;
  let opened: { readonly address: string; readonly stream: FakeStream<unknown, unknown> }[];

  beforeEach(() => {
    clock = new TestClock();
    places = { a: "a:1" };
    opened = [];
    const connect = (address: string): Channel =>
      ({
        address,
        open: () => {
          const stream = new FakeStream<unknown, unknown>();
          opened.push({ address, stream });
          return stream;
        },
        close() {},
      }) as unknown as Channel;
    const of = async () => Object.entries(places).map(([broker, address]) => ({ broker, address }));
    transactions = new Transactions({
      routes: { of } as unknown as TopicRoutes,
      brokers: new BrokerChannels(connect),
      clients: new GatewayClients(clock, () => {}),
      clock,
      random: () => 0,
      logger: silentLogger,
      host: "here",
    });
    transactions.start();
  });
  afterEach(() => transactions.stop());

  const addresses = (): string[] => opened.map(({ address }) => address);

  function producer(...topics: string[]): GatewayClient {
    const named = topics.map((name) => ({ name, resourceNamespace: "" }));
    const settings = { publishing: { topics: named } } as unknown as Settings__Output;
    return { id: "p", settings, namespace: "", tell: () => {}, heardMs: 0 };
  }

  async function joined(client: GatewayClient): Promise<void> {
    transactions.joined(client, "");
    await settle();
    await clock.advance(2_000);
  }

  it("has one stream to each broker, however often a producer tells the same", async () => {
    for (let told = 0; told < 3; told++) await joined(producer("t", "u"));
    expect(addresses()).to.deep.equal(["a:1", "a:1"]);
    expect(opened.map(({ stream }) => stream.ended)).to.deep.equal([false, false]);
    await joined(producer("u"));
    expect(opened.map(({ stream }) => stream.ended)).to.deep.equal([true, false]);
    transactions.left(producer());
    expect(opened.map(({ stream }) => stream.ended)).to.deep.equal([true, true]);
  });

  it("goes to where a broker is that has come back elsewhere, and leaves one that has gone", async () => {
    await joined(producer("t"));
    places = { a: "b:2" };
    opened[0]!.stream.close(new LogwheelError("CONNECTION_LOST", "the broker was moved"));
    for (let turn = 0; turn < 10; turn++) await clock.advance(1_000);
    expect(addresses().at(-1)).to.equal("b:2");
    places = {};
    await clock.advance(10_000);
    expect(opened.at(-1)!.stream.ended).to.equal(true);
    const before = opened.length;
    await clock.advance(10_000);
    expect(opened).to.have.length(before);
  });
});
