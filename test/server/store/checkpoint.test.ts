import { crc32 } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { seeded } from "../../../client/testing/seeded.js";
import type { File, Files } from "../../../server/disk/files.js";
import { failAt } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { Checkpoint, type CheckpointState } from "../../../server/store/checkpoint.js";
import { codeOf } from "../../contract/files.js";
import { flips, mutated, torn } from "../../support/damage.js";
import { powerCuts } from "../../support/power-cuts.js";

const NAME = "checkpoint";
const SLOT_BYTES = 36;
const SLOT_DISTANCE = 4096;

function stateOf(number: number): CheckpointState {
  return { durable: number * 1000, epoch: number, clean: number % 2 === 0 };
}

async function read(files: Files): Promise<CheckpointState | null> {
  const checkpoint = await Checkpoint.open(files);
  await checkpoint.close();
  return checkpoint.state;
}

/** The file after so many writes. */
async function written(count: number): Promise<Buffer> {
  const files = new MemoryFiles();
  const checkpoint = await Checkpoint.open(files);
  for (let number = 1; number <= count; number++) await checkpoint.write(stateOf(number));
  return files.peek(NAME);
}

async function readBytes(bytes: Buffer): Promise<CheckpointState | null> {
  const files = new MemoryFiles();
  files.poke(NAME, bytes);
  return read(files);
}

