import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import type { RegisterReply } from "../../../proto/gen/logwheel/v1/RegisterReply.js";
import type { RegisterRequest__Output } from "../../../proto/gen/logwheel/v1/RegisterRequest.js";
import type { Routes as RoutesMessage } from "../../../proto/gen/logwheel/v1/Routes.js";
import type { WatchRequest__Output } from "../../../proto/gen/logwheel/v1/WatchRequest.js";
import type { CallContext, Handlers } from "../../../proto/kernel/channel.js";
import type { NAME_SERVER } from "../../../proto/kernel/contract.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { NameServer } from "../../../server/nameserver/name-server.js";
import { FakeStream } from "../../support/fake-stream.js";
import { brokerInfo, registerRequest, topicNamed } from "./samples.js";

type BrokerStream = FakeStream<RegisterReply, RegisterRequest__Output>;
type WatchStream = FakeStream<RoutesMessage, WatchRequest__Output>;

const call: CallContext = {
  peer: "10.0.0.9:4711",
  signal: new AbortController().signal,
  header: () => undefined,
};

describe("NameServer", () => {
  let clock: TestClock;
  let server: NameServer;
  let handlers: Handlers<typeof NAME_SERVER>;

  beforeEach(async () => {
    clock = new TestClock();
    server = new NameServer({ clock, logger: silentLogger, brokerExpiryMs: 15_000 });
    handlers = server.served[0]?.handlers as Handlers<typeof NAME_SERVER>;
    await server.start();
  });
  afterEach(() => server.stop());

  function broker(name: string, topics: string[], parts: object = {}): BrokerStream {
    const stream: BrokerStream = new FakeStream();
    handlers.register(stream, call);
    const told = topics.map((topic) => topicNamed(topic));
    stream.hear(registerRequest({ broker: brokerInfo(name, parts), full: true, topics: told }));
    return stream;
  }

  function watch(...topics: string[]): WatchStream {
    const stream: WatchStream = new FakeStream();
    handlers.watch(stream, call);
    stream.hear({ add: topics, remove: [] });
    return stream;
  }

  async function ownersOf(topic: string): Promise<(string | undefined)[] | undefined> {
    const { routes } = await handlers.getRoutes({ topics: [topic] }, call);
    return routes?.[0]?.shares?.map((share) => share.broker);
  }

  it("answers a registration only once it is in the routes, with its serial", async () => {
    const stream = broker("a", ["t"]);
    stream.hear(registerRequest({ serial: 7, topics: [topicNamed("u")] }));
    expect(stream.written.map(({ serial }) => serial)).to.deep.equal([1, 7]);
    expect(await ownersOf("u")).to.deep.equal(["a"]);
  });

  it("refuses a stream that does not begin with a broker", () => {
    const stream: BrokerStream = new FakeStream();
    handlers.register(stream, call);
    stream.hear(registerRequest({}));
    expect(stream.failure).to.have.property("code", "BAD_REQUEST");
    expect(stream.written).to.deep.equal([]);
  });

  it("takes a broker out at once when its stream ends", async () => {
    const stream = broker("a", ["t"]);
    stream.close(new Error("reset"));
    expect(await ownersOf("t")).to.deep.equal([]);
  });

  it("keeps a broker that came back before its old stream ended", async () => {
    const old = broker("a", ["t"]);
    broker("a", ["t"], { epoch: 2 });
    old.close(new Error("reset"));
    expect(await ownersOf("t")).to.deep.equal(["a"]);
    expect(old.failure).to.have.property("code", "CONFLICT");
  });

  it("takes a silent broker out within 15 s, and its stream with it", async () => {
    const stream = broker("a", ["t"]);
    await clock.advance(14_000);
    expect(await ownersOf("t")).to.deep.equal(["a"]);
    await clock.advance(2_000);
    expect(await ownersOf("t")).to.deep.equal([]);
    expect(stream.failure).to.have.property("code", "TIMEOUT");
  });

  it("takes any message for a sign of life", async () => {
    const stream = broker("a", ["t"]);
    for (let i = 0; i < 10; i++) {
      await clock.advance(3_000);
      stream.hear(registerRequest({ serial: i + 2 }));
    }
    expect(await ownersOf("t")).to.deep.equal(["a"]);
  });

  it("expires nobody for the time in which it was paused itself", async () => {
    broker("a", ["t"]);
    clock.stall(60_000);
    await clock.advance(1_000);
    expect(await ownersOf("t")).to.deep.equal(["a"]);
    await clock.advance(16_000);
    expect(await ownersOf("t")).to.deep.equal([]);
  });

  it("takes a stopping broker out at once, though its stream stays", async () => {
    const stream = broker("a", ["t"]);
    stream.hear(registerRequest({ serial: 2, stopping: true }));
    expect(await ownersOf("t")).to.deep.equal([]);
    expect(stream.written.at(-1)).to.deep.equal({ serial: 2 });
    expect(stream.failure).to.equal(null);
  });

  it("lists brokers and topics", async () => {
    broker("b", ["t"]);
    broker("a", ["t", "u"]);
    const { brokers } = await handlers.listBrokers({}, call);
    expect(brokers?.map(({ info, topics }) => [info?.name, topics])).to.deep.equal([
      ["a", 2],
      ["b", 1],
    ]);
    const { routes } = await handlers.listTopics({}, call);
    expect(routes?.map(({ topic, shares }) => [topic, shares?.length])).to.deep.equal([
      ["t", 2],
      ["u", 1],
    ]);
  });

  const refused: [what: string, request: RegisterRequest__Output][] = [
    ["a broker name that is a path", registerRequest({ broker: brokerInfo("../a"), full: true })],
    ["an address without a port", registerRequest({ broker: brokerInfo("a", { address: "a" }), full: true })],
    ["a first message that is not full", registerRequest({ broker: brokerInfo("a") })],
    [
      "a topic name with a slash",
      registerRequest({ broker: brokerInfo("a"), full: true, topics: [topicNamed("a/b")] }),
    ],
  ];
  for (const [what, request] of refused) {
    it(`refuses ${what} and ends the stream`, async () => {
      const stream: BrokerStream = new FakeStream();
      handlers.register(stream, call);
      stream.hear(request);
      expect(stream.failure).to.have.property("code", "BAD_REQUEST");
      expect((await handlers.listBrokers({}, call)).brokers).to.deep.equal([]);
    });
  }

  it("tells a watcher its routes now and at every change, and nothing that it did not ask for", async () => {
    const watcher = watch("t");
    await settle();
    expect(watcher.written).to.deep.equal([{ routes: [{ topic: "t", shares: [] }], brokers: [] }]);
    broker("a", ["t"]);
    await settle();
    expect(watcher.written).to.have.length(2);
    expect(watcher.written[1]?.routes?.[0]?.shares?.map((share) => share.broker)).to.deep.equal(["a"]);
    broker("b", ["u"]);
    await settle();
    expect(watcher.written).to.have.length(2);
  });

  it("tells a watcher once about everything that changed in one turn", async () => {
    const watcher = watch("t", "u");
    await settle();
    const stream = broker("a", ["t"]);
    stream.hear(registerRequest({ serial: 2, topics: [topicNamed("t", 9)] }));
    stream.hear(registerRequest({ serial: 3, topics: [topicNamed("u")] }));
    await settle();
    expect(watcher.written).to.have.length(2);
    const told = watcher.written[1]?.routes?.map(({ topic, shares }) => [topic, shares?.[0]?.topic?.queues]);
    expect(told).to.deep.equal([
      ["t", 9],
      ["u", 4],
    ]);
  });

  it("tells every watcher when a broker that makes topics comes or goes", async () => {
    const watcher = watch("none");
    await settle();
    const stream = broker("a", [], { autoCreate: true });
    await settle();
    expect(watcher.written.at(-1)?.brokers?.map(({ name }) => name)).to.deep.equal(["a"]);
    stream.close(null);
    await settle();
    expect(watcher.written.at(-1)).to.deep.equal({ routes: [], brokers: [] });
  });

  it("keeps one newest answer for a watcher that reads slowly", async () => {
    const watcher = watch("t");
    watcher.accepts = false;
    await settle();
    const stream = broker("a", ["t"]);
    for (let queues = 5; queues <= 9; queues++) {
      stream.hear(registerRequest({ serial: queues, topics: [topicNamed("t", queues)] }));
      await settle();
    }
    expect(watcher.written).to.have.length(1);
    watcher.drain();
    await settle();
    expect(watcher.written.map(({ routes }) => routes?.[0]?.shares?.[0]?.topic?.queues)).to.deep.equal([
      undefined,
      9,
    ]);
  });

  it("tells nothing more about a topic that a watcher has dropped", async () => {
    const watcher = watch("t", "u");
    watcher.hear({ add: [], remove: ["t"] });
    await settle();
    broker("a", ["t"]);
    await settle();
    expect(watcher.written.map(({ routes }) => routes?.map(({ topic }) => topic))).to.deep.equal([["u"]]);
  });

  it("answers a watcher that names nothing with the brokers that make topics", async () => {
    broker("a", [], { autoCreate: true });
    const watcher = watch();
    await settle();
    expect(watcher.written.map(({ brokers }) => brokers?.length)).to.deep.equal([1]);
  });

  it("hears a broker that does not read its answers no further until it does", () => {
    const stream = broker("a", ["t"]);
    expect(stream.paused).to.equal(false);
    stream.accepts = false;
    stream.hear(registerRequest({}));
    expect(stream.paused).to.equal(true);
    stream.drain();
    expect(stream.paused).to.equal(false);
  });

  it("refuses a watcher's topic name that is none", () => {
    expect(watch("a/b").failure).to.have.property("code", "BAD_REQUEST");
  });

  it("ends every stream and leaves no timer when it stops, also twice", async () => {
    const watcher = watch("t");
    const stream = broker("a", ["t"]);
    await server.stop();
    await server.stop();
    expect([watcher.ended, stream.ended]).to.deep.equal([true, true]);
    expect(clock.waiting).to.equal(0);
  });
});
