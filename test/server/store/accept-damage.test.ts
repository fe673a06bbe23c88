import { expect } from "chai";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import type { Queue } from "../../../server/store/queue.js";
import { HEADER_BYTES } from "../../../server/store/record.js";
import type { LogRange } from "../../../server/store/salvage.js";
import { segmentName } from "../../../server/store/segment.js";
import type { Store } from "../../../server/store/store.js";
import { namedRange } from "../../chaos/damaged-disk.js";
import { contentsOf } from "../../support/disk-contents.js";
import { openSmall, WORLD_SEGMENT_BYTES } from "../../support/small-store.js";
import { addTopic, append, bodies, text } from "../../support/store.js";

/** Log offsets around what `act` appends: the range that its records take. */
async function appended(store: Store, act: () => void): Promise<LogRange> {
  await store.whenSettled();
  store.reserve(0);
  const from = store.figures.logEnd;
  act();
  const to = store.figures.logEnd;
  await store.whenSettled();
  return { from, to };
}

/** Turns a bit in the middle of a range of the log, past all faults. */
async function damage(files: MemoryFiles, { from, to }: LogRange): Promise<void> {
  const log = await files.folder("log");
  const start = Math.floor(from / WORLD_SEGMENT_BYTES) * WORLD_SEGMENT_BYTES;
  const bytes = log.peek(segmentName(start));
  bytes[Math.floor((from + to) / 2) - start]! ^= 8;
  log.poke(segmentName(start), bytes);
}

async function refusalOf(files: MemoryFiles, acceptDamage?: LogRange): Promise<LogwheelError> {
  const thrown = await openSmall(files, { acceptDamage }).catch((error: unknown) => error);
  if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw new Error(`no refusal but ${thrown}`);
  return thrown;
}

function queueOf(store: Store, topic = "orders"): Queue {
  return store.state.topics.get(topic)!.queues[0]!;
}

/** A stopped store with messages one to three in a queue, and where the second one's record is. */
async function three(files: MemoryFiles): Promise<LogRange> {
  const store = await openSmall(files);
  addTopic(store, "orders");
  const send = (body: string) => appended(store, () => append(store, queueOf(store), [text(body)]));
  await send("one");
  const second = await send("two");
  await send("three");
  await store.close();
  return second;
}

