import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import { Deadlines } from "../../../proto/kernel/grpc-deadlines.js";

describe("Deadlines", () => {
  function fixture() {
    const clock = new TestClock();
    const deadlines = new Deadlines(clock);
    const expired: string[] = [];
    const call = (name: string) => ({ expire: () => expired.push(name) });
    return { clock, deadlines, expired, call };
  }

  it("come never too early and soon after, in any order, and again when all were over", async () => {
    const { clock, deadlines, expired, call } = fixture();
    for (const timeoutMs of [200, 75, 0]) deadlines.add(call(`${timeoutMs}`), timeoutMs);
    deadlines.add(call("never"), 31_535_999 * 60_000);
    await clock.advance(50);
    expect(expired).to.deep.equal(["0"]);
    await clock.advance(24);
    expect(expired).to.deep.equal(["0"]);
    await clock.advance(26);
    expect(expired).to.deep.equal(["0", "75"]);
    await clock.advance(150);
    expect(expired).to.deep.equal(["0", "75", "200"]);
    const { waiting } = clock;
    deadlines.add(call("again"), 30);
    expect(clock.waiting).to.equal(waiting);
    await clock.advance(100);
    expect(expired.at(-1)).to.equal("again");
  });

  it("do not come for calls that are over, and wake nobody once there are none", async () => {
    const { clock, deadlines, expired, call } = fixture();
    const answered = call("answered");
    deadlines.remove(answered, deadlines.add(answered, 60));
    await clock.advance(200);
    expect(expired).to.deep.equal([]);
    expect(clock.waiting).to.equal(0);
    deadlines.add(call("stopped"), 60);
    deadlines.close();
    await clock.advance(200);
    expect(expired).to.deep.equal([]);
  });
});
