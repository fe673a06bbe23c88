import { crc32 } from "node:zlib";
import { expect } from "chai";
import { settle } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { diskError, failAt } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { segmentName } from "../../../server/store/segment.js";
import { Segments } from "../../../server/store/segments.js";

const BYTES = 4_096;
const MiB = 1 << 20;

async function segmentsOf(files: MemoryFiles, count: number, bytes = BYTES): Promise<Segments> {
  const segments = await Segments.open(files, bytes);
  for (let index = segments.all.length; index < count; index++) await segments.add(segments.last?.end ?? 0);
  return segments;
}

async function refusalOf(files: MemoryFiles): Promise<LogwheelError> {
  const thrown = await Segments.open(files, BYTES).catch((error: unknown) => error);
  expect(LogwheelError.is(thrown)).to.equal(true);
  expect(files.disk.openFiles).to.equal(0);
  return thrown as LogwheelError;
}

describe("Segments", () => {
  it("recycle: a dropped segment becomes the next one, its name synced before it is written (rule 3)", async () => {
    const files = new MemoryFiles();
    const segments = await segmentsOf(files, 3);
    const { file } = segments.first!;
    await segments.dropFirst();
    expect(segments.spares).to.equal(1);
    const calls: string[] = [];
    files.before = ({ call, name }) => {
      calls.push(`${call} ${name}`.trim());
    };
    const added = await segments.add(3 * BYTES);
    expect(added.file).to.equal(file);
    expect(calls).to.deep.equal([
      `write ${file.name}`,
      `sync ${file.name}`,
      "rename spare-4.log",
      "syncNames",
    ]);
    await segments.close();
  });

  it("keep two spares of their own size and remove the rest", async () => {
    const files = new MemoryFiles();
    let segments = await segmentsOf(files, 5);
    for (let count = 0; count < 4; count++) await segments.dropFirst();
    expect(segments.spares).to.equal(2);
    await segments.close();
    expect(await files.list()).to.have.length(3);
    segments = await Segments.open(files, BYTES * 2);
    expect(segments.spares).to.equal(0);
    expect(await files.list()).to.deep.equal([segmentName(4 * BYTES)]);
    await segments.close();
    expect(files.disk.openFiles).to.equal(0);
  });

  it("keep no spares on a disk that is short: those there are go, and none is made of what is dropped (O9)", async () => {
    const files = new MemoryFiles();
    const segments = await segmentsOf(files, 6);
    await segments.dropFirst();
    expect(segments.spares).to.equal(1);
    await segments.keepSpares(false);
    await segments.dropFirst();
    segments.grown(4 * MiB);
    expect(segments.spares).to.equal(0);
    expect(await files.list()).to.have.length(4);
    const read = segments.first!.reading(() => segments.keepSpares(true));
    await Promise.all([read, segments.dropFirst()]);
    expect(segments.spares).to.equal(1);
    let release = (): void => {};
    const reading = segments.first!.reading(() => new Promise<void>((resolve) => (release = resolve)));
    const dropping = segments.dropFirst();
    await segments.keepSpares(false);
    release();
    await Promise.all([reading, dropping]);
    expect(await files.list(), "also one that became a spare meanwhile").to.have.length(2);
    await segments.close();
    expect(files.disk.openFiles).to.equal(0);
  });

  it("wait for who reads a dropped segment before it is anything else, and let nobody begin", async () => {
    const segments = await segmentsOf(new MemoryFiles(), 2);
    const dropped = segments.first!;
    let release = (): void => {};
    const reading = dropped.reading(() => new Promise<void>((resolve) => (release = resolve)));
    let done = false;
    const dropping = segments.dropFirst().then(() => (done = true));
    for (let turn = 0; turn < 10; turn++) await settle();
    expect(done).to.equal(false);
    expect(segments.spares).to.equal(0);
    const late = await dropped.reading(async () => "read").catch((error: LogwheelError) => error.code);
    expect(late).to.equal("OFFSET_OUT_OF_RANGE");
    release();
    await Promise.all([reading, dropping]);
    expect(segments.spares).to.equal(1);
  });

  it("drop no later segment when it is not certain that an older one is gone (T6)", async () => {
    const files = new MemoryFiles();
    const segments = await segmentsOf(files, 4);
    files.before = ({ call }) => {
      if (call === "syncNames") throw diskError("EIO");
    };
    for (let attempt = 0; attempt < 2; attempt++)
      expect(await segments.dropFirst().catch((error) => error.code)).to.equal("EIO");
    files.before = null;
    expect(await segments.dropFirst().catch((error) => error.code)).to.equal("EIO");
    expect((await files.list()).filter((name) => name.startsWith("spare"))).to.have.length(1);
    for (const loss of ["nothing", "everything"] as const) await Segments.open(files.losePower(loss), BYTES);
  });

  it("can drop a segment later when renaming it failed (T6)", async () => {
    const files = new MemoryFiles();
    const segments = await segmentsOf(files, 3);
    files.before = failAt(files.disk.count(), "EIO");
    expect(await segments.dropFirst().catch((error) => error.code)).to.equal("EIO");
    await segments.dropFirst();
    expect(segments.first!.start).to.equal(BYTES);
  });

  it("fill ahead at the pace of the log, and give a file up that fails: it is never synced again (T6)", async () => {
    const files = new MemoryFiles();
    const segments = await segmentsOf(files, 1, 32 * MiB);
    const grow = async (): Promise<void> => {
      for (let written = 0; written < 40; written++) {
        segments.grown(MiB);
        for (let turn = 0; turn < 6; turn++) await settle();
      }
    };
    const failed: string[] = [];
    files.before = ({ call, name }) => {
      if (call !== "sync" || !name.startsWith("spare-2")) return;
      failed.push(name);
      throw diskError("EIO");
    };
    await grow();
    expect(failed).to.deep.equal(["spare-2.log"]);
    expect(await files.list()).to.deep.equal([segmentName(0)]);
    await segments.add(32 * MiB);
    await grow();
    expect(segments.spares).to.equal(1);
    expect(failed).to.deep.equal(["spare-2.log"]);
    await segments.close();
    expect(files.disk.openFiles).to.equal(0);
  });

  it("make their names durable that a crash found unsynced", async () => {
    const files = new MemoryFiles();
    let crashed = files;
    files.before = ({ call }) => {
      if (call === "syncNames") crashed = files.clone();
    };
    await segmentsOf(files, 1);
    expect(await crashed.losePower("nothing").list()).to.deep.equal([]);
    await (await Segments.open(crashed, BYTES)).close();
    expect(await crashed.losePower("nothing").list()).to.deep.equal([segmentName(0)]);
  });

  it("refuse a newer format version and name both versions, and unknown flags", async () => {
    for (const [at, sentence] of [
      [4, /format version 2; this logwheel reads up to version 1/],
      [6, /format flags/],
    ] as const) {
      const files = new MemoryFiles();
      await (await segmentsOf(files, 1)).close();
      const bytes = files.peek(segmentName(0));
      bytes.writeUInt16LE(2, at);
      bytes.writeUInt32LE(crc32(bytes.subarray(0, 24)), 24);
      files.poke(segmentName(0), bytes);
      const refusal = await refusalOf(files);
      expect(refusal.code).to.equal("UNSUPPORTED_VERSION");
      expect(refusal.message).to.match(sentence);
    }
  });

  it("refuse a turned bit in any byte of a header as damage, not as another version (T5)", async () => {
    const good = new MemoryFiles();
    await (await segmentsOf(good, 1)).close();
    for (let bit = 0; bit < 28 * 8; bit++) {
      const files = good.clone();
      const bytes = good.peek(segmentName(0));
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      files.poke(segmentName(0), bytes);
      const refusal = await refusalOf(files);
      expect(refusal.code, `bit ${bit}`).to.equal("LOG_CORRUPT");
      expect(refusal.message).to.include("--accept-damage 0-64");
    }
  });

  it("refuse a gap and name it; given up, an empty segment closes it", async () => {
    const files = new MemoryFiles();
    await (await segmentsOf(files, 4)).close();
    await files.remove(segmentName(BYTES));
    await files.remove(segmentName(2 * BYTES));
    expect((await refusalOf(files)).message).to.include(`--accept-damage ${BYTES}-${3 * BYTES}`);
    const gap = { from: BYTES, to: 3 * BYTES };
    for (const accepted of [gap, undefined]) {
      const segments = await Segments.open(files, BYTES, accepted);
      expect(segments.all.map(({ start, end }) => [start, end])).to.deep.equal([
        [0, BYTES],
        [BYTES, 3 * BYTES],
        [3 * BYTES, 4 * BYTES],
      ]);
      await segments.close();
    }
  });
});
