import { expect } from "chai";
import type { Delivery } from "../../../client/sdk/delivery.js";
import { QueueFlow, type Settler } from "../../../client/sdk/queue-flow.js";
import type { StoredRecord } from "../../../proto/kernel/record.js";

const settler: Settler = {
  succeed() {},
  fail() {},
  release() {},
  ended() {},
  extendLease: () => Promise.resolve(),
};
const flow = () => new QueueFlow(settler, "a", { topic: "t", queueId: 0, generation: 1, offset: 0 });

describe("flow of a queue", () => {
  it("passes over, once, what was in a handler when it came again", () => {
    const queue = flow();
    queue.inFlight.set(0, { settled: false } as Delivery);
    queue.inFlight.set(1, { settled: true } as Delivery);
    queue.arrive(
      [0, 1, 2].map((queueOffset) => ({ queueOffset }) as StoredRecord),
      null,
    );
    queue.inFlight.clear();
    expect([0, 1, 2, 0].map((offset) => queue.isStale(offset))).to.deep.equal([true, false, false, false]);
  });

  it("in broadcast mode knows where it is, whatever the order in which messages were handled", () => {
    const queue = flow();
    queue.finish(1, 3);
    expect(queue.position).to.equal(0);
    queue.finish(0, 1);
    expect(queue.position).to.equal(3);
    queue.finish(5, 6);
    expect([2, 3, 4, 5, 6].map((offset) => queue.isStale(offset))).to.deep.equal([
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  it("in broadcast mode goes past what the filter left out, and keeps nothing of it", () => {
    const queue = flow();
    const records = [1, 3, 4].map((queueOffset) => ({ queueOffset }) as StoredRecord);
    queue.arrive(records, 7);
    expect(queue.position).to.equal(1);
    for (const offset of [4, 3]) queue.finish(offset, offset + 1);
    expect(queue.position).to.equal(1);
    queue.finish(1, 2);
    expect(queue.position).to.equal(7);
    queue.arrive([{ queueOffset: 9 } as StoredRecord], 10);
    expect(queue.position, "a whole batch before it fitted nothing").to.equal(9);
  });
});
