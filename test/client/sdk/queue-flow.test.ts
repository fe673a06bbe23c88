import { expect } from "chai";
import type { Delivery } from "../../../client/sdk/delivery.js";
import { QueueFlow, type Settler } from "../../../client/sdk/queue-flow.js";
import type { StoredRecord } from "../../../proto/kernel/record.js";

const settler: Settler = { succeed() {}, fail() {}, release() {}, extendLease: () => Promise.resolve() };
const flow = () => new QueueFlow(settler, "a", { topic: "t", queueId: 0, generation: 1, offset: 0 });

describe("flow of a queue", () => {
  it("in order, passes over everything between a failure and the new beginning", () => {
    const queue = flow();
    for (const offset of [3, 4, 5]) expect(queue.isStale(offset)).to.equal(false);
    queue.rewind(1_000);
    for (const offset of [6, 7])
      expect(queue.isStale(offset), `sent before the broker knew: ${offset}`).to.equal(true);
    for (const offset of [3, 4, 5, 6]) expect(queue.isStale(offset)).to.equal(false);
  });

  it("does so again when the message fails again, and what follows it was sent with it", () => {
    const queue = flow();
    for (const offset of [3, 4, 5]) queue.isStale(offset);
    queue.rewind(1_000);
    expect(queue.isStale(3)).to.equal(false);
    queue.rewind(1_000);
    for (const offset of [4, 5]) expect(queue.isStale(offset), String(offset)).to.equal(true);
    for (const offset of [3, 4, 5]) expect(queue.isStale(offset), String(offset)).to.equal(false);
  });

  it("knows when the broker should have begun again", () => {
    const queue = flow();
    queue.isStale(0);
    expect(queue.isOverdue(5_000)).to.equal(false);
    queue.rewind(1_000);
    expect(queue.isOverdue(1_000)).to.equal(false);
    expect(queue.isOverdue(1_001)).to.equal(true);
    queue.isStale(0);
    expect(queue.isOverdue(5_000)).to.equal(false);
  });

  it("passes over what is in a handler, and stays busy with it over a new stream", () => {
    const queue = flow();
    queue.isStale(0);
    queue.inFlight.set(0, {} as Delivery);
    queue.busy = true;
    queue.restart();
    expect(queue.isStale(0)).to.equal(true);
    expect(queue.isStale(1)).to.equal(false);
    expect(queue.busy).to.equal(true);
  });

  it("in broadcast mode knows where it is, whatever the order in which messages were handled", () => {
    const queue = flow();
    queue.finish(1, 3);
    expect(queue.position).to.equal(0);
    queue.finish(0, 1);
    expect(queue.position).to.equal(3);
    queue.finish(5, 6);
    queue.restart();
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
    queue.restart();
    queue.arrive([{ queueOffset: 9 } as StoredRecord], 10);
    expect(queue.position, "a whole batch before it fitted nothing").to.equal(9);
  });
});
