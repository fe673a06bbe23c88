import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { diskError } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { Store } from "../../../server/store/store.js";
import { SlowDisk } from "../../support/slow-disk.js";
import { openSmall } from "../../support/small-store.js";
import { addTopic, append, bodies, text } from "../../support/store.js";

describe("Writer", () => {
  it("T7: carries all that comes while one sync is slow with the next one (A6-01)", async () => {
    const disk = await SlowDisk.open({ flush: "sync" });
    const acked: string[] = [];
    disk.send("first", acked);
    await settle();
    for (let number = 0; number < 100; number++) disk.send(String(number), acked);
    for (let turn = 0; turn < 20; turn++) await settle();
    expect(disk.calls).to.deep.equal(["writeNow", "sync"]);
    expect(acked).to.deep.equal([]);
    expect(disk.store.endOffset(disk.queue)).to.equal(0);
    await disk.release();
    expect(acked).to.deep.equal(["first"]);
    expect(disk.store.endOffset(disk.queue)).to.equal(1);
    expect(disk.calls).to.deep.equal(["writeNow", "sync", "writeNow", "sync"]);
    await disk.release();
    expect(acked).to.have.length(101);
    expect(disk.calls.filter((call) => call === "sync")).to.have.length(2);
    await disk.fast();
    await disk.store.close();
  });

  it("T7: lets readers read what is visible while a sync is slow, however much is appended behind it", async () => {
    const disk = await SlowDisk.open({ flush: "sync" });
    disk.send("visible");
    await settle();
    await disk.release();
    disk.send("stuck");
    await disk.clock.advance(30_000);
    expect(disk.syncing).to.equal(1);
    expect(await bodies(disk.store, disk.queue)).to.deep.equal(["visible"]);
    expect(disk.store.unsettledBytes).to.be.greaterThan(0);
    await disk.fast();
    expect(await bodies(disk.store, disk.queue)).to.deep.equal(["visible", "stuck"]);
    await disk.store.close();
  });

  it("acknowledges at once with async flush, and syncs within 500 ms (A6-01, A6-03)", async () => {
    const disk = await SlowDisk.open({ flush: "async" });
    const acked: string[] = [];
    disk.send("one", acked);
    await settle();
    expect(acked).to.deep.equal(["one"]);
    expect(await bodies(disk.store, disk.queue)).to.deep.equal(["one"]);
    expect(disk.syncing).to.equal(0);
    await disk.clock.advance(499);
    expect(disk.syncing).to.equal(0);
    await disk.clock.advance(1);
    expect(disk.syncing).to.equal(1);
    await disk.fast();
    await disk.store.close();
  });

  it("leaves nothing unsynced when it is closed, also what was written while a sync was under way", async () => {
    const disk = await SlowDisk.open({ flush: "async" });
    disk.send("before");
    await settle();
    await disk.clock.advance(500);
    expect(disk.syncing).to.equal(1);
    disk.send("during");
    await settle();
    const closed = disk.store.close();
    await disk.release();
    await disk.fast();
    await closed;
    const left = await openSmall(disk.files.losePower("nothing"));
    expect(await bodies(left, left.state.topics.get("orders")!.queues[0]!)).to.deep.equal([
      "before",
      "during",
    ]);
    expect(left.recovered.cutBytes).to.equal(0);
    await left.close();
  });

  it("syncs at so many unflushed bytes without waiting", async () => {
    const disk = await SlowDisk.open({ flush: "async", flushBytes: 1_000 });
    disk.send("x".repeat(400));
    await settle();
    expect(disk.syncing).to.equal(0);
    disk.send("x".repeat(400));
    await settle();
    expect(disk.syncing).to.equal(1);
    await disk.fast();
    await disk.store.close();
  });

  it("counts as durable what was written before the sync was called, not what came during it (rule 4)", async () => {
    const disk = await SlowDisk.open({ flush: "async" });
    disk.send("before");
    await settle();
    const { logEnd } = disk.store.figures;
    await disk.clock.advance(500);
    disk.send("during");
    await settle();
    await disk.release();
    expect(disk.store.figures.durable).to.equal(logEnd);
    const left = await openSmall(disk.files.losePower("nothing"));
    expect(left.recovered.end).to.equal(logEnd);
    await left.close();
    await disk.fast();
    await disk.store.close();
  });

  it("goes on syncing without a pause when one took longer than the next may wait (rule 4)", async () => {
    const disk = await SlowDisk.open({ flush: "async" });
    disk.send("one");
    await disk.clock.advance(500);
    disk.send("two");
    await disk.clock.advance(3_000);
    expect(disk.syncing).to.equal(1);
    await disk.release();
    await disk.clock.advance(0);
    expect(disk.syncing).to.equal(1);
    await disk.fast();
    expect(disk.store.figures.durable).to.equal(disk.store.figures.logEnd);
    await disk.store.close();
  });

  it("T7: is behind when the oldest unflushed byte is a second old, or too many are unflushed (rule 4, O4)", async () => {
    const disk = await SlowDisk.open({ flush: "async", unflushedBytesMax: 2_000 });
    disk.send("old");
    await disk.clock.advance(1_000);
    expect(disk.store.behind).to.equal(false);
    await disk.clock.advance(1);
    expect(disk.store.behind).to.equal(true);
    await disk.release();
    expect(disk.store.behind).to.equal(false);
    disk.send("x".repeat(2_000));
    await settle();
    expect(disk.store.behind).to.equal(true);
    await disk.fast();
    await disk.clock.advance(500);
    expect(disk.store.behind).to.equal(false);
    await disk.store.close();
  });

  it("T7: counts what is appended and not written yet, and tells when a sync has made room (rule 4)", async () => {
    const disk = await SlowDisk.open({ flush: "async", unflushedBytesMax: 2_000 });
    disk.send("x".repeat(1_000));
    expect(disk.store.behind).to.equal(false);
    disk.send("x".repeat(1_000));
    expect(disk.store.behind, "before the turn is over").to.equal(true);
    await disk.clock.advance(500);
    const told: boolean[] = [];
    disk.store.onVisible(() => void told.push(disk.store.behind));
    await disk.release();
    expect(told).to.deep.equal([false]);
    await disk.fast();
    await disk.store.close();
  });

  it("has one sync under way at most, also where a segment ends while one is slow", async () => {
    const disk = await SlowDisk.open({ flush: "async" });
    let most = 0;
    for (let number = 0; number < 60; number++) {
      disk.send("x".repeat(900));
      await disk.clock.advance(number % 3 === 0 ? 500 : 0);
      most = Math.max(most, disk.syncing);
      if (number % 4 === 0) await disk.release();
    }
    expect(most).to.equal(1);
    await disk.fast();
    expect(disk.store.figures.segments).to.be.greaterThan(2);
    await disk.store.close();
  });

  for (const flush of ["sync", "async"] as const)
    it(`T6: writes and syncs nothing after a failed sync, and tells all who wait, with ${flush} flush`, async () => {
      const files = new MemoryFiles();
      const clock = new TestClock();
      const told: LogwheelError[] = [];
      const store = await openSmall(files, { clock, flush, failed: (error) => void told.push(error) });
      const topic = addTopic(store, "orders");
      await store.whenSettled();
      const calls: string[] = [];
      files.before = ({ call, name }) => {
        calls.push(call);
        if (call === "sync" && name.endsWith(".log")) throw diskError("EIO");
      };
      const acked: string[] = [];
      append(store, topic.queues[0]!, [text("lost?")]);
      store.settled((error) => void acked.push(error?.code ?? "acknowledged"));
      await clock.advance(500);
      expect(() => append(store, topic.queues[0]!, [text("never")])).to.throw(LogwheelError);
      await clock.advance(5_000);
      expect(acked).to.deep.equal([flush === "sync" ? "STORE_FAILED" : "acknowledged"]);
      expect(told.map(({ code }) => code)).to.deep.equal(["STORE_FAILED"]);
      expect(calls.filter((call) => call === "sync")).to.have.length(1);
      expect(calls.lastIndexOf("writeNow")).to.be.lessThan(calls.indexOf("sync"));
      expect(() => store.reserve(100))
        .to.throw(LogwheelError)
        .with.property("code", "STORE_FAILED");
      expect(store.failure?.message).to.include("EIO");
      await store.close();
    });

  it("T9: stops the log when a checkpoint cannot be written", async () => {
    const files = new MemoryFiles();
    const clock = new TestClock();
    const store = await openSmall(files, { clock });
    files.before = ({ call, name }) => {
      if (name === "checkpoint" && call === "write") throw diskError("EIO");
    };
    await clock.advance(1_000);
    expect(store.failure?.code).to.equal("STORE_FAILED");
    await store.close();
    expect(files.disk.openFiles).to.equal(0);
  });
});

