import { expect } from "chai";
import { TestClock } from "../../client/testing/test-clock.js";
import { LoopLag } from "../../server/loop-lag.js";

/** The delay of a second in which the loop was held for so long, each time after a while. */
async function lagOf(...heldMs: number[]): Promise<number> {
  const clock = new TestClock();
  const lag = new LoopLag(clock);
  await lag.start();
  for (const ms of heldMs) {
    await clock.advance(30);
    clock.stall(ms);
  }
  while (lag.lagMs === 0 && clock.monotonicMs() < 2_000) await clock.advance(10);
  await lag.stop();
  expect(clock.waiting, "timers left behind").to.equal(0);
  return lag.lagMs;
}

describe("delay of the event loop", () => {
  it("is what one call in a hundred waits longer than, by time and not by ticks (O5)", async () => {
    expect(await lagOf()).to.equal(0);
    expect(await lagOf(310)).to.be.closeTo(290, 1);
    expect(await lagOf(60, 60, 60)).to.be.closeTo(46.7, 1);
    expect(await lagOf(200, 20)).to.be.closeTo(180, 1);
    expect(await lagOf(15)).to.equal(0);
  });

  it("tells every second's delay once, and forgets it with the next second", async () => {
    const clock = new TestClock();
    const told: number[] = [];
    const lag = new LoopLag(clock, (lagMs) => void told.push(Math.round(lagMs)));
    await lag.start();
    clock.stall(300);
    await clock.advance(700);
    expect(told).to.deep.equal([280]);
    await clock.advance(1_000);
    expect(told).to.deep.equal([280, 0]);
    clock.stall(3_000);
    await clock.advance(0);
    expect(told).to.deep.equal([280, 0, 2_960]);
    await lag.stop();
  });
});
