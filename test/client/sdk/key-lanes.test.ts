import { expect } from "chai";
import type { Delivery } from "../../../client/sdk/delivery.js";
import { QueueFlow, type Settler } from "../../../client/sdk/queue-flow.js";
import type { StoredRecord } from "../../../proto/kernel/record.js";

describe("lanes of the keys of a queue", () => {
  let released = 0;
  const settler: Settler = {
    succeed() {},
    fail() {},
    release(messages) {
      released += messages;
    },
    ended() {},
    extendLease: () => Promise.resolve(),
  };
  const lanes = () => new QueueFlow(settler, "a", { topic: "t", queueId: 0, generation: 1, offset: 0 }).keys;
  const running = {} as Delivery;
  const record = { start: 0, end: 10 } as StoredRecord;
  beforeEach(() => {
    released = 0;
  });

  it("pass over what was taken before the broker knew of a failure, and nothing that was taken later", () => {
    const keys = lanes();
    expect(keys.fail(7)).to.equal(true);
    expect(keys.isStale(7, 1_000)).to.equal(true);
    expect(keys.isStale(8, 0)).to.equal(false);
    keys.told(7, 3);
    expect([2, 3].map((failures) => keys.isStale(7, failures))).to.deep.equal([true, false]);
    keys.reached(2);
    expect(keys.size).to.equal(1);
    keys.reached(3);
    expect(keys.size, "nothing is kept of a key that is blocked").to.equal(0);
  });

  it("drop what waits behind a failure; another of the key in the same turn comes with it", () => {
    const keys = lanes();
    keys.begin(7, running);
    keys.get(7)!.waiting.push(record);
    keys.get(7)!.waiting.push(record);
    keys.tidy(keys.end(7, running)!);
    expect([keys.fail(7), keys.fail(7)]).to.deep.equal([true, false]);
    expect(released).to.equal(2);
  });

  it("keep a key whose handler runs on, over its failure and over a new stream", () => {
    const keys = lanes();
    keys.begin(7, running);
    keys.fail(7);
    keys.told(7, 1);
    keys.reached(1);
    expect(keys.get(7)).to.include({ staleBelow: 0 });
    keys.restart();
    expect(keys.size).to.equal(1);
    keys.tidy(keys.end(7, running)!);
    expect(keys.size).to.equal(0);
  });

  it("forget failures at a new stream, on which the broker begins again", () => {
    const keys = lanes();
    keys.fail(7);
    keys.fail(8);
    keys.restart();
    expect(keys.size).to.equal(0);
    keys.told(7, 5);
    expect(keys.isStale(7, 0)).to.equal(false);
  });

  it("take what was delivered again between two failures that were told together", () => {
    const keys = lanes();
    keys.fail(7);
    keys.fail(8);
    keys.told(7, 1);
    keys.told(8, 2);
    expect([7, 8].map((hash) => keys.isStale(hash, 1))).to.deep.equal([false, true]);
    keys.reached(1);
    expect(keys.size).to.equal(1);
  });

  it("pass over what was taken before the last of two failures that were told after a new stream", () => {
    const keys = lanes();
    keys.begin(7, running);
    keys.fail(7);
    keys.restart();
    keys.fail(7);
    keys.told(7, 1);
    keys.told(7, 2);
    keys.reached(1);
    expect([1, 2].map((failures) => keys.isStale(7, failures))).to.deep.equal([true, false]);
  });

  it("are bounded: 100,000 keys that fail leave nothing once the broker has heard of it", () => {
    const keys = lanes();
    for (let hash = 1; hash <= 100_000; hash++) {
      keys.fail(hash);
      keys.told(hash, hash);
      if (hash % 1_000 === 0) keys.reached(hash);
      expect(keys.size).to.be.at.most(1_000);
    }
    expect(keys.size).to.equal(0);
  });
});
