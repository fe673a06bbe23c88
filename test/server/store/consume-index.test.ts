import { expect } from "chai";
import { diskError } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import type { Queue } from "../../../server/store/queue.js";
import type { Store } from "../../../server/store/store.js";
import { codeOf } from "../../contract/files.js";
import { addTopic, append, bodies, openStore, SEGMENT_BYTES, text } from "../../support/store.js";

const LONG = "x".repeat(3_000);

/** A store with messages of two queues of a topic and one of another, a quiet queue, and a topic that was deleted. */
async function filled(files: MemoryFiles, rounds = 80): Promise<Store> {
  const store = await openStore(files, { cacheBytes: 1 });
  const [orders, others] = [addTopic(store, "orders", 3), addTopic(store, "others")];
  const deleted = addTopic(store, "deleted");
  for (let round = 0; round < rounds; round++) {
    append(store, orders.queues[round % 2]!, [text(`${round} ${LONG}`, { keys: [`key-${round}`] })]);
    if (round % 9 === 0) append(store, others.queues[0]!, [text(`other ${round}`)]);
    if (round === 20) append(store, deleted.queues[0]!, [text("gone")]);
    if (round === 25) store.appendTopic({ op: "delete", number: deleted.number });
  }
  await store.whenSettled();
  await store.sealed.list();
  return store;
}

function queues(store: Store): Queue[] {
  return [...store.state.topics.values()].flatMap((topic) => topic.queues);
}

async function everything(store: Store): Promise<string[][]> {
  const all: string[][] = [];
  for (const queue of queues(store)) all.push(await bodies(store, queue));
  return all;
}

/** Names and bytes of the index files. */
async function indexFiles(files: MemoryFiles): Promise<Map<string, string>> {
  const log = await files.folder("log");
  const names = (await log.list()).filter((name) => /\.(index|keys)/.test(name));
  return new Map(names.map((name) => [name, log.peek(name).toString("base64")]));
}

/** Turns bytes of a file under those who have it open. */
async function damage(files: MemoryFiles, name: string, from: number, to: number): Promise<void> {
  const log = await files.folder("log");
  const file = await log.open(name);
  file.writeNow(
    Buffer.from(
      log
        .peek(name)
        .subarray(from, to)
        .map((byte) => byte ^ 0x55),
    ),
    from,
  );
  await file.close();
}

