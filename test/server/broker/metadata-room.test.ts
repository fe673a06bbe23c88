import { expect } from "chai";
import { BROKER } from "../../../proto/kernel/contract.js";
import { ConsumingBroker } from "../../support/consuming.js";
import { outcome } from "../../support/raw-calls.js";
import { text } from "../../support/store.js";

const EARLIEST = 1;

describe("a broker whose metadata fills what segments have room for", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open({ segmentBytes: 64 << 10 });
  });
  afterEach(() => broker.close());

  /** Attributes until nothing more goes in. */
  async function crowd(): Promise<void> {
    for (let count = 0; !broker.store.crowded; count++)
      await broker.topics.create({
        name: `big-${count}`,
        queues: 1,
        type: 5,
        attributes: { a: "x".repeat(900) },
      });
  }

  /** Acknowledges without being a member. */
  async function ack(request: {
    queueId?: number;
    below?: number;
    ranges?: { start: number; end: number }[];
  }): Promise<string> {
    const asked = outcome(broker.channel.unary(BROKER.ack, { group: "known", topic: "t", ...request }));
    await broker.pass(50);
    return asked;
  }

  async function rollSegments(): Promise<void> {
    const [queue] = broker.topics.get("t").queues;
    const { segments } = broker.store.figures;
    while (broker.store.figures.segments < segments + 3) await broker.send(queue!, text("x".repeat(10_000)));
    expect(broker.store.failure).to.equal(undefined);
  }

  it("refuses what adds to it, with a way out, and goes on with all the rest", async () => {
    await broker.topic("t", 2);
    await broker.admin.create({
      group: { name: "known", ordered: false, maxAttempts: 0, assign: 0, paused: false },
    });
    expect(await ack({ below: 0 })).to.equal("ok");
    await crowd();
    const update = { setAttributes: {}, removeAttributes: [], dryRun: false };
    expect(await outcome(broker.topics.create({ name: "more", queues: 1, type: 5 }))).to.equal("THROTTLED");
    expect(await outcome(broker.topics.update({ ...update, name: "t", queues: 3 }))).to.equal("THROTTLED");
    expect(await outcome(broker.topics.update({ ...update, name: "t", setAttributes: { a: "b" } }))).to.equal(
      "THROTTLED",
    );
    const group = { name: "new", ordered: false, maxAttempts: 0, assign: 0 as const, paused: false };
    expect(await outcome(broker.admin.create({ group }))).to.equal("THROTTLED");
    expect((await broker.join({ group: "new" })).code).to.equal("THROTTLED");
    expect(await ack({ queueId: 1, below: 0 })).to.equal("THROTTLED");
    await rollSegments();
    expect(await ack({ below: 1 })).to.equal("ok");
    expect(await ack({ ranges: [{ start: 2, end: 3 }] })).to.equal("THROTTLED");
    expect(await outcome(broker.topics.update({ ...update, name: "t", permission: 1 }))).to.equal("ok");
    await broker.topics.delete("big-0", false);
    await broker.topics.delete("big-1", false);
    expect(await outcome(broker.topics.create({ name: "more", queues: 1, type: 5 }))).to.equal("ok");
  });

  it("takes no torn cursor further up until there is room again, and leaves whole ones alone", async () => {
    const [torn, whole] = await broker.topic("t", 2);
    await broker.sendNumbered(torn!, 300);
    const member = await broker.join({ group: "g", from: EARLIEST });
    await member.credit(200);
    for (let offset = 0; offset < 200; offset += 2) await member.nack(offset, { delayMs: 3_600_000 });
    await broker.pass(2_000);
    await crowd();
    await member.credit(1_000);
    await broker.sendNumbered(whole!, 10);
    const got = (queueId: number) => member.received.filter((each) => each.queueId === queueId).length;
    expect([got(0), got(1)]).to.deep.equal([200, 10]);
    for (let count = 0; broker.store.crowded; count++) await broker.topics.delete(`big-${count}`, false);
    await broker.sendNumbered(whole!, 1);
    expect([got(0), got(1)]).to.deep.equal([300, 11]);
  });
});
