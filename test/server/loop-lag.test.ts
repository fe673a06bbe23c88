import { expect } from "chai";
import { systemClock } from "../../proto/kernel/clock.js";
import { LoopLag } from "../../server/loop-lag.js";
import { ManualClock } from "../support/manual-clock.js";

describe("delay of the event loop", () => {
  it("shows that the loop was blocked, once the second is over", async () => {
    const clock = new ManualClock();
    const lag = new LoopLag(clock);
    await lag.start();
    await systemClock.sleep(30);
    const endMs = systemClock.monotonicMs() + 120;
    while (systemClock.monotonicMs() < endMs);
    await systemClock.sleep(30);
    await clock.advance(1_000);
    expect(lag.lagMs).to.be.above(60);
    await lag.stop();
    expect(clock.waiting).to.equal(0);
  });
});
