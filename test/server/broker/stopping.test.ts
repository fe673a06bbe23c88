import { expect } from "chai";
import { ConsumingBroker, quiet } from "../../support/consuming.js";

const EARLIEST = 1;

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

describe("members of a stopping broker", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  it("are told to go; it lets none in, and keeps what they acknowledge until the end", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 3);
    const a = await broker.join({ group: "g", from: EARLIEST });
    await a.credit(3);
    const drained = broker.groups.drain(20_000);
    await quiet();
    expect(a.heard.at(-1)).to.equal("draining");
    expect((await broker.join({ group: "g" })).code).to.equal("BROKER_STOPPING");
    await a.credit(3);
    await broker.sendNumbered(queue!, 1);
    expect(a.bodies, "gets nothing more").to.deep.equal(numbers(0, 3));
    await a.ack(0, 2);
    await broker.pass(10);
    expect(a.acked.at(-1)!.failures).to.deep.equal([]);
    await a.leave();
    await drained;
    const { groups } = broker;
    broker = await broker.restart();
    expect(groups.members).to.equal(0);
    expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 2 });
  });

  it("that do not go are waited for no longer than it may be", async () => {
    await broker.topic("t");
    await broker.join({ group: "g" });
    const since = broker.clock.monotonicMs();
    let waited = 0;
    const drained = broker.groups.drain(20_000).then(() => {
      waited = broker.clock.monotonicMs() - since;
    });
    await broker.pass(30_000);
    await drained;
    expect(waited).to.equal(20_000);
  });

  it("do not fail on what they do not finish", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 1);
    const shared = { group: "g", mode: 2, from: EARLIEST } as const;
    const a = await broker.join(shared);
    await a.credit(1);
    const drained = broker.groups.drain(20_000);
    await a.leave();
    await drained;
    broker = await broker.restart();
    const b = await broker.join(shared);
    await b.credit(1);
    expect(b.received.map(({ attempt }) => attempt)).to.deep.equal([1]);
  });

  it("leave no timer behind", async () => {
    await broker.topic("t", 4);
    for (const mode of [0, 2, 3] as const) await broker.join({ group: `g${mode}`, mode });
    await broker.groups.stop();
    await quiet();
    await broker.store.close();
    expect(broker.clock.waiting).to.equal(0);
    broker = await ConsumingBroker.open();
  });
});
