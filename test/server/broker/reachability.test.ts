import { expect } from "chai";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { type ReachabilityOptions, reachabilityWarning } from "../../../server/broker/reachability.js";
import { FakeChannel } from "../../support/fake-channel.js";

describe("reachability of a broker under its own address", () => {
  function options(answer: () => unknown, parts: Partial<ReachabilityOptions> = {}): ReachabilityOptions {
    const connect = (address: string): FakeChannel => new FakeChannel(address, answer);
    const addresses = { listen: "0.0.0.0:10911", advertise: "b1.example.com:10911" };
    return { name: "a", startedAtMs: 5, ...addresses, connect, ...parts };
  }

  it("has nothing to say when this broker answers", async () => {
    expect(await reachabilityWarning(options(() => ({ name: "a", startedAtMs: 5 })))).to.equal(null);
  });

  it("warns when nobody answers, and says what to set", async () => {
    const warning = await reachabilityWarning(
      options(() => {
        throw new LogwheelError("BROKER_UNAVAILABLE", "connection refused");
      }),
    );
    expect(warning).to.include(
      "clients are sent to b1.example.com:10911, but this broker cannot reach itself there",
    );
    expect(warning).to.include("connection refused").and.include("set --advertise");
  });

  it("warns when another broker answers", async () => {
    const warning = await reachabilityWarning(options(() => ({ name: "b", startedAtMs: 5 })));
    expect(warning).to.include("another broker answers, called b");
  });

  it("warns when another process of the same name answers", async () => {
    const warning = await reachabilityWarning(options(() => ({ name: "a", startedAtMs: 4 })));
    expect(warning).to.include("another broker answers, called a");
  });

  it("warns when others are sent to their own machine", async () => {
    const parts = { advertise: "127.0.0.1:10911" };
    const warning = await reachabilityWarning(options(() => ({ name: "a", startedAtMs: 5 }), parts));
    expect(warning).to.include("which means their own machine");
  });

  it("takes loopback for right where the broker listens on loopback alone", async () => {
    const parts = { listen: "127.0.0.1:10911", advertise: "127.0.0.1:10911" };
    expect(await reachabilityWarning(options(() => ({ name: "a", startedAtMs: 5 }), parts))).to.equal(null);
  });
});
