import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { diskError } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { readSnapshot } from "../../../server/store/replay.js";
import { segmentName } from "../../../server/store/segment.js";
import { Segments } from "../../../server/store/segments.js";
import type { InspectProgress } from "../../../server/store/stopped-log.js";
import { type VerifyReport, verifyStore } from "../../../server/store/verify.js";
import { stoppedWorld } from "../../chaos/damaged-disk.js";
import { codeOf } from "../../contract/files.js";
import { contentsOf, withFile } from "../../support/disk-contents.js";
import { openSmall } from "../../support/small-store.js";
import type { Appended } from "../../support/store-model.js";
import { World } from "../../support/store-world.js";

/** The report without what is always there. */
function faults({ damage, givenUp, sideFiles, torn }: VerifyReport): unknown {
  return { damage, givenUp, sideFiles, torn };
}

const SOUND = { damage: [], givenUp: [], sideFiles: [], torn: undefined };

function messagesOf({ model }: Awaited<ReturnType<typeof stoppedWorld>>): Appended[] {
  return [...model.messages];
}

describe("verifyStore", () => {
  it("finds nothing wrong in any log that a broker left, and changes nothing", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { files, contents, model, droppedTo } = await stoppedWorld(seed, 150);
      const report = await verifyStore(files);
      expect(faults(report), `seed ${seed}`).to.deep.equal(SOUND);
      const kept = model.messages.filter(({ logOffset }) => logOffset >= droppedTo).length;
      expect(report.messages).to.be.within(kept, model.messages.length);
      expect(await contentsOf(files)).to.deep.equal(contents);
      expect(files.disk.openFiles).to.equal(0);
    }
  });

  it("reads a folder that cannot be written without a lock, and leaves the views out", async () => {
    const { files } = await stoppedWorld(1, 150);
    files.before = ({ call }) => {
      if (call !== "lock") return;
      throw new LogwheelError("BAD_REQUEST", "no", { cause: diskError("EROFS") });
    };
    const what = "it cannot be checked where nothing can be written";
    expect(faults(await verifyStore(files))).to.deep.equal({
      ...SOUND,
      sideFiles: [{ file: "views", what }],
    });
    expect(files.disk.openFiles).to.equal(0);
  });

  it("finds nothing wrong after a kill, but the torn tail of a power cut", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const files = new MemoryFiles();
      const world = new World({ files, random: seeded(seed), flush: "async" });
      await world.open();
      await world.furnish();
      await world.steps(60);
      expect((await verifyStore(files.clone())).damage).to.deep.equal([]);
      const cut = files.losePower(seeded(seed));
      const { damage, torn } = await verifyStore(cut.clone());
      expect(damage, `seed ${seed}`).to.deep.equal([]);
      const store = await openSmall(cut);
      const { cutBytes, end, closed } = store.recovered;
      const takenBack = closed && torn !== undefined && torn.from > end;
      const left = takenBack ? undefined : torn;
      expect(left, `seed ${seed}`).to.deep.equal(
        cutBytes === 0 ? undefined : { from: end, to: end + cutBytes },
      );
    }
  });

  it("names every damaged record, in sealed segments and in the last one, and the range to give up", async () => {
    const original = await stoppedWorld(11, 500);
    const sealed = messagesOf(original)
      .filter(({ logOffset }) => logOffset >= original.droppedTo)
      .slice(0, 60);
    for (const { logOffset, bytes } of sealed.filter((_, index) => index % 6 === 0)) {
      const path = [...original.contents.keys()].findLast(
        (each) => /\d{20}\.log$/.test(each) && Number.parseInt(each.slice(4), 10) <= logOffset,
      )!;
      const start = Number.parseInt(path.slice(4), 10);
      const damaged = Buffer.from(original.contents.get(path)!);
      damaged[logOffset - start + 90]! ^= 4;
      const files = await withFile(original.files, path, damaged);
      const { damage } = await verifyStore(files);
      expect(damage.map(({ from, to, file }) => [from, to, `log/${file}`])).to.deep.equal([
        [logOffset, logOffset + bytes, path],
      ]);
      const store = await openSmall(files, { acceptDamage: { from: logOffset, to: logOffset + bytes } });
      await store.close();
      const mended = await verifyStore(files);
      expect(mended.damage).to.deep.equal([]);
      expect(mended.givenUp).to.deep.equal([{ from: logOffset, to: logOffset + bytes }]);
    }
  });

  it("names a lost header, a missing file in the middle and at the end", async () => {
    const original = await stoppedWorld(11, 500);
    const logs = [...original.contents.keys()].filter((path) => /\d{20}\.log$/.test(path));
    expect(logs.length).to.be.at.least(3);
    const [, second, third] = logs.map((path) => Number.parseInt(path.slice(4), 10)) as [
      number,
      number,
      number,
    ];
    const zeroed = Buffer.from(original.contents.get(logs[1]!)!).fill(0, 0, 64);
    const headless = await verifyStore(await withFile(original.files, logs[1]!, zeroed));
    expect(headless.damage[0]).to.include({ from: second, to: second + 64, file: segmentName(second) });
    const gap = await verifyStore(await withFile(original.files, logs[1]!, undefined));
    expect(gap.damage[0]).to.include({ from: second, to: third, file: segmentName(third) });
    const shorter = await verifyStore(await withFile(original.files, logs.at(-1)!, undefined));
    expect(shorter.damage.at(-1)!.what).to.match(/a file is missing/);
  });

  it("tells index files that are missing or do not say what the records say", async () => {
    const { files, contents } = await stoppedWorld(11, 500);
    const [index] = [...contents].find(([path]) => path.endsWith(".index"))!;
    const [keys, bytes] = [...contents].find(([path]) => path.endsWith(".keys"))!;
    const turned = Buffer.from(bytes);
    turned[turned.length - 1]! ^= 1;
    const changed = await withFile(await withFile(files, index, undefined), keys, turned);
    const report = await verifyStore(changed);
    expect(report.sideFiles.map(({ file, what }) => `log/${file} ${what}`)).to.deep.equal([
      `${index} it is missing`,
      `${keys} it does not say what the records say`,
    ]);
    expect(report.damage).to.deep.equal([]);
  });

  it("tells records that are whole but contradict each other", async () => {
    const one = await stoppedWorld(11, 500);
    const path = [...one.contents.keys()].filter((each) => /\d{20}\.log$/.test(each)).at(-1)!;
    const start = Number.parseInt(path.slice(4), 10);
    let other = one;
    for (let steps = 501; other.contents.get(path)?.equals(one.contents.get(path)!) ?? true; steps++)
      other = await stoppedWorld(7, steps);
    const foreign = Buffer.from(other.contents.get(path)!);
    const { damage } = await verifyStore(await withFile(one.files, path, foreign));
    expect(damage.every(({ from }) => from >= start)).to.equal(true);
    expect(damage.map(({ what }) => what).join()).to.match(/snapshot is not what|comes where/);
  });

  it("refuses a folder in use and a folder without a log", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files);
    expect(await codeOf(verifyStore(files.reopen()))).to.equal("CONFLICT");
    await store.close();
    expect(await codeOf(verifyStore(new MemoryFiles()))).to.equal("BAD_REQUEST");
    await verifyStore(files.reopen());
  });

  it("says how far it has come", async () => {
    const { files } = await stoppedWorld(11, 500);
    const told: InspectProgress[] = [];
    await verifyStore(files, { onProgress: (progress) => told.push(progress) });
    const { doneBytes, totalBytes } = told.at(-1)!;
    expect(doneBytes).to.equal(totalBytes);
    expect(told.map((each) => each.doneBytes)).to.deep.equal(
      told.map((each) => each.doneBytes).sort((a, b) => a - b),
    );
    const segments = await Segments.open(await files.folder("log"), 16 << 10);
    expect(told.length).to.be.at.least(segments.all.length);
    expect(await readSnapshot(segments.last!)).not.to.equal(undefined);
  });
});
