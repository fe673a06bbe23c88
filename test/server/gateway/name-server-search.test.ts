import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { NameServerSearch } from "../../../server/gateway/name-server-search.js";
import { NameServers } from "../../../server/gateway/name-servers.js";
import { FakeChannel } from "../../support/fake-channel.js";

describe("the search for a name server", () => {
  let asked = 0;
  let up = false;
  let clock: TestClock;
  let search: NameServerSearch;

  beforeEach(async () => {
    [asked, up, clock] = [0, false, new TestClock()];
    const channel = new FakeChannel("x", () => {
      asked++;
      if (!up) throw new LogwheelError("BROKER_UNAVAILABLE", "down");
      return { brokers: [{}, {}] };
    });
    const nameServers = new NameServers([channel]);
    search = new NameServerSearch({ clock, logger: silentLogger, nameServers, addresses: ["x"] });
    await search.look();
  });

  it("goes on until one has answered, and no longer", async () => {
    expect(search.brokers).to.equal(undefined);
    up = true;
    await clock.advance(1_000);
    expect([search.brokers, asked]).to.deep.equal([2, 2]);
    await clock.advance(10_000);
    expect(asked).to.equal(2);
  });

  it("ends when the gateway stops", async () => {
    search.stop();
    await clock.advance(10_000);
    await settle();
    expect(asked).to.equal(1);
  });
});
