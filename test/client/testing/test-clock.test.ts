import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import type { Work } from "../../../client/testing/works.js";

describe("TestClock", () => {
  it("fires timers at their own time, in order of due time and then of setting", async () => {
    const clock = new TestClock(1_000);
    const fired: string[] = [];
    clock.after(20, () => fired.push(`b@${clock.nowMs()}`));
    clock.after(10, () => fired.push(`a@${clock.nowMs()}`));
    clock.after(20, () => fired.push(`c@${clock.monotonicMs()}`));
    await clock.advance(25);
    expect(fired).to.deep.equal(["a@1010", "b@1020", "c@20"]);
    expect(clock.nowMs()).to.equal(1_025);
    expect(clock.waiting).to.equal(0);
  });

  it("fires timers that are set while it moves, as long as they fall due on the way", async () => {
    const clock = new TestClock();
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.after(10, tick);
    };
    clock.after(10, tick);
    await clock.advance(35);
    expect(ticks).to.equal(3);
  });

  it("wakes a loop that had not reached its sleep when the move began", async () => {
    const clock = new TestClock();
    let woken = false;
    const loop = async (): Promise<void> => {
      await Promise.resolve();
      await clock.sleep(10);
      woken = true;
    };
    const running = loop();
    await clock.advance(10);
    expect(woken).to.equal(true);
    await running;
  });

  it("ends a sleep at once and leaves no timer when its signal aborts", async () => {
    const clock = new TestClock();
    const stop = new AbortController();
    const sleeping = clock.sleep(1_000, stop.signal);
    stop.abort();
    await sleeping;
    expect(clock.waiting).to.equal(0);
    expect(clock.monotonicMs()).to.equal(0);
  });

  it("moves the wall clock alone when the wall clock jumps", async () => {
    const clock = new TestClock(5_000);
    let fired = false;
    clock.after(10, () => {
      fired = true;
    });
    clock.jump(-3_000);
    expect(clock.nowMs()).to.equal(2_000);
    expect(clock.monotonicMs()).to.equal(0);
    await clock.advance(9);
    expect(fired).to.equal(false);
    await clock.advance(1);
    expect(fired).to.equal(true);
  });

  it("fires late, once each, what fell due during a pause", async () => {
    const clock = new TestClock();
    const fired: number[] = [];
    clock.after(10, () => fired.push(clock.monotonicMs()));
    clock.after(150, () => fired.push(clock.monotonicMs()));
    clock.stall(100);
    expect(fired).to.deep.equal([]);
    await clock.advance(50);
    expect(fired).to.deep.equal([100, 150]);
  });
});

describe("TestClock of a cluster", () => {
  /** Work that a test begins and ends. */
  class Job implements Work {
    pending = 0;
  }

  it("passes short waits by itself, with what is due before them, and no long one", async () => {
    const clock = new TestClock(0);
    clock.attach(new Job());
    const fired: string[] = [];
    clock.after(21, () => fired.push(`long@${clock.monotonicMs()}`));
    clock.after(20, () => {
      fired.push(`short@${clock.monotonicMs()}`);
      clock.after(5, () => fired.push(`next@${clock.monotonicMs()}`));
    });
    await clock.settled();
    expect(fired).to.deep.equal(["short@20", "long@21", "next@25"]);
    expect(clock.nowMs()).to.equal(25);
    clock.after(1_000, () => fired.push("later"));
    await clock.settled();
    expect(clock.monotonicMs()).to.equal(25);
  });

  it("stands still for short waits too where no cluster runs by it", async () => {
    const clock = new TestClock();
    clock.after(1, () => {});
    await clock.settled();
    expect([clock.monotonicMs(), clock.waiting]).to.deep.equal([0, 1]);
    clock.attach(new Job())();
    clock.after(1, () => {});
    await clock.settled();
    expect([clock.monotonicMs(), clock.waiting]).to.deep.equal([0, 2]);
  });

  it("fires the next timer only when the work that one began has ended, and all turns that it asked for have passed", async () => {
    const clock = new TestClock();
    const job = new Job();
    clock.attach(job);
    const told: string[] = [];
    clock.after(100, () => {
      job.pending++;
      setImmediate(() => setImmediate(() => setImmediate(() => told.push("turned"))));
      readFile(new URL(import.meta.url)).then(() => {
        told.push("read");
        job.pending--;
      });
    });
    clock.after(101, () => told.push("next"));
    await clock.advance("1s");
    // Which of the two comes first is the machine's affair.
    expect(told.slice(0, 2)).to.have.members(["turned", "read"]);
    expect(told.slice(2)).to.deep.equal(["next"]);
  });

  it("moves until a promise has settled or a condition holds, and no further", async () => {
    const clock = new TestClock();
    clock.attach(new Job());
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.after(1_000, tick);
    };
    tick();
    expect(await clock.until(clock.sleep(2_500).then(() => "done"))).to.equal("done");
    expect([clock.monotonicMs(), ticks]).to.deep.equal([2_500, 3]);
    expect(await clock.until(() => ticks === 5)).to.equal(true);
    expect(clock.monotonicMs()).to.equal(4_000);
    await clock.until(Promise.reject(new Error("no"))).then(
      () => expect.fail("resolved"),
      (thrown: Error) => expect(thrown.message).to.equal("no"),
    );
    await clock
      .until(() => false, "10s")
      .then(
        () => expect.fail("resolved"),
        (thrown: Error) =>
          expect(thrown.message).to.equal("the condition did not come true within 10s of the test's clock"),
      );
    expect(clock.monotonicMs()).to.be.at.most(14_000);
  });

  it("lets what is waited for move the clock itself", async () => {
    const clock = new TestClock();
    clock.attach(new Job());
    const both = (async () => {
      await clock.advance("10s");
      await clock.until(clock.sleep(5_000));
    })();
    await clock.until(both);
    expect(clock.monotonicMs()).to.equal(15_000);
  });

  it("moves one after the other for those who move it at the same time", async () => {
    const clock = new TestClock();
    const at: number[] = [];
    clock.after(1_500, () => at.push(clock.monotonicMs()));
    await Promise.all([clock.advance("1s"), clock.advance("1s")]);
    expect(at).to.deep.equal([1_500]);
    expect(clock.monotonicMs()).to.equal(2_000);
  });

  it("refuses what is no duration", () => {
    const clock = new TestClock();
    expect(() => clock.advance(-1)).to.throw("a clock does not move by -1 ms");
    expect(() => clock.advance("soon")).to.throw('"soon" is not a duration');
    expect(() => clock.advance(Number.NaN)).to.throw("a clock does not move by NaN ms");
    expect(() => clock.stall(-1)).to.throw("a clock does not move by -1 ms");
    expect(() => clock.jump(Number.NaN)).to.throw("a clock does not jump by NaN ms");
    expect(() => new TestClock(new Date("x"))).to.throw("a clock cannot begin at NaN ms");
  });
});
