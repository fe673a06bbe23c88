import { expect } from "chai";
import type { StoredRecord } from "../../../proto/kernel/record.js";
import { Arrivals, laneOfArrived } from "../../../server/gateway/arrivals.js";
import type { Arrived } from "../../../server/gateway/broker-member.js";

function arrived(queueOffset: number, keyHash: number, failures = 0, bytes = 100): Arrived {
  const record = { queueId: 0, queueOffset, keyHash, attempt: 1, start: 0, end: bytes };
  return { topic: "t", generation: 1, record: record as StoredRecord, atMs: 0, failures };
}

const offsets = (taken: readonly Arrived[]): number[] => taken.map(({ record }) => record.queueOffset);

describe("messages that have come", () => {
  it("are taken in their order, and stay where they are not wanted", () => {
    const arrivals = new Arrivals();
    arrivals.add("a", [arrived(0, 1), arrived(1, 2)]);
    arrivals.add("a", [arrived(2, 1)]);
    arrivals.add("b", [arrived(9, 1)]);
    expect(offsets(arrivals.take("a", ({ record }) => record.keyHash === 1))).to.deep.equal([0, 2]);
    expect(offsets(arrivals.take("a", () => true))).to.deep.equal([1]);
    expect(offsets(arrivals.take("a", () => true))).to.deep.equal([]);
    arrivals.drop("b");
    expect(offsets(arrivals.take("b", () => true))).to.deep.equal([]);
  });

  it("are enough at 1,024, or 32 MiB", () => {
    const arrivals = new Arrivals();
    for (let at = 0; at < 1_023; at++) arrivals.add("a", [arrived(at, 1)]);
    expect(arrivals.isFull("a")).to.equal(false);
    arrivals.add("a", [arrived(1_023, 1)]);
    expect(arrivals.isFull("a")).to.equal(true);
    arrivals.add("b", [arrived(0, 1, 0, (32 << 20) - 1)]);
    expect(arrivals.isFull("b")).to.equal(false);
    arrivals.add("b", [arrived(1, 1, 0, 1)]);
    expect(arrivals.isFull("b")).to.equal(true);
  });

  it("of a key that failed are dropped if they were taken before, and the key is not kept for good", () => {
    const arrivals = new Arrivals();
    for (let key = 0; key < 1_000; key++) {
      const failed = key + 1;
      arrivals.add("a", [arrived(0, key, key)]);
      arrivals.dropLane("a", laneOfArrived("a", arrived(0, key)), failed);
      arrivals.add("a", [arrived(1, key, key), arrived(2, key + 1, key)]);
      arrivals.add("a", [arrived(3, key, failed)]);
      expect(offsets(arrivals.take("a", () => true))).to.deep.equal([2, 3]);
    }
    expect(arrivals.stale).to.equal(0);
  });
});
