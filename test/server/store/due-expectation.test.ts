import { expect } from "chai";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { deleteEntry, MARK_KEY, originKey, putEntry } from "../../../server/store/due-keys.js";
import { type Dumped, dumpStore } from "../../../server/store/dump.js";
import { MemoryViews } from "../../../server/store/memory-views.js";
import { rebuildStore } from "../../../server/store/rebuild.js";
import { KIND } from "../../../server/store/record.js";
import type { Store } from "../../../server/store/store.js";
import { verifyStore } from "../../../server/store/verify.js";
import type { ViewChange } from "../../../server/store/views.js";
import { allDue, appendDue, queueOf, settleDue, work } from "../../support/due-steps.js";
import { openSmall } from "../../support/small-store.js";
import { text } from "../../support/store.js";

describe("verify and rebuild, of what is due", () => {
  let files: MemoryFiles;
  let views: MemoryViews;
  let store: Store;

  beforeEach(async () => {
    files = new MemoryFiles();
    views = new MemoryViews();
    store = await openSmall(files, { views });
    await work(store, 2);
  });
  afterEach(() => store.close());

  /** What verify says of views that were changed in some way. */
  async function faultOf(changes: readonly ViewChange[]): Promise<string | undefined> {
    const left = views.clone();
    await left.write(changes);
    const { damage, sideFiles } = await verifyStore(files.losePower("everything"), { views: left });
    expect(damage).to.deep.equal([]);
    expect(sideFiles.map(({ file }) => file)).to.deep.equal(sideFiles.map(() => "views"));
    return sideFiles[0]?.what;
  }

  it("sound views are sound, also where the power took what follows the mark", async () => {
    appendDue(store, queueOf(store), 5, text("late"));
    settleDue(store, [{ entry: (await allDue(store))[3]!, againAtMs: 9 }]);
    await store.whenSettled();
    const due = store.due.pending;
    for (const left of [views.clone(), views.losePower("nothing"), views.losePower("everything")]) {
      const report = await verifyStore(files.losePower("everything"), { views: left });
      expect(report).to.deep.include({ due, damage: [], sideFiles: [] });
    }
    await store.close();
    expect(await verifyStore(files, { views })).to.deep.include({ due, damage: [], sideFiles: [] });
  });

  it("an entry that is missing, too many or different is found, and so are views that do not count", async () => {
    const [entry] = await allDue(store);
    const later = { ...entry!, dueAtMs: entry!.dueAtMs + 1 };
    expect(await faultOf([])).to.equal(undefined);
    expect(await faultOf(deleteEntry(entry!))).to.match(/lacks 1 entries/);
    expect(await faultOf([{ key: originKey(entry!.origin) }])).to.match(/do not say/);
    expect(await faultOf([...deleteEntry(entry!), ...putEntry(later)])).to.match(/do not say/);
    expect(await faultOf(putEntry({ ...entry!, origin: 65, kind: KIND.half }))).to.match(/log offset 65/);
    expect(await faultOf([{ key: MARK_KEY }])).to.match(/no mark/);
    const missing = await verifyStore(files.losePower("everything"), { views: new MemoryViews() });
    expect(missing.sideFiles).to.have.length(1);
    views.damage = "nonsense";
    expect(await faultOf([])).to.match(/nonsense/);
    views.damage = null;
  });

  it("rebuild makes them again, as far as the log was durable", async () => {
    const entries = await allDue(store);
    const wrong = views.clone();
    await wrong.write(entries.flatMap(deleteEntry));
    const left = files.losePower("everything");
    expect(await rebuildStore(left, { views: wrong })).to.deep.include({ due: entries.length });
    expect((await verifyStore(left, { views: wrong })).sideFiles).to.deep.equal([]);
    const again = await openSmall(left, { views: wrong });
    expect(await allDue(again)).to.deep.equal(entries);
    await again.close();
  });

  it("a log that ends below the mark is damaged", async () => {
    const before = files.losePower("nothing");
    await work(store, 1);
    const { damage, durable } = await verifyStore(before, { views });
    expect(damage).to.have.length(1);
    expect(damage[0]).to.include({ to: durable });
  });

  it("dump shows what is due when, and what settles it", async () => {
    const half = appendDue(store, queueOf(store), 86_400_000, text("half"), KIND.half);
    const delayed = appendDue(store, queueOf(store), 2 ** 53 - 1, text("much later"));
    settleDue(store, [
      { entry: half, againAtMs: 172_800_000 },
      { entry: delayed, againAtMs: 0 },
    ]);
    await store.close();
    const found: Dumped[] = [];
    for await (const record of dumpStore(files, { from: half.origin })) found.push(record);
    const [first, second, third] = found;
    const dueAt = "1970-01-02T00:00:00.000Z";
    expect(first).to.deep.include({ kind: "half", topic: "orders", queueId: 0, dueAt });
    expect(first).to.have.nested.property("message.body", "half");
    expect(second).to.deep.include({ kind: "delayed", dueAt: String(2 ** 53 - 1) });
    expect(third).to.have.deep.property("settles", [
      { kind: "half", origin: half.origin, dueAt, againAt: "1970-01-03T00:00:00.000Z" },
      { kind: "delayed", origin: delayed.origin, dueAt: String(2 ** 53 - 1) },
    ]);
    const ofTopic: Dumped[] = [];
    for await (const record of dumpStore(files, { from: half.origin, topic: "orders" })) ofTopic.push(record);
    expect(ofTopic).to.deep.equal([first, second]);
  });
});
