import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import type { Topic__Output } from "../../../proto/gen/logwheel/v1/Topic.js";
import type { Channel } from "../../../proto/kernel/channel.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { NameServers } from "../../../server/gateway/name-servers.js";
import { TopicRoutes, type TopicShare } from "../../../server/gateway/topic-routes.js";

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
});