/** Files whose checkpoint is written in one place only: the mistake that the two slots are there to avoid. */
function inPlace(files: MemoryFiles): Files {
  const one = (file: File): File =>
    new Proxy(file, {
      get(target, key) {
        if (key === "write") return (buffers: Buffer[]) => target.write(buffers, 0);
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return Object.assign(Object.create(files), {
    open: async (name: string) => one(await files.open(name)),
    create: async (name: string) => one(await files.create(name)),
    syncNames: () => files.syncNames(),
  });
}

/** Cuts the power at every moment of several writes and says where another state than the last or the next was found. */
async function brokenPromises(through: (files: MemoryFiles) => Files): Promise<string[]> {
  const files = new MemoryFiles();
  let acknowledged = 0;
  let begun = 0;
  const work = async (): Promise<void> => {
    for (let run = 0; run < 2; run++) {
      const checkpoint = await Checkpoint.open(through(files));
      for (let round = 0; round < 5; round++) {
        begun += 1;
        await checkpoint.write(stateOf(begun));
        acknowledged = begun;
      }
      await checkpoint.close();
    }
  };
  const cuts = await powerCuts(files, work, { progress: () => [acknowledged, begun] as const, seeds: 40 });
  const broken: string[] = [];
  for (const { image, progress, what } of cuts) {
    const found = await read(image);
    const allowed = progress.map((number) => (number === 0 ? null : stateOf(number)));
    const fits = allowed.some((state) => JSON.stringify(state) === JSON.stringify(found));
    if (!fits) broken.push(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(allowed)}`);
  }
  return broken;
}

describe("Checkpoint", () => {
  it("is null at first, then what was written last", async () => {
    const files = new MemoryFiles();
    expect(await read(files)).to.equal(null);
    for (let number = 1; number < 5; number++) {
      const checkpoint = await Checkpoint.open(files);
      await checkpoint.write(stateOf(number));
      expect(checkpoint.state).to.deep.equal(stateOf(number));
      await checkpoint.close();
      expect(await read(files)).to.deep.equal(stateOf(number));
    }
    expect(files.disk.openFiles).to.equal(0);
  });

  it("gives back every state", async () => {
    const state = fc.record({
      durable: fc.maxSafeNat(),
      epoch: fc.integer({ min: 0, max: 0xffffffff }),
      clean: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(state, { minLength: 1, maxLength: 4 }), async (states) => {
        const files = new MemoryFiles();
        const checkpoint = await Checkpoint.open(files);
        for (const each of states) await checkpoint.write(each);
        expect(await read(files)).to.deep.equal(states.at(-1));
      }),
    );
  });

  it("does writes one after the other when they are asked for at once, and closes after them", async () => {
    const files = new MemoryFiles();
    const checkpoint = await Checkpoint.open(files);
    const writes = [1, 2, 3, 4].map((number) => checkpoint.write(stateOf(number)));
    const calls: string[] = [];
    files.before = ({ call }) => {
      calls.push(call);
    };
    await checkpoint.close();
    await Promise.all(writes);
    expect(calls.join(" ")).to.equal("write sync write sync write sync write sync close");
    files.before = null;
    expect(await read(files)).to.deep.equal(stateOf(4));
  });

  it("T9: is the state before or after, never another, after a power cut at any moment", async () => {
    expect(await brokenPromises((files) => files)).to.deep.equal([]);
  });

  it("T9, planted bug 8: would be caught by that if it were written in place", async () => {
    expect(await brokenPromises(inPlace)).not.to.deep.equal([]);
  });

  it("T4: is the state before or after when a write is torn at any byte", async () => {
    const [before, after] = [await written(4), await written(5)];
    for (const { bytes, what } of torn(before, after)) {
      expect(await readBytes(bytes), what).to.be.deep.oneOf([stateOf(4), stateOf(5)]);
    }
  });

  it("T5: is the older state when any bit of the newer slot is turned, and the newer when one of the older is", async () => {
    const bytes = await written(4);
    for (const [slot, left] of [
      [0, 3],
      [1, 4],
    ] as const) {
      const from = (1 - slot) * SLOT_DISTANCE;
      for (const { bytes: damaged, what } of flips(bytes, from, from + SLOT_BYTES)) {
        expect(await readBytes(damaged), what).to.deep.equal(stateOf(left));
      }
    }
  });

  it("does not care for bytes outside its slots", async () => {
    const bytes = await written(4);
    bytes.fill(0xff, SLOT_BYTES, SLOT_DISTANCE);
    expect(await readBytes(bytes)).to.deep.equal(stateOf(4));
  });

  it("is null when both slots are damaged, and then writes again", async () => {
    const files = new MemoryFiles();
    files.poke(NAME, Buffer.alloc(5000, 0xff));
    const checkpoint = await Checkpoint.open(files);
    expect(checkpoint.state).to.equal(null);
    await checkpoint.write(stateOf(1));
    expect(await read(files)).to.deep.equal(stateOf(1));
  });

  it("writes over the damaged slot, not over the one that is left", async () => {
    for (const slot of [0, 1]) {
      const bytes = await written(4);
      bytes.fill(0, slot * SLOT_DISTANCE, slot * SLOT_DISTANCE + SLOT_BYTES);
      const files = new MemoryFiles();
      files.poke(NAME, bytes);
      const left = await read(files);
      const checkpoint = await Checkpoint.open(files);
      files.before = failAt(files.disk.count(), "EIO", { writtenBytes: 20 });
      expect(await codeOf(checkpoint.write(stateOf(9)))).to.equal("EIO");
      expect(await read(files)).to.deep.equal(left);
    }
  });

  it("T21: is one of its two states or null, whatever is done to its bytes", async () => {
    const bytes = await written(4);
    for (let seed = 0; seed < 5000; seed++) {
      const found = await readBytes(mutated(bytes, seeded(seed)));
      expect(found, `seed ${seed}`).to.be.deep.oneOf([stateOf(3), stateOf(4), null]);
    }
  });

  it("T6: fails all writes after one that failed, and keeps the slot that is whole", async () => {
    for (const call of [0, 1]) {
      const files = new MemoryFiles();
      const checkpoint = await Checkpoint.open(files);
      await checkpoint.write(stateOf(1));
      await checkpoint.write(stateOf(2));
      files.before = failAt(files.disk.count() + call, "EIO", { writtenBytes: 9 });
      expect(await codeOf(checkpoint.write(stateOf(3)))).to.equal("EIO");
      const calls = files.disk.count();
      expect(await codeOf(checkpoint.write(stateOf(4)))).to.equal("EIO");
      expect(files.disk.count()).to.equal(calls);
      expect(checkpoint.state).to.deep.equal(stateOf(2));
      expect(await read(files.losePower("nothing"))).to.deep.equal(stateOf(2));
      await checkpoint.close();
    }
  });

  it("refuses a slot of a newer version, or with flags it does not know, when its checksum holds", async () => {
    for (const [at, sentence] of [
      [4, /format version 2; this logwheel reads version 1/],
      [6, /format flags/],
    ] as const) {
      const bytes = await written(1);
      bytes.writeUInt16LE(2, at);
      bytes.writeUInt32LE(crc32(bytes.subarray(0, SLOT_BYTES - 4)), SLOT_BYTES - 4);
      const files = new MemoryFiles();
      files.poke(NAME, bytes);
      const thrown = await Checkpoint.open(files).then(
        () => null,
        (error) => error,
      );
      expect(thrown).to.include({ code: "UNSUPPORTED_VERSION" });
      expect(thrown.message).to.match(sentence);
      expect(files.disk.openFiles).to.equal(0);
    }
  });
});
