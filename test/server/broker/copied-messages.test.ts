import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { TestClock } from "../../../client/testing/test-clock.js";
import type { ListDelayedRequest } from "../../../proto/gen/logwheel/v1/ListDelayedRequest.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { MemoryViews } from "../../../server/store/memory-views.js";
import type { Store } from "../../../server/store/store.js";
import { DelayWorld } from "../../support/delay-world.js";
import { copyDue, recordsOf } from "../../support/due-steps.js";
import { codeOf } from "../../support/refusal.js";
import { text } from "../../support/store.js";

type HalfRead = ReturnType<Store["lookup"]["near"]>;

const DAY = 86_400_000;
const NOTHING = { topic: "later", key: "", fromMs: 0, toMs: 0, after: "", afterDueAtMs: 0, max: 0 };

describe("messages that were copied before their segments went", () => {
  let world: DelayWorld;

  beforeEach(async () => {
    world = await DelayWorld.withTopic({ dueChangesKept: 4 });
  });
  afterEach(() => world.close());

  /** Lets the first segments go, in which something is pending. */
  async function forward(): Promise<void> {
    const { logStart } = world.store.figures;
    await world.fill(3);
    await world.keep(2);
    expect(world.store.figures.logStart, "the first segments are gone").to.be.above(logStart);
  }

  async function list(request: Partial<ListDelayedRequest> = {}): Promise<string[]> {
    const all = { ...NOTHING, ...request } as Parameters<typeof world.admin.listDelayed>[0];
    return (await world.admin.listDelayed(all)).messages!.map(({ handle }) => handle!);
  }

  async function stateOf(id: string): Promise<unknown[]> {
    const { state, dueAtMs, record } = await world.messages.get({ id, topic: "", queueId: 0, offset: 0 });
    return [state, dueAtMs, record?.message?.body?.toString()];
  }

  /** What can happen to a broker between two steps. */
  const lives: readonly (readonly [what: string, act: () => Promise<void>])[] = [
    ["goes on", async () => {}],
    [
      "starts again",
      async () => {
        world = await world.restart();
      },
    ],
    [
      "was killed",
      async () => {
        world = await world.killed();
      },
    ],
    [
      "lost its power",
      async () => {
        world = await world.powerCut(seeded(3));
      },
    ],
    [
      "lost its due index",
      async () => {
        await world.close();
        const files = world.files.reopen();
        world = await DelayWorld.open({ clock: world.clock, files, views: new MemoryViews() });
      },
    ],
  ];

  for (const [what, act] of lives)
    describe(`out of segments that are gone, when the broker ${what}`, () => {
      it("a message arrives at its time, under its id, whole", async () => {
        const parts = {
          tag: "web",
          keys: ["order-7"],
          properties: { a: "1" },
          orderingKey: "k",
          bornAtMs: 5,
        };
        const { messageId } = await world.send(text("a", { ...parts, delayMs: DAY }));
        const dueAtMs = world.clock.nowMs() + DAY;
        await forward();
        expect(world.due.delayFigures()).to.include({ pending: 1, copied: 1 });
        await act();
        expect(await stateOf(messageId!)).to.deep.equal(["delayed", dueAtMs, "a"]);
        await world.advance(dueAtMs - world.clock.nowMs() - 1);
        expect(await world.bodies()).to.deep.equal([]);
        await world.advance(1);
        const [arrived, ...more] = (await world.arrived()).filter(({ message }) => message.body.length === 1);
        expect(more).to.deep.equal([]);
        expect(arrived!.id).to.equal(messageId);
        expect(arrived!.message).to.deep.include(parts);
        expect(await stateOf(messageId!)).to.deep.equal(["delivered", undefined, "a"]);
        expect(await world.change(messageId!, "CANCEL")).to.equal("already-delivered");
      });

      it("one is cancelled, delivered now or given another time, with definite answers, and all are listed once", async () => {
        const handles: string[] = [];
        for (const body of ["cancelled", "now", "again", "pending"])
          handles.push((await world.send(text(body, { delayMs: DAY, keys: ["k"] }))).messageId!);
        const [cancelled, now, again] = handles as [string, string, string];
        expect(await list({ key: "k" })).to.deep.equal(handles);
        await forward();
        await act();
        expect(await list()).to.deep.equal(handles);
        expect(await list({ key: "k" })).to.deep.equal(handles);
        expect(await world.change(cancelled, "CANCEL")).to.equal("done");
        expect(await world.change(now, "DELIVER_NOW")).to.equal("done");
        expect(await world.change(again, "RESCHEDULE", { delayMs: 2 * DAY })).to.equal("done");
        await act();
        expect(await world.change(cancelled, "CANCEL")).to.equal("done");
        expect(await world.change(cancelled, "DELIVER_NOW")).to.equal("not-found");
        expect(await world.change(now, "CANCEL")).to.equal("already-delivered");
        expect(await stateOf(cancelled)).to.deep.equal(["cancelled", undefined, "cancelled"]);
        expect(await world.bodies()).to.deep.equal(["now"]);
        await world.advance(DAY);
        expect(await world.bodies()).to.deep.equal(["now", "pending"]);
        await world.advance(DAY);
        expect(await world.bodies()).to.deep.equal(["now", "pending", "again"]);
        expect(world.store.due.pendingBytes).to.equal(0);
      });

      it("a transaction is committed or rolled back whole, once, and the contrary is refused", async () => {
        const begin = async (body: string): Promise<string> => {
          const sent = { half: true };
          const { messageId } = await world.send(text(body, { producerGroup: "shop" }), sent);
          const joins = { ...sent, transactionId: messageId! };
          await world.send(text(`${body} too`, { producerGroup: "shop", delayMs: DAY }), joins);
          return messageId!;
        };
        const settle = (id: string, commit: boolean): Promise<void> => {
          const { transactions } = world.due;
          return transactions.settle(transactions.place(id), "later", commit);
        };
        const [kept, gone] = [await begin("kept"), await begin("gone")];
        await forward();
        await act();
        expect(world.due.transactions.open.size).to.equal(2);
        await settle(kept, true);
        await settle(gone, false);
        await act();
        await settle(kept, true);
        expect(await codeOf(settle(kept, false))).to.equal("TRANSACTION_CONFLICT");
        expect(await codeOf(settle(gone, true))).to.equal("TRANSACTION_CONFLICT");
        expect(await world.bodies()).to.deep.equal(["kept"]);
        await world.advance(DAY);
        expect(await world.bodies()).to.deep.equal(["kept", "kept too"]);
      });
    });

  it("twice copied is as good as once", async () => {
    const { messageId } = await world.send(text("a", { delayMs: DAY, keys: ["k"] }));
    for (let round = 0; round < 3; round++) await forward();
    expect(world.due.delayFigures()).to.include({ pending: 1, copied: 3 });
    expect(await list({ key: "k" })).to.deep.equal([messageId]);
    await world.advance(DAY);
    expect(await world.bodies()).to.deep.equal(["a"]);
    await world.fill(3);
    await world.keep(2);
    expect(await world.change(messageId!, "CANCEL"), "its last copy is gone, too").to.equal("not-found");
  });

  it("is found once by its key while its first record and its copy are both there", async () => {
    const { messageId } = await world.send(text("a", { delayMs: DAY, keys: ["k"] }));
    await world.fill(1);
    const [segment] = await world.store.sealed.list();
    const never = new AbortController().signal;
    expect(await world.due.forwarding.clear(segment!, 0, never)).to.equal(true);
    expect(world.store.figures.logStart).to.equal(0);
    for (let round = 0; round < 2; round++) {
      expect(await list({ key: "k" })).to.deep.equal([messageId]);
      await world.fill(1);
    }
  });

  it("a committed half that waits for its time keeps handle and id, whatever was copied", async () => {
    const sent = { half: true };
    const { messageId } = await world.send(text("a", { producerGroup: "shop", delayMs: 3 * DAY }), sent);
    await forward();
    const { transactions } = world.due;
    await transactions.settle(transactions.place(messageId!), "later", true);
    const [handle] = await list();
    await forward();
    expect(await list()).to.deep.equal([handle]);
    world = await world.killed();
    expect(await world.change(handle!, "RESCHEDULE", { delayMs: DAY })).to.equal("done");
    await world.advance(DAY);
    const arrived = (await world.arrived()).filter(({ message }) => message.body.toString() === "a");
    expect(arrived.map(({ id }) => id)).to.deep.equal([messageId]);
  });

  it("the questions that were asked about a transaction count on", async () => {
    await world.close();
    const settings = { transactionChecksMax: 2, transactionCheckEveryMs: 1_000_000 };
    world = await DelayWorld.withTopic({ dueChangesKept: 4, settings });
    await world.send(text("a", { producerGroup: "shop" }), { half: true });
    const [open] = [...world.due.transactions.open.all()];
    const [entry] = world.due.transactions.open.entriesOf(open!);
    const { store } = world;
    store.stamp();
    store.reserve(store.due.settleBytes(1));
    const againAtMs = world.clock.nowMs() + DAY;
    store.due.settle([{ entry: entry!, againAtMs, times: 2 }], false);
    await forward();
    world = await world.killed();
    const [again] = [...world.due.transactions.open.all()];
    expect(again).to.include({ times: 2, dueAtMs: againAtMs });
    await world.advance(DAY);
    expect(world.due.transactionFigures()).to.include({ open: 1, parked: 1 });
  });

  it("a message that is sent again is recognised after it was copied", async () => {
    const known = { producerId: 9, sequence: 1 };
    const first = await world.send(text("a", { delayMs: DAY }), known);
    await forward();
    const again = await world.send(text("a", { delayMs: DAY }), known);
    expect(again).to.include({ messageId: first.messageId, deferred: true });
    expect(world.store.due.pending).to.equal(1);
  });

  for (const [what, first] of [
    ["what it has read", (read: () => HalfRead) => Promise.resolve().then(read)],
    ["what was copied, where the rest is gone", () => Promise.reject(new Error("the segment is gone"))],
  ] as const)
    it(`a half that is copied while its commit reads it is committed once, with ${what}`, async () => {
      const { messageId } = await world.send(text("a", { producerGroup: "shop" }), { half: true });
      await world.fill(1);
      const { store, due } = world;
      const { transactions } = due;
      const [open] = [...transactions.open.all()];
      const records = await recordsOf(store, open!.halves);
      const near = store.lookup.near.bind(store.lookup);
      let reads = 0;
      store.lookup.recent = () => undefined;
      store.lookup.near = (logOffset) => (reads++ === 0 ? first(() => near(logOffset)) : near(logOffset));
      const committed = transactions.decide(transactions.place(messageId!), "later", true);
      expect(committed).to.be.instanceOf(Promise);
      for (const entry of copyDue(store, records)) transactions.open.copied(entry);
      await committed;
      await store.whenDurable();
      expect(await store.sealed.dropFirst()).to.equal(true);
      world = await world.killed();
      expect(world.store.due.pending).to.equal(0);
      expect(await world.bodies()).to.deep.equal(["a"]);
      await world.due.transactions.settle(transactions.place(messageId!), "later", true);
    });

  it("what was taken as due before it was copied is not put off: it comes again", async () => {
    const { messageId } = await world.send(text("a", { delayMs: DAY }));
    const origin = Number(messageId!.split("-").at(-1));
    const taken = world.store.due.find(origin)!;
    await forward();
    const copied = world.store.due.find(origin);
    await world.due.delays.deliver([taken]);
    expect(world.store.due.find(origin)).to.deep.equal(copied);
    await world.advance(DAY);
    expect(await world.bodies()).to.deep.equal(["a"]);
  });

  it("a crash at any call of copying and dropping loses nothing and doubles nothing", async () => {
    await world.close();
    const files = new MemoryFiles();
    const views = new MemoryViews();
    world = await DelayWorld.withTopic({ dueChangesKept: 4, files, views });
    for (const body of ["a", "b", "c"]) await world.send(text(body, { delayMs: 100_000 }));
    await world.fill(3);
    const left: { files: MemoryFiles; views: MemoryViews }[] = [];
    const take = (): void => {
      left.push({ files: files.losePower("nothing"), views: views.losePower("nothing") });
      left.push({ files: files.losePower("everything"), views: views.losePower("everything") });
      const chance = seeded(left.length);
      left.push({ files: files.losePower(chance), views: views.losePower(chance) });
    };
    files.before = take;
    views.before = take;
    await world.keep(2);
    files.before = null;
    views.before = null;
    expect(left.length).to.be.above(30);
    for (const crashed of left) {
      const after = await DelayWorld.open({ clock: new TestClock(world.clock.nowMs()), ...crashed });
      expect(after.store.due.pending).to.equal(3);
      await after.advance(100_000);
      expect(await after.bodies()).to.deep.equal(["a", "b", "c"]);
      await after.close();
    }
  });
});
