import { expect } from "chai";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import type { Store } from "../../../server/store/store.js";
import { type Contents, contentsOf, withFile } from "../../support/disk-contents.js";
import { addTopic, append, bodies, encodedMessage, openStore, text } from "../../support/store.js";

const group = { number: 1, name: "g", ordered: false, maxAttempts: 17, assign: 0, paused: false } as const;

/** A copy of the only message goes to `dead`, and the group's place moves behind it. */
function move(store: Store): void {
  const queue = store.state.topics.get("t")!.queues[0]!;
  const dead = store.state.topics.get("dead")!.queues[0]!;
  const own = {
    queue: dead,
    keyed: false,
    hasTtl: false,
    tagHash: 0,
    keyHash: 0,
    bytes: encodedMessage(text("copy")),
  };
  const state = { floor: 1, acked: [], retries: [], fence: 0 };
  store.appendWithCursors([own], [{ group: store.state.groups.get("g")!, queue, state }]);
}

describe("messages of the broker's own with cursors", () => {
  it("are one group of records: torn at every byte, both are there or neither (A9-09)", async () => {
    const disk = new MemoryFiles();
    let store = await openStore(disk);
    const { queues } = addTopic(store, "t");
    addTopic(store, "dead");
    store.appendGroup({ op: "put", ...group });
    append(store, queues[0]!, [text("message")]);
    await store.whenSettled();
    const before = await contentsOf(disk);
    move(store);
    await store.whenSettled();
    const after = await contentsOf(disk);
    const path = [...after.keys()].find((name) => name.endsWith(".log"))!;
    const { from, to } = changed(before, after, path);
    const seen = new Set<string>();
    for (let at = from; at <= to; at++) {
      const torn = Buffer.concat([after.get(path)!.subarray(0, at), before.get(path)!.subarray(at)]);
      store = await openStore(await withFile(disk, path, torn));
      const copies = await bodies(store, store.state.topics.get("dead")!.queues[0]!);
      const [cursor] = store.state.groups.get("g")!.cursors.values();
      seen.add(JSON.stringify([copies, cursor?.floor ?? 0]));
      await store.close();
    }
    expect([...seen]).to.deep.equal(["[[],0]", '[["copy"],1]']);
  }).timeout(60_000);

  it("are refused together, and nothing is appended, if they do not fit the log at once", async () => {
    const store = await openStore(new MemoryFiles());
    const topic = addTopic(store, "t");
    const { logEnd } = store.figures;
    const bytes = encodedMessage({ body: Buffer.alloc(64 << 10) });
    const own = { queue: topic.queues[0]!, keyed: false, hasTtl: false, tagHash: 0, keyHash: 0, bytes };
    expect(() => store.appendWithCursors([own], []))
      .to.throw()
      .with.property("code", "MESSAGE_TOO_LARGE");
    expect(store.figures.logEnd).to.equal(logEnd);
    await store.close();
  });
});

/** The bytes of a file that differ: from the first one to behind the last one. */
function changed(before: Contents, after: Contents, path: string): { from: number; to: number } {
  const [old, now] = [before.get(path)!, after.get(path)!];
  let from = 0;
  while (old[from] === now[from]) from++;
  let to = now.length;
  while (old[to - 1] === now[to - 1]) to--;
  return { from, to };
}
