import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import type { CountDelayedRequest } from "../../../proto/gen/logwheel/v1/CountDelayedRequest.js";
import type { ListDelayedRequest } from "../../../proto/gen/logwheel/v1/ListDelayedRequest.js";
import { TOPIC_TYPE } from "../../../server/broker/topics.js";
import { DelayWorld } from "../../support/delay-world.js";
import { codeOf } from "../../support/refusal.js";
import { text } from "../../support/store.js";

const NOTHING = { topic: "", key: "", fromMs: 0, toMs: 0, after: "", afterDueAtMs: 0, max: 0 };

describe("delayed messages, for administrators", () => {
  let world: DelayWorld;
  let startMs: number;

  beforeEach(async () => {
    world = await DelayWorld.withTopic({ dueChangesKept: 20 });
    await world.topics.create({ name: "other", queues: 2, type: TOPIC_TYPE.delay });
    startMs = world.clock.nowMs();
  });
  afterEach(() => world.close());

  function list(request: Partial<ListDelayedRequest> = {}) {
    return world.admin.listDelayed({ ...NOTHING, ...request } as Parameters<
      typeof world.admin.listDelayed
    >[0]);
  }

  function count(request: Partial<CountDelayedRequest>) {
    const all = { topic: "", fromMs: startMs, stepMs: 1_000, buckets: 10, ...request };
    return world.admin.countDelayed(all as Parameters<typeof world.admin.countDelayed>[0]);
  }

  /** All pages of a listing, each of so many. */
  async function pages(max: number, request: Partial<ListDelayedRequest> = {}): Promise<number[]> {
    const dueAtMs: number[] = [];
    for (let at: Partial<ListDelayedRequest> = {}; ; ) {
      const { messages, more } = await list({ ...request, ...at, max });
      expect(messages!.length).to.be.at.most(max);
      dueAtMs.push(...messages!.map((message) => (message.dueAtMs as number) - startMs));
      if (!more) return dueAtMs;
      const last = messages!.at(-1)!;
      at = { after: last.handle!, afterDueAtMs: last.dueAtMs! };
    }
  }

  it("lists what is pending in due order, by topic and window, with what it takes to change it", async () => {
    await world.send(text("b", { delayMs: 2_000, tag: "t" }));
    await world.send(text("a", { delayMs: 1_000 }), { topic: "other", queueId: 1 });
    const { messages, more } = await list();
    expect(more).to.equal(false);
    expect(messages!.map(({ topic, queueId, dueAtMs }) => [topic, queueId, dueAtMs])).to.deep.equal([
      ["other", 1, startMs + 1_000],
      ["later", 0, startMs + 2_000],
    ]);
    expect(messages![1]!.record!.message!.tag).to.equal("t");
    expect((await list({ topic: "later" })).messages).to.have.length(1);
    expect((await list({ fromMs: startMs + 2_000 })).messages).to.have.length(1);
    expect((await list({ toMs: startMs + 2_000 })).messages).to.have.length(1);
    expect(await world.change(messages![0]!.handle!, "CANCEL")).to.equal("done");
    expect((await list()).messages).to.have.length(1);
  });

  it("gives pages that are all there is, whether it is written to the views or not", async () => {
    const random = seeded(2);
    const delays = Array.from({ length: 300 }, () => 1_000 + Math.floor(random() * 50));
    for (const delayMs of delays) await world.send(text("a", { delayMs, keys: ["k"] }));
    delays.sort((a, b) => a - b);
    expect(await pages(7)).to.deep.equal(delays);
    expect(await pages(300)).to.deep.equal(delays);
    expect(await pages(7, { topic: "later", key: "k" })).to.deep.equal(delays);
    const some = delays.filter((delayMs) => delayMs >= 1_010 && delayMs < 1_020);
    const window = { fromMs: startMs + 1_010, toMs: startMs + 1_020 };
    expect(await pages(9, window)).to.deep.equal(some);
    expect(await pages(9, { ...window, topic: "later", key: "k" })).to.deep.equal(some);
  });

  it("finds by key only what is pending, after deliveries and changes of time, too", async () => {
    const send = async (body: string, delayMs: number, keys: string[]) =>
      (await world.send(text(body, { delayMs, keys }))).messageId!;
    await send("delivered", 10, ["k"]);
    await send("other key", 1_000, ["x"]);
    const cancelled = await send("cancelled", 1_000, ["k"]);
    const moved = await send("moved", 1_000, ["k", "x"]);
    await send("same", 2_000, ["k"]);
    await world.change(cancelled, "CANCEL");
    await world.change(moved, "RESCHEDULE", { delayMs: 5_000 });
    await world.advance(10);
    const { messages } = await list({ topic: "later", key: "k" });
    const bodies = messages!.map(({ record }) => record!.message!.body!.toString());
    expect(bodies).to.deep.equal(["same", "moved"]);
    expect((await list({ topic: "later", key: "nobody" })).messages).to.deep.equal([]);
    expect((await list({ topic: "other", key: "k" })).messages).to.deep.equal([]);
  });

  it("counts how many are due when", async () => {
    for (const delayMs of [100, 999, 1_000, 5_500, 9_999, 10_000]) await world.send(text("a", { delayMs }));
    await world.send(text("a", { delayMs: 5_500 }), { topic: "other" });
    const all = await count({});
    expect(all).to.deep.equal({ pending: 7, counts: [2, 1, 0, 0, 0, 2, 0, 0, 0, 1] });
    expect((await count({ topic: "other" })).counts).to.deep.equal([0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    expect((await count({ fromMs: startMs + 500, stepMs: 500, buckets: 2 })).counts).to.deep.equal([1, 1]);
    expect((await count({ fromMs: 0, stepMs: Number.MAX_SAFE_INTEGER, buckets: 3 })).counts).to.deep.equal([
      7, 0, 0,
    ]);
  });

  it("does not count halves of transactions", async () => {
    await world.send(text("a", { delayMs: 100 }));
    await world.send(text("h", { producerGroup: "p" }), { half: true });
    expect((await count({})).pending).to.equal(1);
  });

  it("refuses what makes no sense, and the store goes on", async () => {
    await world.send(text("a", { delayMs: 1_000 }));
    const refused = [
      list({ fromMs: -1 }),
      list({ toMs: -1 }),
      list({ after: "x" }),
      list({ after: "a-1-64", afterDueAtMs: -1 }),
      list({ key: "k" }),
      list({ topic: "later", key: "k", toMs: -5 }),
      count({ fromMs: -1 }),
      count({ stepMs: 0 }),
      count({ stepMs: -1_000 }),
      count({ buckets: 0 }),
      count({ buckets: 1_001 }),
    ];
    for (const [index, each] of refused.entries())
      expect(await codeOf(each), String(index)).to.equal("BAD_REQUEST");
    expect(await codeOf(list({ topic: "none" }))).to.equal("TOPIC_NOT_FOUND");
    expect(await codeOf(count({ topic: "none" }))).to.equal("TOPIC_NOT_FOUND");
    expect(await codeOf(list({ after: "a-1-9999999999999999", afterDueAtMs: 5 }))).to.equal("none");
    await world.advance(1_000);
    expect(await world.bodies()).to.deep.equal(["a"]);
  });
});
