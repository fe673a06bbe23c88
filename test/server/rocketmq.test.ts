import { expect } from "chai";
import { openGatewayWarning } from "../../server/rocketmq.js";

describe("a broker's gateway", () => {
  const OPEN = { listen: "0.0.0.0:10911", rocketmq: true, rocketmqAccessKey: null };

  it("is warned of when everybody in the network may use it, with what to do", () => {
    expect(openGatewayWarning(OPEN)).to.match(
      /^whoever reaches 0\.0\.0\.0:10911 .* set rocketmqAccessKey and rocketmqAccessSecret/,
    );
  });

  it("is not when it is off, asks for signatures, or listens on loopback", () => {
    expect(openGatewayWarning({ ...OPEN, rocketmq: false })).to.equal(null);
    expect(openGatewayWarning({ ...OPEN, rocketmqAccessKey: "ak" })).to.equal(null);
    expect(openGatewayWarning({ ...OPEN, listen: "127.0.0.1:10911" })).to.equal(null);
  });
});
