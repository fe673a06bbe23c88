import { expect } from "chai";
import type { Delivery } from "../../../client/sdk/delivery.js";
import { Parcel, QueueFlow, type Settler } from "../../../client/sdk/queue-flow.js";
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

  it("gives back what waits, but not what is in a handler or another's", () => {
    const queue = flow();
    queue.inFlight.set(0, { settled: false } as Delivery);
    const records = [0, 1, 2].map((queueOffset) => ({ queueOffset, attempt: 3 }) as StoredRecord);
    const parcel = new Parcel(queue, records, { frameBytes: 0, failures: 0, arrivedMs: 0 });
    queue.parcels.add(parcel);
    queue.arrive(records, null);
    queue.lost.add(1);
    queue.giveBack(queue.parcels);
    expect(queue.nacks).to.have.length(1);
    expect(queue.nacks[0]).to.include({ offset: 2, attempt: 3, delayMs: 0, unseen: true });
    expect([parcel.left, queue.parcels.size, queue.lost.size]).to.deep.equal([0, 0, 0]);
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
