import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { DiskGuard, levelOf, roomOf } from "../../../server/broker/disk-guard.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";

const LIMITS = { warnPercent: 75, refusePercent: 90, freeBytesMin: 50, reserveBytes: 0 };

describe("disk guard", () => {
  it("tells a disk that fills up from a full one, by share and by free bytes", () => {
    const level = (freeBytes: number, totalBytes = 1_000): string =>
      levelOf({ freeBytes, totalBytes }, LIMITS);
    expect([251, 250, 101, 100].map((free) => level(free))).to.deep.equal(["ok", "warn", "warn", "full"]);
    expect(level(49, 60)).to.equal("full");
  });

  it("refuses sends while the disk is full, tells who could make room, and lets them go on by itself (O9)", async () => {
    const clock = new TestClock();
    const files = new MemoryFiles();
    let freeBytes = 900;
    files.space = async () => ({ freeBytes, totalBytes: 1_000 });
    const told: boolean[] = [];
    const onFull = async (full: boolean): Promise<void> => void told.push(full);
    const logger = silentLogger;
    const guard = new DiskGuard({ files, clock, logger, limits: LIMITS, logEnd: () => 0, onFull });
    await guard.start();
    expect(guard.refusal()).to.equal(undefined);
    freeBytes = 10;
    await clock.advance(2_000);
    expect(LogwheelError.is(guard.refusal(), "DISK_FULL")).to.equal(true);
    freeBytes = 900;
    await clock.advance(2_000);
    expect(guard.refusal()).to.equal(undefined);
    expect(told).to.deep.equal([true, false]);
    await guard.stop();
    expect(clock.waiting).to.equal(0);
  });

  it("knows how much room is left until a disk counts as full", () => {
    expect(roomOf({ freeBytes: 300, totalBytes: 1_000 }, LIMITS)).to.be.closeTo(200, 0.001);
    expect(roomOf({ freeBytes: 300, totalBytes: 1_000 }, { ...LIMITS, freeBytesMin: 250 })).to.equal(50);
    expect(roomOf({ freeBytes: 10, totalBytes: 1_000 }, LIMITS)).to.equal(0);
  });

  it("looks again before a fast log can have filled the disk, and refuses what may not fit (O9)", async () => {
    const clock = new TestClock();
    const files = new MemoryFiles();
    let logEnd = 5_000;
    let looks = 0;
    let space = { freeBytes: 1_100, totalBytes: 10_000 };
    files.space = async () => {
      looks++;
      return space;
    };
    const deps = { files, clock, logger: silentLogger, limits: LIMITS };
    const guard = new DiskGuard({ ...deps, logEnd: () => logEnd, onFull: async () => {} });
    await guard.start();
    expect(guard.refusal()).to.equal(undefined);
    expect(looks).to.equal(1);
    logEnd += 12;
    space = { freeBytes: 1_080, totalBytes: 10_000 };
    expect(guard.refusal()).to.equal(undefined);
    await settle();
    expect(looks).to.equal(2);
    logEnd += 40;
    expect(LogwheelError.is(guard.refusal(), "DISK_FULL")).to.equal(true);
    await settle();
    expect(looks).to.equal(3);
    expect(guard.refusal()).to.equal(undefined);
    await guard.stop();
  });
});
