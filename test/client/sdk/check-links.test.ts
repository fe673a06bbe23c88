import { expect } from "chai";
import { CheckLinks } from "../../../client/sdk/check-links.js";
import type { CheckReply } from "../../../proto/gen/logwheel/v1/CheckReply.js";
import type { CheckRequest__Output } from "../../../proto/gen/logwheel/v1/CheckRequest.js";
import type { Question__Output } from "../../../proto/gen/logwheel/v1/Question.js";
import type { Stream } from "../../../proto/kernel/channel.js";
import { BROKER, SERVICE_NAME } from "../../../proto/kernel/contract.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { FakeCluster } from "../../support/fake-cluster.js";
import { fakeService } from "../../support/fake-service.js";

/** What brokers hear on their `Check` streams, and what they say. */
class Brokers {
  readonly cluster = new FakeCluster();
  readonly heard: string[] = [];
  readonly streams: { name: string; stream: Stream<CheckReply, CheckRequest__Output> }[] = [];
  readonly broken: LogwheelError[] = [];
  readonly asked: { question: Question__Output; answer: (decision: number) => void }[] = [];
  welcomes = true;
  answersPings = true;
  links!: CheckLinks;

  serve(name: string): void {
    this.cluster.names.addBroker(name);
    this.cluster.network.serve(`${name}:10911`, [
      fakeService(SERVICE_NAME.BROKER, BROKER, { check: (stream) => this.#check(name, stream) }),
    ]);
  }

  #check(name: string, stream: Stream<CheckReply, CheckRequest__Output>): void {
    const open = { name, stream };
    this.streams.push(open);
    const gone = (): void => {
      const at = this.streams.indexOf(open);
      if (at >= 0) this.streams.splice(at, 1);
    };
    stream.listen({
      message: (request) => {
        if (request.request !== "ping") this.heard.push(`${name} ${request.request}`);
        if (request.request === "hello" && this.welcomes)
          stream.write({ welcome: { member: "m", heartbeatMs: 100, expiryMs: 350 } });
        if (request.request === "ping" && this.answersPings) stream.write({ pong: {} });
      },
      end: () => {
        stream.end();
        gone();
      },
      close: gone,
    });
  }

  connect(topics: readonly string[] = ["orders"]): void {
    const { cluster } = this;
    this.links = new CheckLinks(
      {
        group: "g",
        host: "h",
        connections: cluster.connections,
        routes: cluster.routes,
        clock: cluster.clock,
        random: cluster.random,
        asked: (question, answer) => void this.asked.push({ question, answer }),
        broken: (error) => void this.broken.push(error),
      },
      topics,
    );
  }

  get connected(): string[] {
    return this.streams.map(({ name }) => name).sort();
  }
}

describe("links for questions about transactions", () => {
  let b: Brokers;

  beforeEach(() => {
    b = new Brokers();
    b.serve("a");
    b.serve("b");
    b.cluster.names.setTopic("orders", { a: 1 });
  });

  afterEach(() => b.links.close());

  it("go to every broker that has one of the topics, follow those that get one and leave those that lose it", async () => {
    await b.cluster.routes.start({});
    b.connect(["orders", "mails"]);
    await b.cluster.clock.advance(500);
    expect(b.connected).to.deep.equal(["a"]);
    b.cluster.names.setTopic("mails", { b: 2 });
    await b.cluster.clock.advance(2_000);
    expect(b.connected).to.deep.equal(["a", "b"]);
    b.cluster.names.setTopic("orders", { b: 1 });
    await b.cluster.clock.advance(70_000);
    expect(b.connected).to.deep.equal(["b"]);
    b.links.close();
    await b.cluster.clock.advance(10);
    expect(b.connected).to.deep.equal([]);
  });

  it("are opened again when a connection breaks, with a new hello", async () => {
    b.connect();
    await b.cluster.clock.advance(500);
    b.cluster.network.cut("a:10911");
    await b.cluster.clock.advance(5_000);
    expect(b.connected).to.deep.equal([]);
    b.cluster.network.heal("a:10911");
    await b.cluster.clock.advance(2_000);
    expect(b.connected).to.deep.equal(["a"]);
    expect(b.heard).to.deep.equal(["a hello", "a hello"]);
    expect(b.broken.length).to.be.greaterThan(2);
  });

  it("are given up and opened again when a broker is silent for too long", async () => {
    b.connect();
    await b.cluster.clock.advance(500);
    b.answersPings = false;
    await b.cluster.clock.advance(460);
    expect(b.broken.map(({ message }) => message)).to.deep.equal(["broker a is silent"]);
    b.answersPings = true;
    await b.cluster.clock.advance(2_000);
    expect(b.connected).to.deep.equal(["a"]);
    expect(b.broken.length).to.equal(1);
  });

  it("that a broker turns away are tried again at growing intervals", async () => {
    b.welcomes = false;
    b.connect();
    await b.cluster.clock.advance(500);
    for (let turn = 0; turn < 100; turn++) {
      for (const { stream } of [...b.streams]) stream.fail(new LogwheelError("BROKER_STOPPING", "not now"));
      await b.cluster.clock.advance(100);
    }
    expect(b.broken.every(({ code }) => code === "BROKER_STOPPING")).to.equal(true);
    expect(b.broken.length).to.be.within(8, 60);
  });

  it("an answer for a stream that is gone goes nowhere: the broker asks again", async () => {
    b.connect();
    await b.cluster.clock.advance(500);
    b.streams[0]!.stream.write({ question: { transactionId: "a-1-4096", topic: "orders", times: 1 } });
    await b.cluster.clock.advance(10);
    const [{ question, answer }] = b.asked as [(typeof b.asked)[0]];
    expect(question).to.include({ transactionId: "a-1-4096", topic: "orders", times: 1 });
    b.cluster.network.cut("a:10911");
    await b.cluster.clock.advance(10);
    b.cluster.network.heal("a:10911");
    await b.cluster.clock.advance(2_000);
    answer(1);
    await b.cluster.clock.advance(100);
    expect(b.heard).to.deep.equal(["a hello", "a hello"]);
  });

  it("ask for the routes until a name server answers, and stop when they are closed", async () => {
    b.cluster.network.cut("names:9876");
    b.connect();
    await b.cluster.clock.advance(10_000);
    expect(b.broken.length).to.be.greaterThan(2);
    b.cluster.network.heal("names:9876");
    await b.cluster.clock.advance(20_000);
    expect(b.connected).to.deep.equal(["a"]);
    b.links.close();
    const told = b.broken.length;
    await b.cluster.clock.advance(60_000);
    expect(b.broken.length).to.equal(told);
  });
});
