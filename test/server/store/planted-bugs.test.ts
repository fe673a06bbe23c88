import { crc32 } from "node:zlib";
import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { settle } from "../../../client/testing/test-clock.js";
import type { File, Files } from "../../../server/disk/files.js";
import { diskError } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import type { MemoryViews } from "../../../server/store/memory-views.js";
import { HEADER_BYTES } from "../../../server/store/record.js";
import type { Flush } from "../../../server/store/writer.js";
import { checkDamaged, stoppedWorld } from "../../chaos/damaged-disk.js";
import { SyncWatch } from "../../chaos/failing-disk.js";
import { CrashCamera, checkCrash, type Through } from "../../chaos/power-loss.js";
import { checkCut } from "../../chaos/torn-writes.js";
import { openSmall } from "../../support/small-store.js";
import { checkStore } from "../../support/store-checks.js";
import { World } from "../../support/store-world.js";
import { wrappedFiles } from "../../support/wrapped-files.js";

const none: Through = (files) => files;

/** What T3 says of a store with a bug: its first complaint, or null. `bug` is in the store's life before the crash. */
async function powerLossFinds({
  flush = "sync",
  working = none,
  recovering = none,
  due = false,
  views = () => {},
  steps = 50,
}: {
  flush?: Flush;
  working?: Through;
  recovering?: Through;
  due?: boolean;
  views?: (views: MemoryViews) => void;
  steps?: number;
}): Promise<string | null> {
  const files = new MemoryFiles();
  const world = new World({ files: working(files), random: seeded(1), flush, due });
  views(world.views);
  await world.open();
  await world.furnish();
  const camera = new CrashCamera(files, world, { chances: 1 });
  for (let step = 0; step < steps; step++) {
    await world.step();
    for (const crash of camera.drain())
      try {
        await checkCrash(crash, flush, recovering);
      } catch (thrown) {
        return thrown instanceof Error ? thrown.message : String(thrown);
      }
  }
  return null;
}

/** Log offsets in a file at which records begin, and behind the last one. */
function places(bytes: Buffer): number[] {
  const found = [64];
  for (let at = 64; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (length < HEADER_BYTES || at + length > bytes.length) break;
    if (crc32(bytes.subarray(at + 4, at + length)) !== bytes.readUInt32LE(at)) break;
    at += length;
    found.push(at);
  }
  return found;
}

/** Files whose logs end where `endOf` says: what stands behind reads as zeros. */
function cutWhenRead(files: Files, endOf: (bytes: Buffer) => number): Files {
  return wrappedFiles(files, {
    file: (file: File): Partial<File> => ({
      async read(into, position) {
        const count = await file.read(into, position);
        if (!file.name.endsWith(".log")) return count;
        const whole = Buffer.alloc(await file.size());
        await file.read(whole, 0);
        const end = Math.max(64, endOf(whole));
        into.fill(0, Math.max(0, Math.min(into.length, end - position)));
        return count;
      },
    }),
  });
}

