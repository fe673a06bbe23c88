import { expect } from "chai";
import { BROKER } from "../../../proto/kernel/contract.js";
import { BrokerChannels } from "../../../server/gateway/brokers.js";
import { FakeChannel } from "../../support/fake-channel.js";

describe("channels to brokers", () => {
  let made: FakeChannel[];
  let brokers: BrokerChannels;

  beforeEach(() => {
    made = [];
    brokers = new BrokerChannels((address) => {
      const channel = new FakeChannel(address);
      made.push(channel);
      return channel;
    });
  });

  const open = (count: number, address = "a:1"): void => {
    for (let index = 0; index < count; index++)
      brokers.open(address, BROKER.check).listen({ message: () => {}, close: () => {} });
  };
  const streams = (): number[] => made.map((channel) => channel.streams.length);

  it("are one for all calls of an address", () => {
    expect(brokers.at("a:1")).to.equal(brokers.at("a:1"));
    expect(brokers.at("b:1")).to.not.equal(brokers.at("a:1"));
  });

  it("have no more streams than a broker lets a connection have, and none beside calls", () => {
    open(150);
    open(1, "b:1");
    expect(brokers.at("a:1")).to.equal(made[0]);
    expect(streams()).to.deep.equal([0, 64, 64, 22, 0, 1]);
  });

  it("have room again for as many streams as are over", () => {
    open(64);
    for (const stream of made[1]!.streams.slice(0, 10)) stream.close(null);
    open(10);
    expect(streams()).to.deep.equal([0, 74]);
    open(1);
    expect(streams()).to.deep.equal([0, 74, 1]);
  });

  it("are all closed at the end", () => {
    open(65);
    brokers.close();
    expect(made.map(({ closed }) => closed)).to.deep.equal([true, true, true]);
  });
});
