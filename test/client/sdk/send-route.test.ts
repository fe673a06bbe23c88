import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import { settle } from "../../../client/testing/test-clock.js";
import { Permission } from "../../../proto/gen/logwheel/v1/Permission.js";
import type { LogwheelError } from "../../../proto/kernel/errors.js";
import { FakeCluster } from "../../support/fake-cluster.js";

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