describe("ConsumeIndex", () => {
  it("makes files again, byte for byte, that were lost (T5)", async () => {
    const files = new MemoryFiles();
    let store = await filled(files);
    const before = await everything(store);
    await store.close();
    const written = await indexFiles(files);
    expect(written.size).to.be.greaterThan(5);
    const log = await files.folder("log");
    for (const name of written.keys()) await log.remove(name);
    store = await openStore(files, { cacheBytes: 1 });
    expect(await everything(store)).to.deep.equal(before);
    expect(await store.lookup.findByKey(store.state.topics.get("orders")!, "key-3", 1)).to.have.length(1);
    expect(await store.lookup.findByKey(store.state.topics.get("orders")!, "nobody's", 1)).to.have.length(0);
    expect(await indexFiles(files)).to.deep.equal(written);
    await store.close();
    expect(files.disk.openFiles).to.equal(0);
  });

  it("makes a file again that is damaged while it is open, and serves as before (T5)", async () => {
    const files = new MemoryFiles();
    const store = await filled(files);
    const before = await everything(store);
    const written = await indexFiles(files);
    for (const [name, bytes] of written)
      await damage(files, name, 64, Buffer.from(bytes, "base64").length - 16);
    expect(await everything(store)).to.deep.equal(before);
    expect(await store.lookup.findByKey(store.state.topics.get("orders")!, "nobody's", 1)).to.have.length(0);
    expect(await indexFiles(files)).to.deep.equal(written);
    await store.close();
    expect(files.disk.openFiles).to.equal(0);
  });

  for (const code of ["EMFILE", "EIO"])
    it(`tells ${code} to who reads, writes nothing for it, and serves the next`, async () => {
      const files = new MemoryFiles();
      const before = await everything(await filled(files));
      const again = files.clone();
      const reading = await openStore(again, { cacheBytes: 1 });
      again.before = ({ call, name }) => {
        if (name.endsWith(".index") && (call === "open" || call === "read")) throw diskError(code);
      };
      expect(await codeOf(bodies(reading, queues(reading)[0]!))).to.equal(code);
      again.before = ({ call, name }) => {
        if (call === "create") throw new Error(`${name} is written`);
      };
      expect(await everything(reading)).to.deep.equal(before);
      again.before = null;
      await reading.close();
    });

  it("clears away at start what a crash left of its files, and files of segments that are gone", async () => {
    const files = new MemoryFiles();
    let store = await filled(files);
    await store.close();
    const written = await indexFiles(files);
    const log = await files.folder("log");
    const far = String(99 * SEGMENT_BYTES).padStart(20, "0");
    for (const name of [`${"0".repeat(20)}.index.new`, `${far}.index`, `${far}.keys`, `${far}.keys.new`])
      await (await log.create(name)).close();
    store = await openStore(files);
    expect([...(await indexFiles(files)).keys()]).to.deep.equal([...written.keys()]);
    await store.close();
  });

  it("keeps entries in memory whose file could not be written, and writes it with the next", async () => {
    const files = new MemoryFiles();
    files.before = ({ call, name }) => {
      if (call === "create" && /\.(index|keys)/.test(name)) throw diskError("ENOSPC");
    };
    const store = await filled(files, 40);
    const before = await everything(store);
    expect((await indexFiles(files)).size).to.equal(0);
    const orders = store.state.topics.get("orders")!;
    expect(await store.lookup.findByKey(orders, "key-3", 9)).to.have.length(1);
    files.before = null;
    for (let round = 40; round < 65; round++)
      append(store, orders.queues[round % 2]!, [text(`${round} ${LONG}`)]);
    await store.whenSettled();
    const sealed = await store.sealed.list();
    expect(sealed.length).to.be.greaterThan(2);
    expect((await indexFiles(files)).size).to.equal(sealed.length * 2);
    const after = await everything(store);
    expect(after.map((texts, at) => texts.slice(0, before[at]!.length))).to.deep.equal(before);
    await store.close();
  });

  it("knows where a queue stands at the head of a segment whose file is not written yet", async () => {
    const files = new MemoryFiles();
    files.before = ({ call, name }) => {
      if (call === "create" && name.includes(".index")) throw diskError("ENOSPC");
    };
    const store = await filled(files, 50);
    const [first, second] = await store.sealed.list();
    const orders = store.state.topics.get("orders")!;
    await store.sealed.raiseFirstOffsets(orders.number, first!.end);
    const raised = orders.queues.map((queue) => queue.firstOffset);
    expect(raised[0]).to.be.greaterThan(5);
    expect(raised[2]).to.equal(0);
    await store.sealed.raiseFirstOffsets(orders.number, second!.end);
    expect(orders.queues[0]!.firstOffset).to.be.greaterThan(raised[0]!);
    files.before = null;
    await store.close();
  });

  it("reads on while old segments are dropped", async () => {
    const files = new MemoryFiles();
    const store = await filled(files, 120);
    const [first, second] = queues(store);
    const all = await everything(store);
    const reading = Promise.all([bodies(store, second!, 20), bodies(store, second!, 30)]);
    await store.sealed.dropFirst();
    await store.sealed.dropFirst();
    expect(await reading).to.deep.equal([all[1]!.slice(20), all[1]!.slice(30)]);
    expect(await bodies(store, first!)).to.deep.equal(all[0]!.slice(first!.firstOffset));
    await store.close();
    expect(files.disk.openFiles).to.equal(0);
  });
});
