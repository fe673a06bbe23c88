import { expect } from "chai";
import type { ListDelayedRequest } from "../../../proto/gen/logwheel/v1/ListDelayedRequest.js";
import type { Clock } from "../../../proto/kernel/clock.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { Forwarding } from "../../../server/broker/forwarding.js";
import { TOPIC_TYPE } from "../../../server/broker/topics.js";
import { DelayWorld } from "../../support/delay-world.js";
import { codeOf, failure } from "../../support/refusal.js";
import { append, SEGMENT_BYTES, text } from "../../support/store.js";

const DAY = 86_400_000;
const NOTHING = { topic: "later", key: "", fromMs: 0, toMs: 0, after: "", afterDueAtMs: 0, max: 0 };

describe("Forwarding", () => {
  let world: DelayWorld;

  beforeEach(async () => {
    world = await DelayWorld.withTopic({ dueChangesKept: 4 });
  });
  afterEach(() => world.close());

  async function list(request: Partial<ListDelayedRequest> = {}): Promise<string[]> {
    const all = { ...NOTHING, ...request } as Parameters<typeof world.admin.listDelayed>[0];
    return (await world.admin.listDelayed(all)).messages!.map(({ handle }) => handle!);
  }

  async function stateOf(id: string): Promise<unknown[]> {
    const { state, dueAtMs, record } = await world.messages.get({ id, topic: "", queueId: 0, offset: 0 });
    return [state, dueAtMs, record?.message?.body?.toString()];
  }

  it("what is delivered soon is waited for, not copied", async () => {
    await world.send(text("soon", { delayMs: 30_000 }));
    await world.send(text("late", { delayMs: DAY }));
    await world.fill(1);
    await world.advance(30_000 - 1);
    await world.fill(2);
    await world.keep(2);
    expect(world.due.delayFigures()).to.include({ pending: 2, copied: 1 });
    expect(world.store.figures.logStart).to.equal(0);
    await world.advance(1);
    await world.keep(2);
    expect(world.due.delayFigures()).to.include({ pending: 1, copied: 1 });
    expect(world.store.figures.logStart).to.be.above(0);
    expect(await world.bodies()).to.deep.equal(["soon"]);
  });

  it("a segment that is mostly pending stays until what lies behind it makes up for it", async () => {
    while (world.store.figures.segments < 3) await world.send(text("y".repeat(2_000), { delayMs: DAY }));
    const { pending } = world.store.due;
    await world.fill(1);
    await world.keep(2);
    expect([world.due.delayFigures().copied, world.store.figures.segments]).to.deep.equal([0, 4]);
    await world.fill(3);
    await world.keep(2);
    expect(world.due.delayFigures()).to.include({ copied: pending, pending });
    expect(world.store.figures.segments).to.be.below(7);
    await world.advance(DAY);
    expect(world.store.due.pending).to.equal(0);
    expect((await world.arrived()).filter(({ message }) => message.body[0] === 121)).to.have.length(pending);
  });

  it("what is pending in a segment that stays is counted again only when enough was settled", async () => {
    const handles: string[] = [];
    while (world.store.figures.segments < 3)
      handles.push((await world.send(text("y".repeat(2_000), { delayMs: DAY }))).messageId!);
    await world.fill(1);
    await world.keep(2);
    let scans = 0;
    world.views.before = ({ call }) => {
      if (call === "scan") scans++;
    };
    await world.keep(2);
    expect([scans, world.store.figures.segments]).to.deep.equal([0, 4]);
    for (const handle of handles) await world.change(handle, "CANCEL");
    const before = world.store.figures.logStart;
    await world.keep(2);
    expect(world.store.figures.logStart).to.be.above(before);
    expect(world.due.delayFigures().copied).to.equal(0);
  });

  it("a half is copied whenever it is due: that is when its producer is asked, not when it goes", async () => {
    await world.send(text("a", { producerGroup: "shop" }), { half: true });
    const { messageId } = await world.send(text("b", { delayMs: DAY }));
    await world.fill(1);
    const [segment] = await world.store.sealed.list();
    const { forwarding } = world.due;
    const never = new AbortController().signal;
    expect(await forwarding.clear(segment!, 1e15, never)).to.equal(false);
    expect(world.due.delayFigures().copied).to.equal(1);
    await world.change(messageId!, "CANCEL");
    expect(await forwarding.clear(segment!, 1e15, never)).to.equal(true);
  });

  it("stops between two groups when retention does, and says that something is left", async () => {
    await world.send(text("b", { delayMs: DAY }));
    await world.fill(1);
    const [segment] = await world.store.sealed.list();
    expect(await world.due.forwarding.clear(segment!, 0, AbortSignal.abort())).to.equal(false);
    expect(world.due.delayFigures().copied).to.equal(0);
  });

  it("takes half of the time while nobody else appends, and of the bytes while others do", async () => {
    for (let count = 0; count < 20; count++) await world.send(text("y".repeat(2_000), { delayMs: DAY }));
    await world.fill(1);
    const [segment] = await world.store.sealed.list();
    const { store } = world;
    const { counters, transactions } = world.due;
    const slept: number[] = [];
    let ms = 0;
    const sleep = async (delayMs: number): Promise<void> => void slept.push(delayMs);
    const clock = { monotonicMs: () => ms, sleep } as unknown as Clock;
    const { open } = transactions;
    const forwarding = new Forwarding({ store, clock, logger: silentLogger, counters, open });
    const never = new AbortController().signal;
    const settled = store.whenSettled.bind(store);
    store.whenSettled = () => {
      ms += 7;
      return settled();
    };
    expect(await forwarding.clear(segment!, 0, never)).to.equal(true);
    expect([...new Set(slept)]).to.deep.equal([7]);
    expect(slept.length).to.be.above(1);
    slept.length = 0;
    await world.fill(1);
    const copies = (await world.store.sealed.list()).at(-1);
    store.whenSettled = () => {
      ms += 7;
      for (let count = 0; count < 2; count++)
        append(store, world.topics.get("later").queues[0]!, [text("z".repeat(20_000))]);
      return settled();
    };
    expect(await forwarding.clear(copies!, 0, never)).to.equal(true);
    expect(counters.copied).to.be.above(20);
    expect(slept).to.deep.equal([]);
  });

  it("what cannot be read stays, with an event, once", async () => {
    await world.send(text("b", { delayMs: DAY }));
    await world.fill(1);
    const [segment] = await world.store.sealed.list();
    const { store, clock } = world;
    const said: string[] = [];
    const logger = { ...silentLogger, error: (_fields: object, message: string) => void said.push(message) };
    const { counters, transactions } = world.due;
    const forwarding = new Forwarding({ store, clock, logger, counters, open: transactions.open });
    store.lookup.near = () => Promise.reject(new Error("EIO"));
    for (let round = 0; round < 2; round++)
      expect(await forwarding.clear(segment!, 0, new AbortController().signal)).to.equal(false);
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/cannot be read/);
  });

  it("more than may be pending is refused, with what, how much, and which setting", async () => {
    await world.close();
    world = await DelayWorld.withTopic({ pendingBytesMax: 3 * 1_100 });
    const deferred = text("y".repeat(1_000), { delayMs: DAY, producerGroup: "shop" });
    for (let count = 0; count < 2; count++) await world.send(deferred);
    await world.send(deferred, { half: true });
    for (const half of [false, true]) {
      const refused = await failure(world.send(deferred, { half }));
      expect(refused.code).to.equal("THROTTLED");
      expect(refused.message).to.match(
        /delayed and half messages of 0\.0 MiB .* limit is 0\.0 MiB: half of it/,
      );
    }
    await world.send(text("at once"));
    world = await world.killed();
    expect(await codeOf(world.send(deferred))).to.equal("THROTTLED");
    const [handle] = await list();
    expect(await world.change(handle!, "CANCEL")).to.equal("done");
    await world.send(deferred);
  });

  it("topics that are gone, and messages of any size that a broker takes, are no exception", async () => {
    await world.topics.create({ name: "gone", queues: 1, type: TOPIC_TYPE.mixed });
    await world.send(text("gone", { delayMs: DAY }), { topic: "gone" });
    let largest = 1;
    while (world.store.fits(88 + largest + 400)) largest += 200;
    const { messageId } = await world.send(text("z".repeat(largest), { delayMs: DAY }));
    await world.topics.delete("gone", false);
    await world.fill(4);
    await world.keep(2);
    expect(world.due.delayFigures()).to.include({ pending: 2, copied: 2 });
    expect(world.store.figures.logStart).to.be.above(SEGMENT_BYTES - 1);
    await world.advance(DAY);
    expect(await stateOf(messageId!)).to.include("delivered");
  });
});
