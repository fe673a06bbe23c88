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

  it("are one for each address, for calls and streams", () => {
    expect(brokers.at("a:1")).to.equal(brokers.at("a:1"));
    expect(brokers.at("b:1")).to.not.equal(brokers.at("a:1"));
    brokers.open("a:1", BROKER.check);
    expect(made.map(({ streams }) => streams.length)).to.deep.equal([1, 0]);
  });

  it("are all closed at the end", () => {
    for (const address of ["a:1", "b:1"]) brokers.at(address);
    brokers.close();
    expect(made.map(({ closed }) => closed)).to.deep.equal([true, true]);
  });
});
