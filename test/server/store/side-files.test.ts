import { expect } from "chai";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { diskError } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import type { Segment } from "../../../server/store/segment.js";
import { Segments } from "../../../server/store/segments.js";
import { SideFiles } from "../../../server/store/side-files.js";
import { codeOf } from "../../contract/files.js";

const SEGMENT_BYTES = 4_096;

function damaged(): LogwheelError {
  return new LogwheelError("LOG_CORRUPT", "damaged");
}

/** An open file that counts itself. */
class Side {
  readonly start: number;
  readonly #all: Side[];

  constructor(start: number, all: Side[]) {
    this.start = start;
    this.#all = all;
    all.push(this);
  }

  async close(): Promise<void> {
    this.#all.splice(this.#all.indexOf(this), 1);
  }
}

/** Files of a kind that does what the test says. */
class Bench {
  readonly files: MemoryFiles;
  readonly segments: Segments;
  readonly open: Side[] = [];
  readonly written: number[] = [];
  /** Thrown by the next calls that open a file. */
  readonly failures: unknown[] = [];
  opened = 0;
  readonly sides: SideFiles<Side>;

  private constructor(files: MemoryFiles, segments: Segments) {
    this.files = files;
    this.segments = segments;
    this.sides = new SideFiles(files, segments, {
      suffix: "side",
      open: async (start) => {
        this.opened += 1;
        if (this.failures.length > 0) throw this.failures.shift();
        return new Side(start, this.open);
      },
      write: async (segment) => {
        this.written.push(segment.start);
        await Promise.resolve();
      },
      openMax: 2,
    });
  }

  static async of(count: number): Promise<Bench> {
    const files = new MemoryFiles();
    const segments = await Segments.open(files, SEGMENT_BYTES);
    for (let index = 0; index < count; index++) await segments.add(index * SEGMENT_BYTES);
    return new Bench(files, segments);
  }

  segment(index: number): Segment {
    return this.segments.all[index]!;
  }

  /** Starts of the files that are open. */
  get starts(): number[] {
    return this.open.map(({ start }) => start / SEGMENT_BYTES).sort();
  }
}

/** Something that the test ends. */
function held(): { promise: Promise<string>; end: () => void; fail: (thrown: unknown) => void } {
  let end = (): void => {};
  let fail = (_: unknown): void => {};
  const promise = new Promise<string>((resolve, reject) => {
    end = () => resolve("held");
    fail = reject;
  });
  return { promise, end, fail };
}

