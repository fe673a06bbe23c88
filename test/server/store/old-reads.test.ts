import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { OldReads, oldReadRate, recentBytes } from "../../../server/store/old-reads.js";
import { addTopic, append, openStore, text } from "../../support/store.js";

const MIB = 2 ** 20;
const SEGMENT = 64 * MIB;
const BYTES_MIN = 48 * MIB;
const BUSY = 200 * MIB;
/** Far behind all that is published in a test. */
const OLD = 0;

describe("OldReads", () => {
  let clock: TestClock;
  let logEnd: number;
  let reads: OldReads;
  beforeEach(() => {
    clock = new TestClock();
    logEnd = 10_000 * MIB;
    reads = new OldReads({ clock, logEnd: () => logEnd, segmentBytes: SEGMENT, bytesMin: BYTES_MIN });
  });

  /** Lets time pass in which so many bytes a second are published. */
  async function publish(bytesPerSecond: number, ms: number, stepMs = 5): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      logEnd += (bytesPerSecond * stepMs) / 1_000;
      await clock.advance(stepMs);
    }
  }

  /** Whether a read may go on at once; what it brings is charged then. */
  function readNow(logOffset = OLD, bytes = MIB): boolean {
    if (reads.turn(logOffset) !== undefined) return false;
    reads.took(logOffset, 0, bytes);
    return true;
  }

  /** Reads one after the other until it is stopped; counts bytes. */
  function reader(bytes: number): { read: number; stopped: boolean } {
    const progress = { read: 0, stopped: false };
    void (async () => {
      while (!progress.stopped) {
        await reads.turn(OLD);
        await settle();
        reads.took(OLD, 0, bytes);
        progress.read += bytes;
      }
    })();
    return progress;
  }

  it("leaves old reads the less the more is published, and their least", () => {
    expect(oldReadRate(0, BYTES_MIN)).to.equal(Number.POSITIVE_INFINITY);
    expect(oldReadRate(5 * MIB, BYTES_MIN)).to.be.above(1_900 * MIB);
    expect(oldReadRate(50 * MIB, BYTES_MIN)).to.be.within(1_000 * MIB, 1_400 * MIB);
    expect(oldReadRate(BUSY, BYTES_MIN)).to.equal(BYTES_MIN);
  });

  it("takes ten seconds of publishing for recent, and a segment at least", () => {
    expect(recentBytes(0, SEGMENT)).to.equal(SEGMENT);
    expect(recentBytes(100 * MIB, SEGMENT)).to.equal(1_000 * MIB);
  });

  it("never has anybody wait while nothing is published, but for the positions of consumers", async () => {
    await publish(MIB / 2, 500);
    for (let read = 0; read < 1_000; read++) expect(readNow()).to.equal(true);
    expect(clock.waiting).to.equal(0);
  });

  it("lets recent messages be read at once, however much is published", async () => {
    await publish(BUSY, 500);
    expect(readNow()).to.equal(true);
    expect(readNow()).to.equal(false);
    for (let read = 0; read < 100; read++) expect(readNow(logEnd - 5 * BUSY)).to.equal(true);
    reads.close();
  });

  for (const readers of [1, 8])
    it(`gives ${readers} readers their least together beside full publishing`, async () => {
      await publish(BUSY, 200);
      reads.turn(OLD);
      const all = Array.from({ length: readers }, () => reader(256 << 10));
      await publish(BUSY, 2_000);
      const readBytes = all.map(({ read }) => read);
      const sum = readBytes.reduce((total, bytes) => total + bytes, 0);
      expect(sum / 2).to.be.within(0.8 * BYTES_MIN, 1.2 * BYTES_MIN);
      expect(Math.min(...readBytes)).to.be.above((0.8 * sum) / readers);
      for (const each of all) each.stopped = true;
      reads.close();
    });

  it("charges small messages more than their bytes", async () => {
    await publish(BUSY, 200);
    reads.turn(OLD);
    reads.took(OLD, 10_000, 10_000);
    expect(readNow()).to.equal(false);
    await publish(BUSY, 50);
    expect(readNow()).to.equal(false);
    reads.close();
  });

  it("keeps nobody waiting for more than a second, in the order of arrival", async () => {
    await publish(BUSY, 200);
    reads.turn(OLD);
    reads.took(OLD, 0, 8 * MIB);
    const gone: number[] = [];
    for (let who = 0; who < 100; who++)
      void reads.turn(OLD)!.then(() => {
        reads.took(OLD, 0, 8 * MIB);
        gone.push(who);
      });
    await publish(BUSY, 500);
    expect(gone.length).to.be.below(10);
    await publish(BUSY, 600);
    expect(gone).to.deep.equal(Array.from({ length: 100 }, (_, who) => who));
    reads.close();
  });

  it("lets all go on soon after publishing has ended", async () => {
    await publish(BUSY, 200);
    reads.turn(OLD);
    reads.took(OLD, 0, 40 * MIB);
    let gone = 0;
    for (let who = 0; who < 10; who++) void reads.turn(OLD)!.then(() => gone++);
    await publish(BUSY, 100);
    expect(gone).to.equal(0);
    await publish(0, 200);
    expect(gone).to.equal(10);
    expect(readNow()).to.equal(true);
    expect(clock.waiting).to.equal(0);
  });

  it("lets everybody go when it is closed, and nobody wait afterwards", async () => {
    await publish(BUSY, 200);
    reads.turn(OLD);
    reads.took(OLD, 0, 40 * MIB);
    const waiting = reads.turn(OLD);
    reads.close();
    await waiting;
    expect(reads.turn(OLD)).to.equal(undefined);
    expect(clock.waiting).to.equal(0);
  });

  it("has readers of the store wait for their turn while much is published, and nobody else", async () => {
    const limits = { maxMessages: 50, maxBytes: MIB };
    const store = await openStore(new MemoryFiles(), { clock, flush: "async" });
    const [queue] = addTopic(store, "orders").queues;
    for (let index = 0; index < 60; index++) append(store, queue!, [text(`a-${index} ${"x".repeat(1_500)}`)]);
    await store.whenSettled();
    expect(store.turn(queue!, 0), "nothing is published").to.equal(undefined);
    const [other] = addTopic(store, "others").queues;
    for (let index = 0; index < 400; index++) append(store, other!, [text("y".repeat(50_000))]);
    append(store, queue!, [text("recent")]);
    await store.whenSettled();
    await clock.advance(15_000);
    await store.turn(queue!, 0);
    expect(store.turn(queue!, 0), "the first turn").to.equal(undefined);
    for (let reads = 0; reads < 600; reads++) await store.read(queue!, 0, limits, { take: () => true });
    let turns = 0;
    void store.turn(queue!, 0)!.then(() => turns++);
    expect(store.turn(other!, 399), "recent").to.equal(undefined);
    expect(store.turn(queue!, 60), "recent").to.equal(undefined);
    await settle();
    expect(turns).to.equal(0);
    await store.close();
    expect(turns).to.equal(1);
  });
});