describe("planted bugs", () => {
  it("0: none is found where there is none", async () => {
    expect(await powerLossFinds({})).to.equal(null);
    expect(await powerLossFinds({ flush: "async" })).to.equal(null);
  });

  it("1: acknowledged before it is written: T3 finds it", async () => {
    const working: Through = (files) =>
      wrappedFiles(files, {
        file: (file: File): Partial<File> => ({
          writeNow: (bytes, position) => {
            const copy = Buffer.from(bytes);
            void settle().then(() => file.writeNow(copy, position));
          },
        }),
      });
    expect(await powerLossFinds({ flush: "async", working })).to.match(/to be at least/);
  });

  it("2: acknowledged before it is synced: T3 finds it", async () => {
    const working: Through = (files) =>
      wrappedFiles(files, { file: (): Partial<File> => ({ sync: async () => {} }) });
    expect(await powerLossFinds({ working })).to.match(/to be at least|no whole record|no segment/);
  });

  it("3: a sync that failed is tried again: T6 finds it", async () => {
    const files = new MemoryFiles();
    const retrying = wrappedFiles(files, {
      file: (file: File): Partial<File> => ({ sync: () => file.sync().catch(() => file.sync()) }),
    });
    const world = new World({ files: retrying, random: seeded(1), flush: "sync" });
    await world.open();
    await world.furnish();
    const watch = new SyncWatch();
    let failed = false;
    files.before = watch.over(({ call, name }) => {
      if (failed || call !== "sync" || !name.endsWith(".log")) return;
      failed = true;
      throw diskError("EIO");
    });
    await world.steps(10).catch(() => {});
    expect(watch.again).not.to.deep.equal([]);
  });

  it("4: names are not synced when a segment is added: T3 finds it", async () => {
    const working: Through = (files) =>
      wrappedFiles(files, { folder: (): Partial<Files> => ({ syncNames: async () => {} }) });
    expect(await powerLossFinds({ working })).to.match(/to be at least|no segment file/);
  });

  it("5: recovery drops the last whole record: T3 finds it", async () => {
    const recovering: Through = (files) => cutWhenRead(files, (bytes) => places(bytes).at(-2) ?? 64);
    expect(await powerLossFinds({ recovering })).to.match(/to be at least|damage|topics/);
  });

  it("6: recovery takes damage in the middle for the end: T5 finds it", async () => {
    const original = await stoppedWorld(11, 500);
    const [path, bytes] = [...original.contents].filter(([name]) => /\d{20}\.log$/.test(name)).at(-1)!;
    const middle = places(bytes).at(-4)!;
    const turned = Buffer.from(bytes);
    turned[middle + 90]! ^= 1;
    expect(await checkDamaged(original, path, turned)).to.equal("given up");
    const cutting: Through = (files) => cutWhenRead(withoutMark(files), (read) => places(read).at(-1)!);
    const found = await checkDamaged(original, path, turned, cutting).catch((error: Error) => error.message);
    expect(found).to.match(/nothing instead of/);
  });

  it("7: the checksum does not cover the properties: T5 finds it", async () => {
    const original = await stoppedWorld(11, 500);
    const [path, bytes] = [...original.contents].filter(([name]) => /\d{20}\.log$/.test(name)).at(-1)!;
    const at = bytes.lastIndexOf("begins", places(bytes).at(-1));
    const start = places(bytes).findLast((place) => place < at)!;
    const turned = Buffer.from(bytes);
    turned[at]! ^= 1;
    expect(await checkDamaged(original, path, turned)).to.equal("given up");
    const length = turned.readUInt32LE(start + 4);
    turned.writeUInt32LE(crc32(turned.subarray(start + 4, start + length)), start);
    const found = await checkDamaged(original, path, turned).catch((error: Error) => error.message);
    expect(found).to.match(/property of a message/);
  });

  it("9: a cursor is left beyond the end of a cut log: the checks of T3 and T22 find it", async () => {
    const files = new MemoryFiles();
    const world = new World({ files, random: seeded(1), flush: "sync" });
    await world.open();
    await world.furnish();
    const [group] = world.store.state.groups.values();
    const [topic] = world.store.state.topics.values();
    const queue = topic!.queues[0]!;
    const state = { floor: queue.nextOffset + 1, acked: [], retries: [], fence: 0 };
    world.store.appendCursors([{ group: group!, queue, state }]);
    await world.settled();
    const found = await checkStore(world.store, world.model).catch((error: Error) => error.message);
    expect(found).to.match(/beyond the end/);
  });

  it("10: the tail is cut in memory only: T4 finds it", async () => {
    const files = new MemoryFiles();
    const world = new World({ files, random: seeded(1), flush: "async" });
    await world.open();
    await world.furnish();
    const log = await files.clone().folder("log");
    const [name] = (await log.list()).filter((each) => /^\d{20}\.log$/.test(each)) as [string];
    const bytes = log.peek(name);
    const [start, end] = places(bytes).slice(-2) as [number, number];
    bytes.copyWithin(end, start, end);
    bytes.writeUInt32LE(end, end + 14);
    for (const forgetful of [false, true]) {
      const left = files.clone();
      (await left.folder("log")).poke(name, bytes);
      const through = forgetful ? withoutZeroing(left) : left;
      await (await openSmall(through)).close();
      const found = await checkCut(left).catch((error: Error) => error.message);
      if (forgetful) expect(found).to.match(/zeros behind/);
      else expect(found).to.equal(undefined);
    }
  });
});

describe("planted bugs of the due index", function () {
  // Hundreds of recoveries, seconds of processor time: nothing is waited for.
  this.timeout(120_000);

  const find = (views?: (views: MemoryViews) => void): Promise<string | null> =>
    powerLossFinds({ due: true, steps: 150, ...(views === undefined ? {} : { views }) });

  it("0: none is found where there is none", async () => {
    expect(await find()).to.equal(null);
  });

  it("1: a mark is trusted before what it stands for is forced to the disk: T3 finds it", async () => {
    const found = await find((views) => {
      views.force = async () => {};
    });
    expect(found).to.match(/due/);
  });
});

/** Nothing says how far the log was durable. */
function withoutMark(files: Files): Files {
  return wrappedFiles(files, {
    file: (file: File): Partial<File> =>
      file.name === "checkpoint" ? { read: async (into) => into.fill(0).length } : {},
  });
}

/** Writes of zeros do not reach the disk. */
function withoutZeroing(files: Files): Files {
  return wrappedFiles(files, {
    file: (file: File): Partial<File> => ({
      write: (buffers, position) =>
        buffers.every((bytes) => bytes.every((byte) => byte === 0))
          ? Promise.resolve()
          : file.write(buffers, position),
    }),
  });
}
