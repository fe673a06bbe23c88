import { expect } from "chai";
import { Code } from "../../../proto/gen/apache/rocketmq/v2/Code.js";
import { MessageType } from "../../../proto/gen/apache/rocketmq/v2/MessageType.js";
import { BROKER } from "../../../proto/kernel/contract.js";
import { fnv1aOf } from "../../../proto/kernel/hash.js";
import { GatewayWorld } from "../../support/gateway-world.js";

describe("message groups over two brokers", () => {
  let world: GatewayWorld;

  beforeEach(async () => {
    world = await GatewayWorld.start(["a", "b"]);
    for (const broker of ["a", "b"]) await world.createTopic({ name: "orders" }, broker);
  });
  afterEach(() => world.close());

  /** With a queue on each, in the order of their names. */
  function groupOf(broker: "a" | "b"): string {
    for (let count = 0; ; count++)
      if (fnv1aOf(`g${count}`) % 2 === (broker === "a" ? 0 : 1)) return `g${count}`;
  }

  async function send(messageGroup: string): Promise<string | number | undefined> {
    const message = world.message("orders", "x", { messageGroup, messageType: MessageType.FIFO });
    return (await world.send(message)).status?.code;
  }

  async function endOf(broker: string): Promise<number> {
    const channel = world.cluster.network.connect(`${broker}:10911`);
    return (await world.ask(BROKER.seek, { topic: "orders", queueId: 0 }, channel)).endOffset;
  }

  it("wait for their queue while its broker is away, and go nowhere else", async () => {
    expect(await send(groupOf("a"))).to.equal(Code.OK);
    expect(await send(groupOf("b"))).to.equal(Code.OK);
    expect([await endOf("a"), await endOf("b")]).to.deep.equal([1, 1]);
    await world.cluster.stop("b");
    await world.cluster.clock.advance(5_000);
    // By then the gateway has heard that the broker is not in the routes any more.
    for (let count = 0; count < 3; count++) {
      expect(await send(groupOf("b"))).to.not.equal(Code.OK);
      await world.cluster.clock.advance(3_000);
    }
    expect(await send(groupOf("a"))).to.equal(Code.OK);
    expect(await endOf("a")).to.equal(2);
    await world.cluster.startBroker("b");
    await world.cluster.clock.advance(5_000);
    expect(await send(groupOf("b"))).to.equal(Code.OK);
    expect(await endOf("b")).to.equal(2);
  });
});
