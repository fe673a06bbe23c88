import { expect } from "chai";
import { settle } from "../../../client/testing/test-clock.js";
import type { Store } from "../../../server/store/store.js";
import { FLUSH_LIMITS } from "../../../server/store/writer.js";
import { SlowDisk } from "../../support/slow-disk.js";
import { openSmall } from "../../support/small-store.js";
import { addTopic } from "../../support/store.js";

const GROUP = {
  op: "put",
  number: 1,
  name: "g",
  ordered: false,
  maxAttempts: 17,
  assign: 0,
  paused: false,
} as const;

describe("positions of groups with sync flush", () => {
  let disk: SlowDisk;
  beforeEach(async () => {
    disk = await SlowDisk.open({ flush: "sync", segmentBytes: 32 << 20 });
    disk.store.appendGroup(GROUP);
    disk.move("g", 0);
    const made = disk.store.whenSettled();
    await settle();
    await disk.release();
    await made;
    disk.calls.length = 0;
  });
  afterEach(async () => {
    await disk.fast();
    await disk.store.close();
  });

  function floorIn(store: Store): number | undefined {
    const queue = store.state.topics.get("orders")!.queues[0]!;
    return store.state.groups.get("g")?.cursors.get(queue)?.floor;
  }

  it("answers when they are written, and syncs them within 500 ms (ADR 11)", async () => {
    const written: string[] = [];
    disk.move("g", 1);
    disk.store.whenWritten(() => written.push("1"));
    await settle();
    expect(written).to.deep.equal(["1"]);
    expect(disk.calls).to.deep.equal(["writeNow"]);
    const killed = await openSmall(disk.files.clone());
    expect(floorIn(killed)).to.equal(1);
    await killed.close();
    await disk.clock.advance(499);
    expect(disk.syncing).to.equal(0);
    await disk.clock.advance(1);
    expect(disk.syncing).to.equal(1);
    await disk.release();
    const left = await openSmall(disk.files.losePower("nothing"));
    expect(floorIn(left)).to.equal(1);
    await left.close();
  });

  it("syncs a group's first one at once, whoever waits", async () => {
    disk.store.appendGroup({ ...GROUP, number: 2, name: "h" });
    await settle();
    await disk.release();
    disk.move("h", 0);
    await settle();
    expect(disk.syncing).to.equal(1);
    await disk.release();
    disk.move("h", 1);
    await settle();
    expect(disk.syncing).to.equal(0);
  });

  it("syncs them at once for whoever waits for that, before they are written or after", async () => {
    for (const wait of [0, 1]) {
      const settled: string[] = [];
      disk.move("g", 1 + wait);
      for (let turn = 0; turn < wait; turn++) await settle();
      disk.store.settled(() => settled.push("settled"));
      await settle();
      expect(disk.syncing).to.equal(1);
      expect(settled).to.deep.equal([]);
      await disk.release();
      expect(settled).to.deep.equal(["settled"]);
    }
  });

  it("takes them along with the sync of a message", async () => {
    disk.move("g", 1);
    await settle();
    const acked: string[] = [];
    disk.send("message", acked);
    await settle();
    await disk.release();
    expect(acked).to.deep.equal(["message"]);
    const { durable, logEnd } = disk.store.figures;
    expect(durable).to.equal(logEnd);
    await disk.clock.advance(600);
    expect(disk.calls).to.deep.equal(["writeNow", "writeNow", "sync"]);
  });

  it("acknowledges a message that comes during their sync after a sync of its own (rule 4)", async () => {
    disk.move("g", 1);
    await disk.clock.advance(500);
    expect(disk.syncing).to.equal(1);
    const acked: string[] = [];
    disk.send("during", acked);
    await settle();
    await disk.release();
    expect(acked).to.deep.equal([]);
    expect(disk.store.endOffset(disk.queue)).to.equal(0);
    expect(disk.syncing).to.equal(1);
    await disk.release();
    expect(acked).to.deep.equal(["during"]);
    expect(disk.calls.filter((call) => call === "sync")).to.have.length(2);
  });

  it("answers those that come during their sync when it has ended, and leaves them for the next one", async () => {
    disk.move("g", 1);
    await disk.clock.advance(500);
    const written: string[] = [];
    disk.move("g", 2);
    disk.store.whenWritten(() => written.push("2"));
    await disk.clock.advance(30_000);
    expect(written, "a disk that hangs adds nothing to what a power cut takes").to.deep.equal([]);
    await disk.release();
    expect(written).to.deep.equal(["2"]);
    await disk.clock.advance(0);
    await disk.release();
    const { durable, logEnd } = disk.store.figures;
    expect(durable).to.equal(logEnd);
  });

  it("syncs one that came during their sync at once for whoever waits", async () => {
    disk.move("g", 1);
    await disk.clock.advance(500);
    disk.move("g", 2);
    await settle();
    const settled: string[] = [];
    disk.store.settled(() => settled.push("2"));
    await disk.release();
    expect(settled).to.deep.equal([]);
    await disk.release();
    expect(settled).to.deep.equal(["2"]);
  });

  it("answers what is behind a group's first one when that is on the disk", async () => {
    disk.store.appendGroup({ ...GROUP, number: 2, name: "h" });
    await settle();
    await disk.release();
    const written: string[] = [];
    disk.move("h", 0);
    disk.move("g", 1);
    disk.store.whenWritten(() => written.push("same batch"));
    await settle();
    disk.store.whenWritten(() => written.push("while it is synced"));
    await settle();
    expect(written).to.deep.equal([]);
    await disk.release();
    expect(written).to.deep.equal(["same batch", "while it is synced"]);
  });

  it("syncs at so many bytes of them without waiting", async () => {
    const { flushBytes } = FLUSH_LIMITS;
    const acked = Array.from({ length: 1_000 }, (_, at) => [2 * at + 1, 2 * at + 2] as const);
    const begin = disk.store.logEnd;
    while (disk.syncing === 0) {
      disk.move("g", 0, acked);
      await settle();
      expect(disk.store.logEnd - begin).to.be.below(flushBytes + (1 << 20));
    }
    expect(disk.store.logEnd - begin).to.be.at.least(flushBytes);
  });

  it("counts none of them as waiting", async () => {
    disk.move("g", 1);
    await settle();
    expect(disk.store.unsettledBytes).to.equal(0);
    disk.send("message");
    expect(disk.store.unsettledBytes).to.be.greaterThan(0);
  });

  it("syncs topics and groups at once, whoever waits", async () => {
    disk.store.appendGroup({ ...GROUP, number: 2, name: "h" });
    await settle();
    expect(disk.syncing).to.equal(1);
    await disk.release();
    addTopic(disk.store, "payments");
    await settle();
    expect(disk.syncing).to.equal(1);
  });

  it("fails the log when a listener throws after their sync, and tells the others, whatever they throw", async () => {
    const told: string[] = [];
    disk.move("g", 1);
    await settle();
    disk.store.settled(() => {
      throw new Error("a listener's");
    });
    disk.store.settled((error) => {
      told.push(error?.code ?? "settled");
      throw new Error("another's");
    });
    disk.store.settled((error) => told.push(error?.code ?? "settled"));
    disk.store.whenWritten((error) => told.push(error?.code ?? "written"));
    await settle();
    await disk.release();
    expect(disk.store.failure?.code).to.equal("STORE_FAILED");
    expect(told).to.deep.equal(["written", "STORE_FAILED", "STORE_FAILED"]);
    disk.store.whenWritten((error) => told.push(error?.code ?? "written"));
    expect(told.at(-1)).to.equal("STORE_FAILED");
  });
});
