import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import type { RegisterRequest } from "../../../proto/gen/logwheel/v1/RegisterRequest.js";
import type { Topic } from "../../../proto/gen/logwheel/v1/Topic.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { Registration, type RegistrationSource } from "../../../server/broker/registration.js";
import { FakeChannel } from "../../support/fake-channel.js";

const refused = new LogwheelError("BROKER_UNAVAILABLE", "connection refused");

describe("Registration", () => {
  let clock: TestClock;
  let channels: FakeChannel[];
  let topics: Topic[];
  let changed: (topics: Topic[], deleted: string[]) => void;
  let registration: Registration;

  const source: RegistrationSource = {
    info: () => ({ name: "a", address: "a:1", epoch: 3 }),
    topics: () => topics,
    onTopicsChanged: (listener) => {
      changed = listener;
      return () => {
        changed = () => {};
      };
    },
  };

  function registrationAt(...addresses: string[]): Registration {
    channels = addresses.map((address) => new FakeChannel(address));
    const connect = (address: string): FakeChannel =>
      channels.find((channel) => channel.address === address)!;
    const random = (): number => 1;
    return new Registration({
      addresses,
      source,
      connect,
      clock,
      random,
      logger: silentLogger,
      heartbeatMs: 3_000,
    });
  }

  /** What the newest stream to a name server was told. */
  function told(server = 0): RegisterRequest[] {
    return channels[server]?.streams.at(-1)?.written ?? [];
  }

  function answer(server = 0): void {
    channels[server]?.streams.at(-1)?.hear({ serial: told(server).at(-1)?.serial });
  }

  beforeEach(() => {
    clock = new TestClock();
    topics = [{ name: "t", queues: 4 }];
    registration = registrationAt("ns1:1", "ns2:1");
  });

  async function start(): Promise<void> {
    const starting = registration.start();
    for (const i of channels.keys()) answer(i);
    await starting;
  }

  it("tells every name server everything, and has started when all have answered (A14-05)", async () => {
    let started = false;
    const starting = registration.start().then(() => {
      started = true;
    });
    answer(0);
    await settle();
    expect(started).to.equal(false);
    answer(1);
    await starting;
    for (const i of [0, 1]) {
      expect(told(i)).to.deep.equal([{ serial: 1, full: true, broker: source.info(), topics }]);
    }
    expect(registration.status()).to.deep.equal([
      { address: "ns1:1", connected: true },
      { address: "ns2:1", connected: true },
    ]);
  });

  it("starts although no name server is there, and tries again for ever (A14-05)", async () => {
    const starting = registration.start();
    for (const { streams } of channels) streams[0]?.close(refused);
    await starting;
    expect(registration.status().map(({ connected }) => connected)).to.deep.equal([false, false]);
    for (let i = 0; i < 20; i++) {
      await clock.advance(3_000);
      channels[0]?.streams.at(-1)?.close(refused);
    }
    expect(channels[0]?.streams.length).to.be.above(15);
    await clock.advance(3_000);
    answer(0);
    expect(registration.status()[0]).to.deep.equal({ address: "ns1:1", connected: true });
  });

  it("does not wait longer than 3 s for a name server that says nothing", async () => {
    const starting = registration.start();
    answer(0);
    await clock.advance(3_000);
    await starting;
    expect(registration.status().map(({ connected }) => connected)).to.deep.equal([true, false]);
  });

  it("shows every 3 s that it lives", async () => {
    await start();
    await clock.advance(3_000);
    await clock.advance(3_000);
    expect(told().slice(1)).to.deep.equal([{ serial: 2 }, { serial: 3 }]);
  });

  it("takes a name server that does not answer for dead and opens a new stream", async () => {
    await start();
    await clock.advance(20_000);
    expect(channels[0]?.streams[0]?.failure).to.have.property("code", "TIMEOUT");
    expect(channels[0]?.streams.length).to.be.above(1);
    expect(told()[0]).to.include({ full: true });
  });

  it("tells changes, and says when every connected name server has them", async () => {
    await start();
    channels[1]?.streams[0]?.close(refused);
    changed([{ name: "u", queues: 2 }], ["t"]);
    expect(told().at(-1)).to.deep.equal({ serial: 2, topics: [{ name: "u", queues: 2 }], deleted: ["t"] });
    let known = false;
    const waiting = registration.registered().then(() => {
      known = true;
    });
    await settle();
    expect(known).to.equal(false);
    answer(0);
    await waiting;
    expect(clock.monotonicMs()).to.equal(0);
  });

  it("does not wait longer than 1 s for a change to be known", async () => {
    await start();
    changed([{ name: "u", queues: 2 }], []);
    const waiting = registration.registered();
    await clock.advance(1_000);
    await waiting;
    expect(registration.status()[0]?.connected).to.equal(true);
  });

  it("waits for nobody when no name server is connected", async () => {
    const starting = registration.start();
    for (const { streams } of channels) streams[0]?.close(refused);
    await starting;
    await registration.registered();
    expect(clock.monotonicMs()).to.equal(0);
  });

  it("tells everything anew on a new stream, as it is then", async () => {
    await start();
    channels[0]?.streams[0]?.close(refused);
    topics = [{ name: "later", queues: 1 }];
    changed(topics, ["t"]);
    await clock.advance(100);
    expect(told()).to.deep.equal([{ serial: 1, full: true, broker: source.info(), topics }]);
  });

  it("tells everything when a stream that was full takes more again", async () => {
    await start();
    const stream = channels[0]?.streams[0];
    stream!.accepts = false;
    changed([{ name: "u" }], []);
    changed([{ name: "v" }], []);
    topics = [{ name: "t" }, { name: "u" }, { name: "v" }];
    expect(told()).to.have.length(2);
    stream?.drain();
    expect(told()).to.have.length(3);
    expect(told()[2]).to.deep.equal({ serial: 3, full: true, broker: source.info(), topics });
  });

  it("leaves the routes before it stops, and leaves no timer", async () => {
    await start();
    const stopping = registration.stop();
    expect(told(0).at(-1)).to.deep.equal({ serial: 2, stopping: true });
    answer(0);
    answer(1);
    await stopping;
    expect(channels.map(({ closed }) => closed)).to.deep.equal([true, true]);
    expect(channels.map(({ streams }) => streams[0]?.ended)).to.deep.equal([true, true]);
    await settle();
    expect(clock.waiting).to.equal(0);
    await registration.stop();
  });

  it("stops within 1 s though a name server does not answer", async () => {
    await start();
    const stopping = registration.stop();
    await clock.advance(1_000);
    await stopping;
    expect(clock.waiting).to.equal(0);
  });

  it("stops at once between two tries", async () => {
    const starting = registration.start();
    for (const { streams } of channels) streams[0]?.close(refused);
    await starting;
    await registration.stop();
    await settle();
    expect(clock.waiting).to.equal(0);
  });
});
