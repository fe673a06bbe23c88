import { expect } from "chai";
import type { Publisher } from "../../../client/sdk/publisher.js";
import type { Share } from "../../../client/sdk/route-table.js";
import { type Place, RoutePlaces } from "../../../client/sdk/send-route.js";
import { topic } from "../../../client/sdk/topic.js";
import { settle } from "../../../client/testing/test-clock.js";
import { Permission } from "../../../proto/gen/logwheel/v1/Permission.js";
import type { LogwheelError } from "../../../proto/kernel/errors.js";
import { FakeCluster } from "../../support/fake-cluster.js";

describe("RoutePlaces", () => {
  const share: Share = { broker: "a", queues: 2, readable: true, writable: true, goneMs: null };
  const places = new RoutePlaces((broker) => ({ broker }) as Publisher);
  const shown = (list: readonly Place[]): string[] =>
    list.map(({ publisher, queueId }) => `${publisher.broker} ${queueId}`);

  it("are the same for topics on the same brokers, and others once that has changed", () => {
    const first = places.of({ topic: "x", shares: [share] }, []);
    expect(places.of({ topic: "y", shares: [{ ...share }] }, [])).to.equal(first);
    expect(shown(first.inTurn)).to.deep.equal(["a 0", "a 1"]);
    const gone = places.of({ topic: "x", shares: [{ ...share, goneMs: 7 }] }, []);
    expect([gone.inTurn.length, shown(gone.keyed)]).to.deep.equal([0, ["a 0", "a 1"]]);
    const closed = places.of({ topic: "x", shares: [{ ...share, writable: false }] }, []);
    expect([closed.keyed.length, closed.forbidden]).to.deep.equal([0, true]);
    expect(shown(places.of({ topic: "x", shares: [{ ...share, queues: 3 }] }, []).inTurn)).to.have.length(3);
  });
});

describe("route of a send", () => {
  it("a topic without write permission is FORBIDDEN, not missing, until it has it", async () => {
    const cluster = new FakeCluster();
    const broker = cluster.broker("a", { autoCreate: true });
    const { names } = cluster;
    await cluster.routes.start({});
    names.permissions.set("orders", Permission.PERMISSION_READ);
    names.setTopic("orders", { a: 2 });
    const producer = cluster.producer();
    const code = (more: object = {}): Promise<string> =>
      producer.send({ topic: topic("orders"), body: Buffer.from("x"), ...more }).then(
        () => "ok",
        (thrown: LogwheelError) => `${thrown.code} ${thrown.sent} ${thrown.retryable}`,
      );
    const ways = [{}, { orderingKey: "k" }, { queueId: 1 }, { broker: "a" }];
    for (const way of ways) expect(await code(way)).to.equal("FORBIDDEN no false");
    expect(broker.stored).to.have.length(0);

    names.permissions.set("orders", Permission.PERMISSION_WRITE);
    names.tell("orders");
    await settle();
    for (const way of ways) expect(await code(way)).to.equal("ok");
    expect(broker.stored).to.have.length(4);
    await producer.close();
  });
});