describe("accepting damage", () => {
  it("is asked for by the range that the refusal names, and refused as long as it does not cover that", async () => {
    const files = new MemoryFiles();
    const second = await three(files);
    await damage(files, second);
    const before = await contentsOf(files);
    const refusal = await refusalOf(files);
    expect(refusal.message).to.include(segmentName(0));
    expect(namedRange(refusal)).to.deep.equal(second);
    for (const range of [
      { from: second.from + 1, to: second.to },
      { from: second.from, to: second.to - 1 },
      { from: 0, to: 1 },
    ])
      expect(namedRange(await refusalOf(files, range))).to.deep.equal(second);
    expect(await contentsOf(files)).to.deep.equal(before);
    expect(files.disk.openFiles).to.equal(0);
  });

  it("loses that record and no other, keeps a copy of its bytes, and is over with the next start", async () => {
    const files = new MemoryFiles();
    const second = await three(files);
    await damage(files, second);
    const log = await files.folder("log");
    const spoiled = log.peek(segmentName(0)).subarray(second.from, second.to);
    for (const acceptDamage of [second, undefined, { from: 0, to: Number.MAX_SAFE_INTEGER }]) {
      const store = await openSmall(files, { acceptDamage });
      expect(await bodies(store, queueOf(store))).to.deep.equal(["one", "three"]);
      expect(queueOf(store).nextOffset).to.equal(3);
      await store.close();
    }
    const copies = (await log.list()).filter((name) => name.startsWith("damaged-"));
    expect(copies).to.have.length(1);
    expect(log.peek(copies[0]!).equals(spoiled)).to.equal(true);
  });

  it("works when the power goes at any call of the start that accepts it, with or without accepting again", async () => {
    const files = new MemoryFiles();
    const second = await three(files);
    await damage(files, second);
    const images: MemoryFiles[] = [];
    files.before = () => void images.push(files.losePower("nothing"), files.losePower("everything"));
    await (await openSmall(files, { acceptDamage: second })).close();
    let again = 0;
    for (const image of images)
      for (const acceptDamage of [undefined, second]) {
        const store = await openSmall(image.clone(), { acceptDamage }).catch((error: unknown) => error);
        if (LogwheelError.is(store, "LOG_CORRUPT")) {
          expect(acceptDamage, store.message).to.equal(undefined);
          again++;
          continue;
        }
        expect(await bodies(store as Store, queueOf(store as Store))).to.deep.equal(["one", "three"]);
        await (store as Store).close();
      }
    expect(again).to.be.within(1, images.length - 1);
  });

  it("goes around a group: its other messages stay", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files);
    addTopic(store, "orders");
    await store.whenSettled();
    const offsets = append(store, queueOf(store), [text("a"), text("b"), text("c")]);
    await store.whenSettled();
    append(store, queueOf(store), [text("d")]);
    await store.close();
    const range = { from: offsets[1]!, to: offsets[2]! };
    await damage(files, range);
    const opened = await openSmall(files, { acceptDamage: range });
    expect(await bodies(opened, queueOf(opened))).to.deep.equal(["a", "c", "d"]);
    await opened.close();
  });

  it("finds the messages of a topic whose record is lost under a name made of its number, to be read only", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files);
    const lost = await appended(store, () => addTopic(store, "orders", 2));
    append(store, queueOf(store), [text("one"), text("two")]);
    addTopic(store, "others");
    await store.close();
    await damage(files, lost);
    for (const acceptDamage of [lost, undefined]) {
      const opened = await openSmall(files, { acceptDamage });
      expect([...opened.state.topics.keys()]).to.deep.equal(["lost-1", "others"]);
      expect(opened.state.topics.get("lost-1")!.permission).to.equal(1);
      expect(await bodies(opened, queueOf(opened, "lost-1"))).to.deep.equal(["one", "two"]);
      expect(opened.state.nextTopicNumber).to.equal(3);
      await opened.close();
    }
  });

  it("gives no new message an offset that a group has acknowledged, though the old one is lost", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files);
    addTopic(store, "orders");
    const group = {
      number: 1,
      name: "billing",
      ordered: false,
      maxAttempts: 17,
      assign: 0,
      paused: false,
    } as const;
    store.appendGroup({ op: "put", ...group });
    append(store, queueOf(store), [text("one")]);
    const last = await appended(store, () => append(store, queueOf(store), [text("lost")]));
    const billing = store.state.groups.get("billing")!;
    store.appendCursors([
      { group: billing, queue: queueOf(store), state: { floor: 2, acked: [], retries: [], fence: 0 } },
    ]);
    await store.close();
    await damage(files, last);
    for (const [acceptDamage, sent] of [
      [last, "after"],
      [undefined, "later"],
    ] as const) {
      const opened = await openSmall(files, { acceptDamage });
      const { cursors } = opened.state.groups.get("billing")!;
      const { floor } = cursors.get(queueOf(opened))!;
      append(opened, queueOf(opened), [text(sent)]);
      await opened.whenSettled();
      expect(await bodies(opened, queueOf(opened), floor)).to.include(sent);
      await opened.close();
    }
    const opened = await openSmall(files);
    expect(await bodies(opened, queueOf(opened))).to.deep.equal(["one", "after", "later"]);
    expect(opened.endOffset(queueOf(opened))).to.equal(4);
    await opened.close();
  });

  for (const [what, at] of [
    ["the end record and what follows it", "end"],
    ["a record in the middle", "middle"],
    ["a part of the snapshot", "snapshot"],
    ["the snapshot and the first messages", "beginning"],
    ["the last messages and the end record", "last"],
    ["all messages", "all"],
  ] as const)
    it(`passes over ${what} of a sealed segment, whose other messages stay`, async () => {
      const files = new MemoryFiles();
      const store = await openSmall(files);
      addTopic(store, "orders");
      while (store.figures.segments < 4) {
        append(store, queueOf(store), [text(`${queueOf(store).nextOffset} ${"x".repeat(1_000)}`)]);
        await store.whenSettled();
      }
      const sent = await bodies(store, queueOf(store));
      await store.close();
      const log = await files.folder("log");
      const bytes = log.peek(segmentName(WORLD_SEGMENT_BYTES));
      const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
      const [from, to] = {
        end: [end - 8, end],
        middle: [6_000, 6_001],
        snapshot: [64 + HEADER_BYTES + 8 + HEADER_BYTES + 4, 64 + HEADER_BYTES + 8 + HEADER_BYTES + 5],
        beginning: [64, 4_000],
        last: [12_000, end],
        all: [64, end],
      }[at] as [number, number];
      for (let place = from; place < to; place++) bytes[place]! ^= 0x55;
      log.poke(segmentName(WORLD_SEGMENT_BYTES), bytes);
      for (const name of await log.list()) if (name.endsWith(".index")) await log.remove(name);
      const everything = { from: WORLD_SEGMENT_BYTES, to: 2 * WORLD_SEGMENT_BYTES };
      for (const acceptDamage of [everything, undefined]) {
        const opened = await openSmall(files, { acceptDamage, cacheBytes: 1 });
        const found = await bodies(opened, queueOf(opened));
        expect(found).to.deep.equal(sent.filter((body) => found.includes(body)));
        const lost = { end: 0, middle: 1, snapshot: 0, beginning: 3, last: 4, all: 13 }[at];
        expect(found, "messages that are left").to.have.length(sent.length - lost);
        await opened.close();
      }
      expect((await log.list()).filter((name) => name.startsWith("damaged-"))).to.have.length(1);
    });

  it("starts without files that are missing at the end, and never reuses what groups have acknowledged in them", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files);
    addTopic(store, "orders");
    while (store.figures.segments < 3) {
      append(store, queueOf(store), [text("x".repeat(1_000))]);
      await store.whenSettled();
    }
    await store.close();
    const log = await files.folder("log");
    await log.remove(segmentName(2 * WORLD_SEGMENT_BYTES));
    const range = namedRange(await refusalOf(files))!;
    expect(range.from).to.be.at.most(2 * WORLD_SEGMENT_BYTES);
    for (const acceptDamage of [range, undefined]) {
      const opened = await openSmall(files, { acceptDamage });
      append(opened, queueOf(opened), [text("after")]);
      await opened.whenSettled();
      expect((await bodies(opened, queueOf(opened))).at(-1)).to.equal("after");
      await opened.close();
    }
  });

  it("starts empty where every segment is missing", async () => {
    const files = new MemoryFiles();
    await three(files);
    const log = await files.folder("log");
    await log.remove(segmentName(0));
    const opened = await openSmall(files, { acceptDamage: namedRange(await refusalOf(files)) });
    expect(opened.state.topics.size).to.equal(0);
    await opened.close();
  });
});
