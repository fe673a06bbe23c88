import { crc32 } from "node:zlib";
import { expect } from "chai";
import { seeded } from "../../client/testing/seeded.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { failAt } from "../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import type { BlockFileKind } from "../support/block-file-kinds.js";
import { cuts, type Damaged, flips, mutated, sectorDamage } from "../support/damage.js";
import { powerCuts } from "../support/power-cuts.js";
import { codeOf } from "./files.js";

const START = 4096;

/** What every kind of file beside a sealed segment must do when its disk fails it. */
export function describeBlockFile(kind: string, { nameOf, write, ask }: BlockFileKind): void {
  const NAME = nameOf(START);

  async function fileOf(version: number): Promise<{ bytes: Buffer; answers: string }> {
    const files = new MemoryFiles();
    await write(files, START, version);
    return { bytes: files.peek(NAME), answers: await answersOf(files) };
  }

  /** The answers as text, or LOG_CORRUPT. Whatever else happens fails the test. */
  async function answersOf(files: MemoryFiles): Promise<string> {
    try {
      return JSON.stringify(await ask(files, START));
    } catch (thrown) {
      if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw thrown;
      expect(thrown.message).to.include(`${files.path}/${NAME}: `);
      return "LOG_CORRUPT";
    } finally {
      expect(files.disk.openFiles).to.equal(0);
    }
  }

  async function answersFrom({ what, bytes }: Damaged): Promise<string> {
    const files = new MemoryFiles();
    files.poke(NAME, bytes);
    return answersOf(files).catch((thrown) => {
      throw new Error(`${what}: ${thrown}`, { cause: thrown });
    });
  }

  async function sentenceFor(bytes: Buffer): Promise<string> {
    const files = new MemoryFiles();
    files.poke(NAME, bytes);
    return ask(files, START).then(String, (thrown: Error) => thrown.message);
  }

  describe(`${kind} file`, () => {
    let good: Buffer;
    let answers: string;
    let other: { bytes: Buffer; answers: string };

    before(async () => {
      ({ bytes: good, answers } = await fileOf(1));
      other = await fileOf(2);
    });

    /** The file with other header bytes, which the header's checksum covers. */
    function withHeader(change: (header: Buffer) => void): Buffer {
      const bytes = Buffer.from(good);
      change(bytes);
      bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
      return bytes;
    }

    it("answers what was written", () => {
      expect(answers).not.to.equal("LOG_CORRUPT");
      expect(answers).not.to.equal(other.answers);
    });

    it("is refused when it is missing or belongs to another segment", async () => {
      expect(await answersOf(new MemoryFiles())).to.equal("LOG_CORRUPT");
      const files = new MemoryFiles();
      await write(files, START * 2, 1);
      await files.rename(nameOf(START * 2), NAME);
      expect(await answersOf(files)).to.equal("LOG_CORRUPT");
    });

    it("has a sentence of its own for each thing that its header can say wrong", async () => {
      const wrongs: [RegExp, Buffer][] = [
        [/another kind of file/, withHeader((header) => header.fill(0, 0, 4))],
        [/format version 2, not 1/, withHeader((header) => header.writeUInt16LE(2, 4))],
        [/format flags/, withHeader((header) => header.writeUInt16LE(1, 6))],
        [/belongs to the segment at 5/, withHeader((header) => header.writeBigUInt64LE(5n, 8))],
        [/bytes instead of/, withHeader((header) => header.writeBigUInt64LE(2n ** 63n, 16))],
        [/bytes instead of/, withHeader((header) => header.writeUInt32LE(0xffffffff, 24))],
        [/table fails its checksum/, withHeader((header) => header.writeUInt32LE(0, 32))],
        [
          /header fails its checksum/,
          Buffer.concat([good.subarray(0, 60), Buffer.alloc(4), good.subarray(64)]),
        ],
        [/ends within its header/, good.subarray(0, 63)],
      ];
      for (const [sentence, bytes] of wrongs) expect(await sentenceFor(bytes)).to.match(sentence);
    });

    it("T4: is refused when it is cut at any byte", async () => {
      for (const cut of cuts(good)) expect(await answersFrom(cut), cut.what).to.equal("LOG_CORRUPT");
    });

    it("T5: is refused when any bit is turned", async () => {
      for (const flip of flips(good)) expect(await answersFrom(flip), flip.what).to.equal("LOG_CORRUPT");
    });

    it("T5: is refused with sectors that are zero, stale or swapped, or when it is there twice", async () => {
      for (const damage of sectorDamage(good, other.bytes)) {
        if (damage.bytes.equals(good)) continue;
        expect(await answersFrom(damage), damage.what).to.equal("LOG_CORRUPT");
      }
    });

    it("T21: answers right or is refused, whatever else is done to its bytes", async () => {
      for (let seed = 0; seed < 5000; seed++) {
        const bytes = mutated(good, seeded(seed));
        const expected = bytes.equals(good) ? answers : "LOG_CORRUPT";
        const what = `seed ${seed}`;
        expect(await answersFrom({ what, bytes }), what).to.equal(expected);
      }
    });

    it("T21: is refused, and not believed, when its checksums cover fields that make no sense", async () => {
      const tableAt = Number(good.readBigUInt64LE(16));
      for (let seed = 0; seed < 3000; seed++) {
        const random = seeded(seed);
        const table = mutated(good.subarray(tableAt), random);
        const bytes = Buffer.concat([good.subarray(0, tableAt), table]);
        bytes.writeUInt32LE(crc32(table), 32);
        bytes.writeUInt32LE(Math.floor(random() * 4), 28);
        bytes.writeUInt32LE(Math.floor(table.byteLength / 16), 24);
        bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
        await answersFrom({ what: `seed ${seed}`, bytes });
      }
    });

    it("T9: is there whole, or as it was before, after a power cut at any moment of writing it", async () => {
      for (const earlier of [null, 2]) {
        const files = new MemoryFiles();
        if (earlier !== null) await write(files, START, earlier);
        let done = false;
        const work = async (): Promise<void> => {
          await write(files, START, 1);
          done = true;
        };
        for (const { image, progress, what } of await powerCuts(files, work, {
          progress: () => done,
          seeds: 60,
        })) {
          const before = earlier === null ? "LOG_CORRUPT" : other.answers;
          expect(await answersOf(image), what).to.be.oneOf(progress ? [answers] : [before, answers]);
        }
      }
    });

    it("can be written again after a power cut while it was written", async () => {
      const files = new MemoryFiles();
      for (const { image, what } of await powerCuts(files, () => write(files, START, 2), {
        progress: () => 0,
        seeds: 5,
      })) {
        await write(image, START, 1);
        expect(await answersOf(image.losePower("nothing")), what).to.equal(answers);
        expect(await image.list()).to.deep.equal([NAME]);
      }
    });

    it("T6: stays as it was when a call fails while it is written, and leaves nothing open or half done", async () => {
      for (const code of ["EIO", "ENOSPC", "EROFS", "EMFILE"]) {
        for (let index = 0; ; index++) {
          const files = new MemoryFiles();
          await write(files, START, 2);
          const first = files.disk.count();
          files.before = failAt(first + index, code, { writtenBytes: 1 });
          const outcome = await codeOf(write(files, START, 1));
          const last = files.disk.count();
          files.before = null;
          expect(await answersOf(files)).to.be.oneOf(
            outcome === "none" ? [answers] : [other.answers, answers],
          );
          if (outcome !== "none") expect(outcome).to.equal(code);
          expect(await files.list()).to.deep.equal([NAME]);
          if (index + first >= last) break;
        }
      }
    });

    it("is refused when it is damaged while it is open", async () => {
      for (let at = 64; at < good.byteLength; at += 7) {
        const files = new MemoryFiles();
        files.poke(NAME, good);
        const file = await files.open(NAME);
        let reads = 0;
        files.before = ({ call }) => {
          if (call === "read" && ++reads === 3) file.writeNow(Buffer.of(good[at]! ^ 0x55), at);
        };
        const outcome = await ask(files, START).then(JSON.stringify, (thrown) => thrown.code);
        expect(outcome).to.be.oneOf([answers, "LOG_CORRUPT"]);
        await file.close();
      }
    });
  });
}
