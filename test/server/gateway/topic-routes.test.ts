import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import type { Topic__Output } from "../../../proto/gen/logwheel/v1/Topic.js";
import type { Channel } from "../../../proto/kernel/channel.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { NameServers } from "../../../server/gateway/name-servers.js";
import { TopicRoutes, type TopicShare } from "../../../server/gateway/topic-routes.js";
import { failure } from "../../support/refusal.js";

const TOPIC = { name: "orders" } as Topic__Output;
const OWN: TopicShare = { broker: "a", address: "here:0", topic: TOPIC };
const FAR: TopicShare = { broker: "b", address: "b:1", topic: TOPIC };

describe("routes of the gateway", () => {
  it("wait once for name servers that do not answer, and go on with the own broker until one does", async () => {
    const clock = new TestClock();
    let answers = false;
    let asked = 0;
    const silent = {
      unary: async () => {
        asked++;
        await clock.sleep(3_000);
        if (!answers) throw new LogwheelError("TIMEOUT", "no answer came in time");
        const shares = [OWN, FAR].map(({ broker, topic }) => ({ broker, topic }));
        const brokers = [OWN, FAR].map(({ broker, address }) => ({ name: broker, address }));
        return { routes: [{ topic: "orders", shares }], brokers };
      },
    } as unknown as Channel;
    const routes = new TopicRoutes({ clock, nameServers: new NameServers([silent, silent]), own: () => OWN });
    const first = routes.of("orders");
    await clock.advance(6_000);
    expect(await first).to.deep.equal([OWN]);
    for (let turn = 0; turn < 5; turn++) expect(await routes.of("orders")).to.deep.equal([OWN]);
    expect(asked).to.equal(3);
    answers = true;
    await clock.advance(6_000);
    expect(await routes.of("orders")).to.deep.equal([OWN, FAR]);
  });

  describe("by ordering key", () => {
    let clock: TestClock;
    let shares: readonly TopicShare[];
    let silent: boolean;
    let routes: TopicRoutes;
    const brokersOf = async () => (await routes.keyed("orders")).map(({ broker }) => broker);

    beforeEach(() => {
      clock = new TestClock();
      shares = [OWN, FAR];
      silent = false;
      const names = {
        unary: async () => {
          if (silent) throw new LogwheelError("TIMEOUT", "no answer came in time");
          return {
            routes: [{ topic: "orders", shares: shares.map(({ broker, topic }) => ({ broker, topic })) }],
            brokers: shares.map(({ broker, address }) => ({ name: broker, address })),
          };
        },
      } as unknown as Channel;
      routes = new TopicRoutes({ clock, nameServers: new NameServers([names]), own: () => OWN });
    });

    /** What is known is asked for again after a while, beside the answer. */
    async function refreshed(ms = 3_000): Promise<void> {
      await clock.advance(ms);
      await routes.of("orders");
      await settle();
    }

    it("are those of a broker that has left, too, for a minute", async () => {
      expect(await brokersOf()).to.deep.equal(["a", "b"]);
      shares = [OWN];
      await refreshed();
      expect(await routes.of("orders")).to.deep.equal([OWN]);
      expect(await brokersOf()).to.deep.equal(["a", "b"]);
      await refreshed(55_000);
      expect(await brokersOf()).to.deep.equal(["a", "b"]);
      await refreshed(6_000);
      expect(await brokersOf()).to.deep.equal(["a"]);
      shares = [OWN, FAR];
      await refreshed();
      await refreshed();
      expect(await brokersOf()).to.deep.equal(["a", "b"]);
    });

    it("are not known as long as no name server has answered", async () => {
      silent = true;
      expect(await routes.of("orders")).to.deep.equal([OWN]);
      const refused = await failure(routes.keyed("orders"));
      expect([refused.code, refused.message]).to.deep.equal([
        "BROKER_UNAVAILABLE",
        "no name server has said yet which brokers have topic orders: which queue a message group has is not known",
      ]);
      silent = false;
      await refreshed();
      expect(await brokersOf()).to.deep.equal(["a", "b"]);
    });
  });
});