describe("SideFiles", () => {
  it("opens a file once, and answers at once as soon as it is open", async () => {
    const bench = await Bench.of(1);
    const asked = [0, 1].map(() => bench.sides.use(bench.segment(0), ({ start }) => start + 7));
    expect(await Promise.all(asked)).to.deep.equal([7, 7]);
    expect(bench.sides.use(bench.segment(0), ({ start }) => start + 8)).to.equal(8);
    expect(bench.opened).to.equal(1);
  });

  it("makes a file again that is missing or damaged when it is opened, once for all who ask", async () => {
    const bench = await Bench.of(1);
    bench.failures.push(damaged());
    const asked = [1, 2, 3].map((number) => bench.sides.use(bench.segment(0), () => number));
    expect(await Promise.all(asked)).to.deep.equal([1, 2, 3]);
    expect(bench.written).to.deep.equal([0]);
    expect(bench.starts).to.deep.equal([0]);
  });

  for (const when of ["at once", "later"])
    it(`makes a file again whose damage shows ${when} while it is open, and asks the new one`, async () => {
      const bench = await Bench.of(1);
      const old = await bench.sides.use(bench.segment(0), (file) => file);
      const answer = bench.sides.use(bench.segment(0), (file) => {
        if (file !== old) return "whole";
        if (when === "at once") throw damaged();
        return Promise.reject(damaged());
      });
      expect(await answer).to.equal("whole");
      expect(bench.written).to.deep.equal([0]);
      expect(bench.open).to.have.length(1);
      expect(bench.open).not.to.include(old);
    });

  it("makes a file again once, though many find it damaged, early and late", async () => {
    const bench = await Bench.of(1);
    const old = await bench.sides.use(bench.segment(0), (file) => file);
    const late = held();
    const asked = [Promise.reject(damaged()), Promise.reject(damaged()), late.promise].map((answer) =>
      bench.sides.use(bench.segment(0), (file) => (file === old ? answer : "whole")),
    );
    expect(await asked[0]).to.equal("whole");
    late.fail(damaged());
    expect(await Promise.all(asked)).to.deep.equal(["whole", "whole", "whole"]);
    expect(bench.written).to.deep.equal([0]);
    expect(bench.open).to.have.length(1);
  });

  it("gives up when the new file is damaged too", async () => {
    const bench = await Bench.of(1);
    const answer = bench.sides.use(bench.segment(0), () => Promise.reject(damaged()));
    expect(await codeOf(answer as Promise<never>)).to.equal("LOG_CORRUPT");
    expect(bench.written).to.deep.equal([0]);
  });

  for (const code of ["EIO", "EMFILE"])
    it(`does not write because of ${code}, and asks the same file later`, async () => {
      const bench = await Bench.of(1);
      bench.failures.push(diskError(code));
      expect(await codeOf(bench.sides.use(bench.segment(0), () => 1) as Promise<number>)).to.equal(code);
      const answer = bench.sides.use(bench.segment(0), () => Promise.reject(diskError(code)));
      expect(await codeOf(answer as Promise<never>)).to.equal(code);
      expect(bench.sides.use(bench.segment(0), () => 1)).to.equal(1);
      expect(bench.written).to.deep.equal([]);
      expect(bench.opened).to.equal(2);
    });

  it("keeps open those that were used last", async () => {
    const bench = await Bench.of(4);
    for (const index of [0, 1, 0, 2]) await bench.sides.use(bench.segment(index), () => 1);
    expect(bench.starts).to.deep.equal([0, 2]);
    await bench.sides.use(bench.segment(3), () => 1);
    expect(bench.starts).to.deep.equal([2, 3]);
  });

  it("does not close a file under who reads it: neither to make room, nor for a new one", async () => {
    for (const retire of ["room", "rebuild"]) {
      const bench = await Bench.of(3);
      await bench.sides.use(bench.segment(0), () => 1);
      const reading = held();
      const answer = bench.sides.use(bench.segment(0), () => reading.promise);
      const used = bench.open[0]!;
      if (retire === "rebuild") await bench.sides.rebuild(bench.segment(0));
      else for (const index of [1, 2]) await bench.sides.use(bench.segment(index), () => 1);
      expect(bench.open).to.include(used);
      reading.end();
      expect(await answer).to.equal("held");
      await bench.sides.close();
      expect(bench.open).to.deep.equal([]);
    }
  });

  it("drops a file when nobody reads it any more, and does not make it again for a segment that is gone", async () => {
    const bench = await Bench.of(2);
    const gone = bench.segment(0);
    const name = "00000000000000000000.side";
    await (await bench.files.create(name)).close();
    await bench.sides.use(gone, () => 1);
    const reading = held();
    const answer = bench.sides.use(gone, () => reading.promise);
    await bench.segments.dropFirst();
    const dropped = bench.sides.drop(gone);
    expect(await bench.files.list()).to.include(name);
    expect(bench.starts).to.deep.equal([0]);
    reading.end();
    await Promise.all([answer, dropped]);
    expect(await bench.files.list()).not.to.include(name);
    expect(await codeOf(bench.sides.use(gone, () => 1) as Promise<number>)).to.equal("OFFSET_OUT_OF_RANGE");
    expect(await codeOf(bench.sides.rebuild(gone))).to.equal("OFFSET_OUT_OF_RANGE");
    expect(bench.open).to.deep.equal([]);
    expect(bench.written).to.deep.equal([]);
  });

  it("sweeps away what was half written and whose segment is gone, and nothing else", async () => {
    const bench = await Bench.of(2);
    const kept = ["00000000000000000000.other.new", "00000000000000004096.side", "side", "x.side.new"];
    const swept = [
      "00000000000000000000.side.new",
      "00000000000000004096.side.new",
      "00000000000000008192.side",
    ];
    const others = await bench.files.list();
    for (const name of [...kept, ...swept]) await (await bench.files.create(name)).close();
    await bench.sides.sweep();
    expect(await bench.files.list()).to.deep.equal([...kept, ...others].sort());
  });
});
