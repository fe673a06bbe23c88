import { expect } from "chai";
import { FrameQueue } from "../../../client/sdk/frame-queue.js";
import { PendingSend } from "../../../client/sdk/pending-send.js";
import { FRAME_ENTRIES_MAX } from "../../../proto/kernel/limits.js";

describe("frame queue", () => {
  it("puts no more messages into a frame than brokers take, however small they are", () => {
    const queue = new FrameQueue({ producerId: 1, capBytes: 64 << 20, onStale: () => {} });
    const count = FRAME_ENTRIES_MAX + 5;
    for (let i = 0; i < count; i++) queue.add(new PendingSend("t", Buffer.from("x"), {}, 1, "h", 0));
    expect(queue.full).to.equal(true);
    expect(queue.seal(0)?.out.count).to.equal(FRAME_ENTRIES_MAX);
    expect(queue.seal(0)?.out.count).to.equal(5);
    expect(queue.empty).to.equal(true);
  });
});
