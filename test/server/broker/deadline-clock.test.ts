import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import { DeadlineClock } from "../../../server/broker/deadline-clock.js";

describe("DeadlineClock", () => {
  it("stands still while the process does, and tells the gap", async () => {
    const clock = new TestClock();
    const gaps: number[] = [];
    const deadlines = new DeadlineClock(clock, (gapMs) => gaps.push(gapMs));
    deadlines.start(() => {});
    const startMs = deadlines.nowMs();
    await clock.advance(1_000);
    expect(deadlines.nowMs() - startMs).to.equal(1_000);
    clock.stall(251);
    expect(deadlines.nowMs() - startMs).to.equal(1_000);
    clock.stall(250);
    expect(deadlines.nowMs() - startMs).to.equal(1_250);
    clock.stall(3_600_000);
    await clock.advance(0);
    expect(deadlines.nowMs() - startMs).to.equal(1_250);
    expect(gaps).to.deep.equal([251, 3_600_000]);
    deadlines.stop();
    expect(clock.waiting).to.equal(0);
  });

  it("pulses while it runs, and takes no jump of the wall clock for a gap", async () => {
    const clock = new TestClock();
    let pulses = 0;
    const deadlines = new DeadlineClock(clock);
    deadlines.start(() => pulses++);
    await clock.advance(1_000);
    clock.jump(-3_600_000);
    const { wallMs, deadlineMs } = deadlines.instant();
    expect(pulses).to.equal(10);
    expect([wallMs, deadlineMs]).to.deep.equal([clock.nowMs(), 1_000]);
    deadlines.stop();
    await clock.advance(1_000);
    expect(pulses).to.equal(10);
  });
});
