import { expect } from "chai";
import type { Decision } from "../../../proto/gen/logwheel/v1/Decision.js";
import type {
  PublishRequest,
  PublishRequest__Output,
} from "../../../proto/gen/logwheel/v1/PublishRequest.js";
import { BROKER } from "../../../proto/kernel/contract.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { decodePublishReply } from "../../../proto/kernel/publish-reply.js";
import { parseMessageId } from "../../../proto/kernel/record.js";
import { firstReply } from "../../support/raw-calls.js";
import { Shop } from "../../support/shop.js";

describe("a decision that is none", () => {
  let s: Shop;
  let id: string;

  beforeEach(async () => {
    s = await Shop.open();
    id = await s.cluster.advance(s.half("x"));
  });
  afterEach(() => s.close());

  async function expectOpen(): Promise<void> {
    await s.restart();
    expect((await s.open()).map((open) => open.id)).to.deep.equal([id]);
    expect(await s.cluster.advance(s.settle(id, "commit"))).to.equal("done");
  }

  it("is refused by Settle, and nothing is stored", async () => {
    for (const decision of [0, 3, 77, 257])
      expect(await s.cluster.advance(s.settle(id, decision)), String(decision)).to.equal("BAD_REQUEST");
    await expectOpen();
  });

  it("is refused by Publish, and nothing is stored", async () => {
    const { logOffset, epoch } = parseMessageId(id)!;
    const frame = protoCodec<PublishRequest, PublishRequest__Output>("logwheel.v1.PublishRequest").encode({
      frame: 1,
      topics: ["payments"],
      entries: [{ transaction: logOffset, transactionEpoch: epoch, decision: 77 as Decision }],
    });
    const channel = s.cluster.network.connect("a:10911");
    const reply = await s.cluster.advance(firstReply(channel, BROKER.publish, frame as Buffer));
    channel.close();
    expect(decodePublishReply(reply).refusals.map(({ error }) => error.code)).to.deep.equal(["BAD_REQUEST"]);
    await expectOpen();
  });

  it("ends the Check stream on which it is answered, and nothing is stored", async () => {
    const channel = s.cluster.network.connect("a:10911");
    const stream = channel.open(BROKER.check);
    const ended = new Promise<unknown>((resolve) => stream.listen({ message: () => {}, close: resolve }));
    stream.write({ hello: { producerGroup: "shop" } });
    stream.write({ answer: { transactionId: id, topic: "payments", decision: 88 as Decision } });
    expect(LogwheelError.is(await s.cluster.advance(ended), "BAD_REQUEST")).to.equal(true);
    channel.close();
    await expectOpen();
  });
});
