import { expect } from "chai";
import { formatAddress, isLoopback, isWildcard, parseAddress } from "../../../proto/kernel/address.js";

describe("addresses", () => {
  const good: [string, string, number][] = [
    ["127.0.0.1:9876", "127.0.0.1", 9876],
    ["broker-1.example.com:10911", "broker-1.example.com", 10_911],
    ["[::1]:0", "::1", 0],
  ];
  for (const [text, host, port] of good) {
    it(`reads ${text} and writes it back`, () => {
      expect(parseAddress(text)).to.deep.equal({ host, port });
      expect(formatAddress({ host, port })).to.equal(text);
    });
  }

  for (const text of [
    "",
    "9876",
    ":9876",
    "host",
    "host:",
    "host:65536",
    "::1:9876",
    "http://host:1",
    "a b:1",
    "h:1/",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseAddress(text)).to.throw("is not an address such as");
    });
  }

  it("knows the addresses that stay on this machine and those that mean every interface", () => {
    expect(["localhost", "127.0.0.1", "127.9.9.9", "::1"].map(isLoopback)).to.not.include(false);
    expect(["10.0.0.1", "127.0.0.1.example.com", "0.0.0.0"].map(isLoopback)).to.not.include(true);
    expect(["0.0.0.0", "::"].map(isWildcard)).to.not.include(false);
    expect(isWildcard("127.0.0.1")).to.equal(false);
  });
});
