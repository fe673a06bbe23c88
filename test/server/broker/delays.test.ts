import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { TOPIC_TYPE } from "../../../server/broker/topics.js";
import { DelayWorld } from "../../support/delay-world.js";
import { contentsOf, withFile } from "../../support/disk-contents.js";
import { refusal } from "../../support/refusal.js";
import { text } from "../../support/store.js";

describe("Delays", () => {
  let world: DelayWorld;

  beforeEach(async () => {
    world = await DelayWorld.withTopic();
  });
  afterEach(() => world.close());

  describe("a delivered message", () => {
    it("keeps its id, tag, keys, properties and ordering key, and is found by its key", async () => {
      const parts = { tag: "web", keys: ["order-7"], properties: { a: "1" }, orderingKey: "k", bornAtMs: 5 };
      const { messageId, deferred, queueOffset } = await world.send(text("a", { ...parts, delayMs: 1_000 }));
      expect([deferred, queueOffset]).to.deep.equal([true, 0]);
      await world.advance(1_000);
      const [{ id, message }] = (await world.arrived()) as [Awaited<ReturnType<typeof world.arrived>>[0]];
      expect(id).to.equal(messageId);
      expect(message).to.deep.include(parts);
      const { records } = await world.messages.find({ topic: "later", key: "order-7", max: 9 });
      expect(records).to.have.length(1);
      const placed = await world.messages.get({ id: "", topic: "later", queueId: 0, offset: 0 });
      expect(placed.id).to.equal(messageId);
    });

    it("its id tells what became of it: delayed until when, delivered, or cancelled", async () => {
      const get = async (id: string): Promise<unknown[]> => {
        const { state, dueAtMs, record } = await world.messages.get({
          id,
          topic: "",
          queueId: 0,
          offset: 0,
        });
        return [state, dueAtMs, record?.message?.body?.toString()];
      };
      const nowMs = world.clock.nowMs();
      const [a, b, c] = [
        await world.send(text("a", { delayMs: 1_000 })),
        await world.send(text("b", { delayMs: 2_000 })),
        await world.send(text("c")),
      ];
      await world.change(b.messageId!, "CANCEL");
      expect(await get(a.messageId!)).to.deep.equal(["delayed", nowMs + 1_000, "a"]);
      expect(await get(b.messageId!)).to.deep.equal(["cancelled", undefined, "b"]);
      expect(await get(c.messageId!)).to.deep.equal([undefined, undefined, "c"]);
      await world.advance(1_000);
      expect(await get(a.messageId!)).to.deep.equal(["delivered", undefined, "a"]);
    });

    it("messages of one ordering key are placed in the order of their due times", async () => {
      await world.close();
      world = await DelayWorld.withTopic({}, 4);
      for (const delayMs of [5_000, 1_000, 3_000, 2_000, 4_000])
        await world.send(text(String(delayMs), { delayMs, orderingKey: "k" }));
      await world.advance(5_000);
      const arrived = await world.arrived();
      expect(arrived.map(({ message }) => message.body.toString())).to.deep.equal([
        "1000",
        "2000",
        "3000",
        "4000",
        "5000",
      ]);
      expect(new Set(arrived.map(({ queueId }) => queueId)).size).to.equal(1);
    });

    it("a batch is stored together or not at all, each of its messages for its own time", async () => {
      const { logEnd } = world.store;
      const wrong = [text("a", { delayMs: 1_000 }), text("b", { delayLevel: 99 }), text("c")];
      expect(await refusal(world.sendBatch(wrong))).to.match(/^DELAY_LEVEL_UNKNOWN/);
      expect(world.store.logEnd).to.equal(logEnd);
      const receipts = await world.sendBatch([
        text("a", { delayMs: 2_000 }),
        text("b", { delayMs: 1_000 }),
        text("c"),
      ]);
      expect(receipts.map(({ deferred }) => deferred)).to.deep.equal([true, true, false]);
      expect(await world.bodies()).to.deep.equal(["c"]);
      await world.advance(2_000);
      expect(await world.bodies()).to.deep.equal(["c", "b", "a"]);
    });

    it("a repeat of a send is stored once, before and after its delivery, and gets the first receipt", async () => {
      const send = () => world.send(text("a", { delayMs: 1_000 }), { producerId: 7, sequence: 1 });
      const first = await send();
      expect(await send()).to.deep.equal({ ...first, duplicate: true });
      await world.advance(1_000);
      expect(await send()).to.deep.equal({ ...first, duplicate: true });
      world = await world.killed();
      expect(await send()).to.deep.equal({ ...first, duplicate: true });
      await world.advance(2_000);
      expect(await world.bodies()).to.deep.equal(["a"]);
    });

    it("is not delivered when its topic was deleted meanwhile, and a new topic of the name gets nothing", async () => {
      const { messageId } = await world.send(text("a", { delayMs: 1_000 }));
      await world.topics.delete("later", false);
      await world.topics.create({ name: "later", queues: 1, type: TOPIC_TYPE.mixed });
      await world.send(text("b", { delayMs: 1_000 }));
      await world.advance(1_000);
      expect(await world.bodies()).to.deep.equal(["b"]);
      expect(world.due.counters.delayedDropped).to.equal(1);
      for (const change of ["CANCEL", "DELIVER_NOW"] as const)
        expect(await world.change(messageId!, change)).to.equal("not-found");
      expect(world.store.due.pending).to.equal(0);
    });

    it("one that cannot be read now is tried again and holds up nobody", async () => {
      await world.close();
      world = await DelayWorld.withTopic({ segmentBytes: 1 << 20 });
      for (let count = 0; count < 3; count++)
        await world.send(text(String(count) + "x".repeat(400 << 10), { delayMs: 1_000 }));
      for (let count = 0; count < 8; count++) await world.send(text("y".repeat(400 << 10)));
      const before = (await world.arrived()).length;
      world = await world.killed();
      let fails = true;
      world.files.before = ({ call }) => {
        if (call === "read" && fails) throw Object.assign(new Error("EIO"), { code: "EIO" });
      };
      await world.advance(1_000);
      await world.send(text("soon", { delayMs: 10 }));
      await world.advance(1_000);
      fails = false;
      expect((await world.bodies()).slice(before)).to.deep.equal(["soon"]);
      expect(world.store.due.pending).to.equal(3);
      await world.advance(60_000);
      expect((await world.bodies()).slice(before).map((body) => body[0])).to.deep.equal(["s", "0", "1", "2"]);
    });
  });

  describe("downtime", () => {
    for (const how of ["restart", "killed"] as const)
      it(`what is overdue after a ${how} is delivered in due order, and the rest at its time`, async () => {
        const random = seeded(3);
        const delays = Array.from({ length: 500 }, () => 1 + Math.floor(random() * 20_000));
        for (const delayMs of delays) await world.send(text(String(delayMs), { delayMs }));
        world = await world[how](10_000);
        await world.advance(0);
        const due = delays.filter((delayMs) => delayMs <= world.clock.nowMs() - Date.UTC(2030, 0, 1));
        const sorted = (some: number[]) => some.sort((a, b) => a - b).map(String);
        expect(await world.bodies()).to.deep.equal(sorted(due));
        await world.advance(10_000);
        expect(await world.bodies()).to.deep.equal(sorted(delays));
      });

    it("a wall clock that was set back while the broker was away delays by that, and loses nothing", async () => {
      await world.send(text("a", { delayMs: 10_000 }));
      world.clock.jump(-5_000);
      world = await world.restart();
      await world.advance(10_000);
      expect(await world.bodies()).to.deep.equal([]);
      await world.advance(5_000);
      expect(await world.bodies()).to.deep.equal(["a"]);
    });

    it("20,000 overdue messages leave room: the broker takes a send between them", async () => {
      await world.close();
      world = await DelayWorld.withTopic({ segmentBytes: 8 << 20 });
      const body = "x".repeat(1_000);
      for (let count = 0; count < 200; count++)
        await world.sendBatch(Array.from({ length: 100 }, () => text(body, { delayMs: 1_000 })));
      world.files.before = ({ call }) => (call === "sync" ? settle() : undefined);
      world = await world.restart(2_000);
      await world.clock.advance(0);
      const delivered = world.due.counters.delayedDelivered;
      await world.send(text("live"));
      expect(delivered).to.be.within(1, 19_999);
      expect((await world.bodies()).indexOf("live")).to.be.within(1, 19_999);
      const busy = (): boolean => world.store.due.pending > 0 || world.store.unsettledBytes > 0;
      for (let turn = 0; busy() && turn < 1_000; turn++) await world.settle();
      expect(await world.bodies()).to.have.length(20_001);
    }).timeout(30_000);
  });

  describe("changes", () => {
    it("cancel, reschedule and deliver-now answer what they did, and repeat themselves", async () => {
      const send = async (body: string) => (await world.send(text(body, { delayMs: 10_000 }))).messageId!;
      const [a, b, c] = [await send("a"), await send("b"), await send("c")];
      expect(await world.change(a, "CANCEL")).to.equal("done");
      expect(await world.change(a, "CANCEL")).to.equal("done");
      expect(await world.change(a, "RESCHEDULE", { delayMs: 5 })).to.equal("not-found");
      expect(await world.change(a, "DELIVER_NOW")).to.equal("not-found");
      expect(await world.change(b, "DELIVER_NOW")).to.equal("done");
      expect(await world.bodies()).to.deep.equal(["b"]);
      for (const change of ["CANCEL", "DELIVER_NOW"] as const)
        expect(await world.change(b, change)).to.equal("already-delivered");
      expect(await world.change(b, "RESCHEDULE", { delayMs: 5 })).to.equal("already-delivered");
      expect(await world.change(c, "RESCHEDULE", { delayMs: 20_000 })).to.equal("done");
      await world.advance(19_999);
      expect(await world.bodies()).to.deep.equal(["b"]);
      expect(await world.change(c, "RESCHEDULE", { delayLevel: 1 })).to.equal("done");
      await world.advance(999);
      expect(await world.bodies()).to.deep.equal(["b"]);
      await world.advance(1);
      const arrived = await world.arrived();
      expect(arrived.map(({ id }) => id)).to.deep.equal([b, c]);
      const { delayedDelivered, delayedCancelled } = world.due.counters;
      expect({ delayedDelivered, delayedCancelled }).to.deep.equal({
        delayedDelivered: 2,
        delayedCancelled: 1,
      });
    });

    it("of a message that cannot be read are refused, and leave it pending", async () => {
      await world.close();
      const segmentBytes = 64 << 10;
      world = await DelayWorld.withTopic({ segmentBytes });
      const { messageId } = await world.send(text("damaged", { delayMs: 10_000 }));
      for (let count = 0; count < 10; count++) await world.send(text("x".repeat(10_000)));
      await world.close();
      const { clock, views } = world;
      const contents = [...(await contentsOf(world.files))];
      const [path, bytes] = contents.find(([, each]) => each.includes("damaged"))!;
      bytes[bytes.indexOf("damaged")]! ^= 1;
      const files = await withFile(world.files, path, bytes);
      world = await DelayWorld.open({ segmentBytes, clock, views, files });
      for (const change of ["CANCEL", "DELIVER_NOW"] as const) {
        const refused = await world.change(messageId!, change).catch((thrown: unknown) => thrown);
        expect(LogwheelError.is(refused, "LOG_CORRUPT"), change).to.equal(true);
      }
      expect(world.store.due.pending).to.equal(1);
    });

    it("a new time in the past delivers at once; a wrong one, or none, is refused and changes nothing", async () => {
      const { messageId } = await world.send(text("a", { delayMs: 10_000 }));
      const change = (time: object) => refusal(world.change(messageId!, "RESCHEDULE", time));
      expect(await change({ delayLevel: 19 })).to.match(/^DELAY_LEVEL_UNKNOWN/);
      expect(await change({ delayMs: 367 * 86_400_000 })).to.match(/^DELAY_TOO_LONG/);
      expect(await change({ delayMs: 1, delayLevel: 1 })).to.match(/^BAD_REQUEST/);
      expect(await change({})).to.match(/^BAD_REQUEST/);
      expect(await change({ delayMs: -1 })).to.match(/^BAD_REQUEST/);
      await world.advance(9_000);
      expect(await world.bodies()).to.deep.equal([]);
      expect(await change({ deliverAtMs: 5 })).to.equal("none");
      await world.advance(0);
      expect(await world.bodies()).to.deep.equal(["a"]);
    });

    it("what is no handle of this broker's is refused, and one of nothing is not found", async () => {
      for (const handle of ["", "x", "a-1", "b-1-64", "a-1-99999999999999999999"])
        expect(await refusal(world.change(handle, "CANCEL")), handle).to.match(/^BAD_REQUEST: .*handle/);
      const { messageId } = await world.send(text("a", { delayMs: 10_000 }));
      const [, epoch, logOffset] = messageId!.split("-").map(Number) as [number, number, number];
      for (const handle of [
        `a-${epoch}-0`,
        `a-${epoch}-${logOffset + 1}`,
        `a-${epoch}-${logOffset + 1e6}`,
        `a-${epoch}-9999999999999999`,
        `a-${epoch + 1}-${logOffset}`,
      ])
        for (const change of ["CANCEL", "DELIVER_NOW"] as const)
          expect(await world.change(handle, change), handle).to.equal("not-found");
      const sent = await world.send(text("b"));
      expect(await world.change(sent.messageId!, "CANCEL")).to.equal("already-delivered");
      expect(world.store.due.pending).to.equal(1);
    });

    for (const how of ["restart", "killed"] as const)
      it(`answers are the same after a ${how}, also where the index was written`, async () => {
        await world.close();
        world = await DelayWorld.withTopic({ dueChangesKept: 4 });
        const handles: string[] = [];
        for (let count = 0; count < 40; count++)
          handles.push((await world.send(text(`m${count}`, { delayMs: 10_000 }))).messageId!);
        const fate = (count: number): string => ["CANCEL", "DELIVER_NOW", "none"][count % 3]!;
        for (const [count, handle] of handles.entries())
          if (fate(count) !== "none") await world.change(handle, fate(count) as "CANCEL");
        world = await world[how]();
        for (const [count, handle] of handles.entries()) {
          const expected = { CANCEL: "not-found", DELIVER_NOW: "already-delivered", none: "done" }[
            fate(count)
          ];
          expect(await world.change(handle, "DELIVER_NOW"), handle).to.equal(expected);
        }
        await world.advance(20_000);
        const arrived = (await world.arrived()).map(({ id }) => id);
        expect([...arrived].sort()).to.deep.equal(
          handles.filter((_, count) => fate(count) !== "CANCEL").sort(),
        );
      });

    it("after a power cut an answer that was given still holds, and nothing acked is lost or doubled", async () => {
      for (let seed = 0; seed < 60; seed++) {
        const random = seeded(seed);
        await world.close();
        world = await DelayWorld.withTopic({ dueChangesKept: 3, segmentBytes: 16 << 10 });
        const acked = new Map<string, "pending" | "done" | "already-delivered">();
        const acts: Promise<void>[] = [];
        for (let step = 0; step < 60; step++) {
          const { messageId } = await world.send(
            text(`m${step}`, { delayMs: 1 + Math.floor(random() * 40) }),
          );
          acked.set(messageId!, "pending");
          if (random() < 0.5) await world.advance(random() * 5);
          if (random() < 0.5) {
            const handle = [...acked.keys()][Math.floor(random() * acked.size)]!;
            acts.push(
              world.change(handle, "CANCEL").then((answer) => void acked.set(handle, answer as "done")),
            );
          }
        }
        await Promise.all(acts.slice(0, -2));
        const said = new Map(acked);
        const loss = (["nothing", "everything", random] as const)[seed % 3]!;
        world = await world.powerCut(loss, 100);
        await world.advance(100);
        const ids = (await world.arrived()).map(({ id }) => id);
        expect(new Set(ids).size, `seed ${seed}: doubled`).to.equal(ids.length);
        for (const [handle, fate] of said) {
          const there = ids.includes(handle);
          if (fate === "done") expect(there, `seed ${seed}: ${handle} was cancelled`).to.equal(false);
          if (fate === "already-delivered") expect(there, `seed ${seed}: ${handle}`).to.equal(true);
          if (fate === "pending" && !there)
            expect(await world.change(handle, "CANCEL"), `seed ${seed}: ${handle} is lost`).to.equal("done");
        }
        expect(world.store.due.pending).to.equal(0);
      }
    }).timeout(60_000);

    it("in 10,000 races of cancel against delivery, cancelled never arrives and already delivered always did", async () => {
      const random = seeded(5);
      await world.close();
      world = await DelayWorld.withTopic({ segmentBytes: 16 << 20, dueChangesKept: 500 });
      const answers = new Map<string, string>();
      for (let round = 0; round < 100; round++) {
        const sent = await world.sendBatch(
          Array.from({ length: 100 }, () => text("m", { delayMs: 100 + Math.floor(random() * 3) })),
        );
        const racing = sent.map(async ({ messageId: handle }) => {
          await world.clock.sleep(99 + random() * 5);
          for (let turns = Math.floor(random() * 8); turns > 0; turns--) await Promise.resolve();
          answers.set(handle!, await world.change(handle!, "CANCEL"));
        });
        await world.clock.advance(110);
        await Promise.all(racing);
      }
      await world.settle();
      const ids = (await world.arrived()).map(({ id }) => id);
      const arrived = new Set(ids);
      expect(arrived.size).to.equal(ids.length);
      const counts = { done: 0, "already-delivered": 0, "not-found": 0 };
      for (const [handle, answer] of answers) {
        counts[answer as keyof typeof counts]++;
        expect(arrived.has(handle), `${handle}: ${answer}`).to.equal(answer === "already-delivered");
      }
      expect(answers.size).to.equal(10_000);
      expect(counts["not-found"]).to.equal(0);
      expect(Math.min(counts.done, counts["already-delivered"])).to.be.above(1_000);
    }).timeout(60_000);
  });

  it("stops with what is under way, and leaves no timer", async () => {
    const clock = new TestClock();
    const other = await DelayWorld.withTopic({ clock });
    await other.send(text("a", { delayMs: 1_000 }));
    await other.close();
    expect(clock.waiting).to.equal(0);
  });
});
