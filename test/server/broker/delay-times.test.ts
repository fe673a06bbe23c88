import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { DELAY_LEVELS } from "../../../proto/kernel/delay-levels.js";
import { TOPIC_TYPE } from "../../../server/broker/topics.js";
import { DelayWorld } from "../../support/delay-world.js";
import { refusal } from "../../support/refusal.js";
import { text } from "../../support/store.js";

describe("times of delayed messages", () => {
  let world: DelayWorld;

  beforeEach(async () => {
    world = await DelayWorld.withTopic();
  });
  afterEach(() => world.close());

  describe("times", () => {
    it("every level delivers at its time and not a millisecond before (A9-01)", async () => {
      for (const [index, ms] of DELAY_LEVELS.entries()) {
        const name = `level ${index + 1}`;
        await world.send(text(name, { delayLevel: index + 1 }));
        await world.advance(ms - 1);
        expect(await world.bodies(), name).to.have.length(index);
        await world.advance(1);
        expect(await world.bodies(), name).to.have.length(index + 1);
      }
      expect(await world.bodies()).to.deep.equal(DELAY_LEVELS.map((_, index) => `level ${index + 1}`));
      expect(DELAY_LEVELS).to.have.length(18);
    });

    it("any delay and any time deliver to the millisecond, whatever fraction of one has passed (A9-01)", async () => {
      for (const delayMs of [1, 2, 777, 60_000, 86_400_000, 365 * 86_400_000]) {
        world.clock.stall(0.7);
        const before = (await world.bodies()).length;
        await world.send(text(String(delayMs), { delayMs }));
        const deliverAtMs = world.due.clock.nowMs() + delayMs;
        await world.send(text(`at ${deliverAtMs}`, { deliverAtMs }));
        world.clock.stall(deliverAtMs - world.clock.nowMs() - 1);
        await world.advance(0.1);
        expect(await world.bodies(), `${delayMs} early`).to.have.length(before);
        await world.advance(2.5);
        expect((await world.bodies()).length, `${delayMs} late`).to.equal(before + 2);
      }
    });

    it("is never early by the monotonic clock, not by a fraction of a millisecond", async () => {
      const random = seeded(11);
      for (let round = 0; round < 300; round++) {
        await world.advance(random());
        const delayMs = 1 + Math.floor(random() * 20);
        const sentMs = world.clock.monotonicMs();
        await world.send(text(String(round), { delayMs }));
        let now = (await world.bodies()).length;
        while (now === round) {
          await world.advance(random() / 2);
          now = (await world.bodies()).length;
        }
        expect(world.clock.monotonicMs() - sentMs, `round ${round}`).to.be.at.least(delayMs);
        expect(world.clock.monotonicMs() - sentMs, `round ${round}`).to.be.below(delayMs + 1.6);
      }
    });

    it("timers that fire early and steps of the wall clock change nothing", async () => {
      world.clock.earlyMs = 0.5;
      await world.send(text("a", { delayMs: 10_000 }));
      world.clock.jump(-3_600_000);
      await world.send(text("b", { delayMs: 10_000 }));
      world.clock.jump(7_200_000);
      await world.send(text("c", { delayMs: 10_000 }));
      await world.advance(9_999);
      expect(await world.bodies()).to.deep.equal([]);
      await world.advance(1);
      expect(await world.bodies()).to.deep.equal(["a", "b", "c"]);
    });

    it("a time in the past delivers at once, and its receipt has the place in the queue", async () => {
      const receipt = await world.send(text("late", { deliverAtMs: world.clock.nowMs() - 1 }));
      const now = await world.send(text("now", { deliverAtMs: world.clock.nowMs() }));
      expect([receipt.deferred, now.deferred, now.queueOffset]).to.deep.equal([false, false, 1]);
      expect(await world.bodies()).to.deep.equal(["late", "now"]);
      expect(world.store.due.pending).to.equal(0);
    });

    it("what is due before its record is on the disk waits for that, and is not lost", async () => {
      let release: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      world.files.before = ({ call }) => (call === "sync" ? held : undefined);
      const sending = world.send(text("quick", { delayMs: 1 }));
      await world.advance(50);
      expect(world.store.due.pending).to.equal(1);
      world.files.before = null;
      release();
      await sending;
      await world.advance(0);
      expect(await world.bodies()).to.deep.equal(["quick"]);
    });

    it("a timer sleeps past nothing: an earlier message wakes it, and one of a year is slept towards", async () => {
      await world.send(text("year", { delayMs: 365 * 86_400_000 }));
      await world.send(text("hour", { delayMs: 3_600_000 }));
      await world.send(text("second", { delayMs: 1_000 }));
      await world.advance(1_000);
      expect(await world.bodies()).to.deep.equal(["second"]);
      await world.advance(3_599_000);
      expect(await world.bodies()).to.deep.equal(["second", "hour"]);
      world.clock.stall(365 * 86_400_000 - 3_600_001);
      await world.advance(0);
      expect(await world.bodies()).to.deep.equal(["second", "hour"]);
      await world.advance(1);
      expect(await world.bodies()).to.deep.equal(["second", "hour", "year"]);
    });
  });

  describe("bad input stores nothing", () => {
    async function refused(message: Parameters<DelayWorld["send"]>[0]): Promise<string> {
      const { logEnd } = world.store;
      const why = await refusal(world.send(message));
      expect(world.store.logEnd).to.equal(logEnd);
      expect(world.store.due.pending).to.equal(0);
      return why;
    }

    it("a level above the list is refused with the list", async () => {
      const why = await refused(text("a", { delayLevel: 19 }));
      expect(why).to.match(/^DELAY_LEVEL_UNKNOWN: there is no delay level 19; .*1 1s, 2 5s, .*18 2h/);
    });

    it("a delay or a time beyond the limit is refused, and the limit itself is taken", async () => {
      const dayMs = 86_400_000;
      for (const message of [
        text("a", { delayMs: 366 * dayMs + 1 }),
        text("a", { deliverAtMs: world.clock.nowMs() + 366 * dayMs + 1 }),
        text("a", { delayMs: Number.MAX_SAFE_INTEGER }),
      ])
        expect(await refused(message)).to.match(/^DELAY_TOO_LONG: .*366d \(setting delayMsMax\)/);
      expect((await world.send(text("a", { delayMs: 366 * dayMs }))).deferred).to.equal(true);
    });

    it("two times in one message, and negative ones, are refused", async () => {
      const two = text("a", { delayMs: 5, delayLevel: 1 });
      expect(await refused(two)).to.match(/^BAD_REQUEST: .*more than one time/);
      expect(await refused(text("a", { delayMs: -1 }))).to.match(/^BAD_REQUEST: the delay is negative/);
    });

    it("as many may be pending as the setting says; then sends wait", async () => {
      await world.close();
      world = await DelayWorld.withTopic({ settings: { delayedMax: 2 } });
      await world.send(text("a", { delayMs: 1_000 }));
      await world.send(text("b", { delayMs: 1_000 }));
      expect(await refusal(world.send(text("c", { delayMs: 1_000 })))).to.match(/^THROTTLED: 2 delayed/);
      await world.send(text("at once"));
      await world.advance(1_000);
      await world.send(text("c", { delayMs: 1_000 }));
    });

    it("a message that fits the log only without the record that settles it is refused", async () => {
      let size = 1;
      while (world.store.fits(88 + size + 10)) size++;
      const body = "x".repeat(size);
      expect(await refused(text(body, { delayMs: 1_000 }))).to.match(/^MESSAGE_TOO_LARGE/);
      await world.send(text(body));
      const { length } = body;
      await world.send(text(body.slice(0, length - 200), { delayMs: 1_000 }));
      await world.advance(1_000);
      expect(await world.bodies()).to.have.length(2);
    });

    it("topics of other types refuse what is not theirs", async () => {
      const types = { normal: 0, ordered: 0, delay: 0, mixed: 0 };
      for (const name of Object.keys(types) as (keyof typeof types)[])
        await world.topics.create({ name, queues: 1, type: TOPIC_TYPE[name] });
      const send = async (topic: string, delayMs: number, orderingKey?: string): Promise<string> =>
        (await refusal(world.send(text("a", { delayMs, orderingKey }), { topic }))).replace(/:.*/, "");
      const mismatch = "MESSAGE_TYPE_MISMATCH";
      expect(await send("normal", 1_000)).to.equal(mismatch);
      expect(await send("delay", 0)).to.equal(mismatch);
      expect(await send("delay", 1_000)).to.equal("none");
      expect(await send("delay", 1_000, "key")).to.equal("none");
      expect(await send("ordered", 1_000)).to.equal(mismatch);
      expect(await send("ordered", 1_000, "key")).to.equal("none");
      expect(await send("mixed", 1_000)).to.equal("none");
      expect(await send("mixed", 0)).to.equal("none");
    });
  });
});
