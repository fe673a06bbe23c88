import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";

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