describe("CommitLog", () => {
  it("does not let a group, a change or a snapshot go beyond its segment", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files);
    const topic = addTopic(store, "orders");
    expect(store.fits(100)).to.equal(true);
    let largest = 100;
    while (store.fits(largest + 1)) largest++;
    expect(() =>
      store.appendTopic({ op: "put", ...topic, queues: 1, attributes: { long: "x".repeat(largest) } }),
    )
      .to.throw(LogwheelError)
      .with.property("code", "MESSAGE_TOO_LARGE");
    for (let number = 0; number < 6; number++) {
      store.stamp();
      store.reserve(largest);
      append(store, topic.queues[0]!, [text("in its room")]);
      await store.whenSettled();
    }
    await store.close();
    await (await openSmall(files)).close();
  });

  it("ends with a sentence when the metadata outgrows half a segment, and starts again with larger ones", async () => {
    const files = new MemoryFiles();
    let failed: LogwheelError | undefined;
    const store = await openSmall(files, { failed: (error) => (failed = error) });
    const acked: string[] = [];
    const fill = (): void => {
      for (let number = 0; number < 500 && failed === undefined; number++) {
        const { name } = addTopic(store, `topic-${number}`, 4);
        store.settled((error) => void (error === null && acked.push(name)));
      }
    };
    expect(fill).to.throw(LogwheelError, /metadata takes \d+ bytes, more than half a segment/);
    expect(failed?.code).to.equal("STORE_FAILED");
    await store.close();
    const refused = await openSmall(files).catch((error: LogwheelError) => error);
    expect(refused).to.satisfy((error: unknown) => error instanceof Store || LogwheelError.is(error));
    if (refused instanceof Store) await refused.close();
    const larger = await openSmall(files, { segmentBytes: 256 << 10 });
    for (const name of acked) expect(larger.state.topics.has(name), name).to.equal(true);
    await larger.close();
    expect(files.disk.openFiles).to.equal(0);
  });
});
