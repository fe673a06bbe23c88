import { expect } from "chai";
import { settle } from "../../../client/testing/test-clock.js";
import { encodedMessageSize } from "../../../proto/kernel/message-codec.js";
import type { Operation } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { WINDOW_MAX } from "../../../server/store/producer-window.js";
import { HEADER_BYTES } from "../../../server/store/record.js";
import { segmentName } from "../../../server/store/segment.js";
import type { Store } from "../../../server/store/store.js";
import { openSmall, WORLD_SEGMENT_BYTES } from "../../support/small-store.js";
import { addTopic, append, bodies, text } from "../../support/store.js";

const MARK_BYTES = HEADER_BYTES + 8;

function firstQueue(store: Store) {
  return store.state.topics.get("orders")!.queues[0]!;
}

/** A message whose record has so many bytes. */
function ofRecordSize(bytes: number, letter: string) {
  let size = bytes - HEADER_BYTES;
  while (HEADER_BYTES + encodedMessageSize(text(letter.repeat(size))) > bytes) size--;
  expect(HEADER_BYTES + encodedMessageSize(text(letter.repeat(size)))).to.equal(bytes);
  return text(letter.repeat(size));
}

/** Sends messages as one group and waits for them; returns their log offsets. */
async function send(store: Store, ...messages: ReturnType<typeof text>[]): Promise<number[]> {
  const logOffsets = append(store, firstQueue(store), messages);
  await store.whenSettled();
  return logOffsets;
}

describe("rules that are easy to get wrong", () => {
  it("1, stale bytes: an intact record of an earlier life behind a new one of equal length is the end, not a message", async () => {
    const files = new MemoryFiles();
    let store = await openSmall(files);
    addTopic(store, "orders");
    await send(store, text("kept"));
    const cutAt = store.figures.logEnd;
    const [lost] = (await send(store, ofRecordSize(500, "a"))) as [number];
    const [stale] = (await send(store, ofRecordSize(300, "b"))) as [number];
    await store.close();
    const log = await files.folder("log");
    const old = log.peek(segmentName(0)).subarray(stale - MARK_BYTES, stale + 300);

    const cut = log.peek(segmentName(0)).fill(0, cutAt);
    log.poke(segmentName(0), cut);
    await files.remove("checkpoint");
    store = await openSmall(files);
    const room = lost + 500 - store.figures.logEnd - MARK_BYTES;
    const [next] = (await send(store, ofRecordSize(room, "n"))) as [number];
    expect(next + room, "where the old record began").to.equal(stale - MARK_BYTES);
    const { logEnd } = store.figures;
    await store.close();
    const bytes = log.peek(segmentName(0));
    old.copy(bytes, logEnd);
    log.poke(segmentName(0), bytes);

    store = await openSmall(files);
    expect(store.recovered.end).to.equal(logEnd);
    const found = await bodies(store, firstQueue(store));
    expect(found.map((body) => body[0])).to.deep.equal(["k", "n"]);
    await store.close();
  });

  it("2, groups are atomic: an incomplete group at the end is dropped whole, and none is split over segments", async () => {
    const files = new MemoryFiles();
    let store = await openSmall(files);
    addTopic(store, "orders");
    await send(store, text("before"));
    const group = ["one", "two", "three"].map((body) => text(`${body} ${"x".repeat(200)}`));
    const logOffsets = await send(store, ...group);
    await store.close();
    const log = await files.folder("log");
    const bytes = log.peek(segmentName(0));
    for (const from of logOffsets.slice(1)) {
      const left = files.clone();
      const cut = Buffer.from(bytes).fill(0, from);
      (await left.folder("log")).poke(segmentName(0), cut);
      await left.remove("checkpoint");
      store = await openSmall(left);
      expect(await bodies(store, firstQueue(store)), `without the record at ${from}`).to.deep.equal([
        "before",
      ]);
      await store.close();
    }

    store = await openSmall(files);
    for (let round = 0; round < 40; round++) {
      const placed = await send(store, ...group);
      const segments = new Set(placed.map((logOffset) => Math.floor(logOffset / WORLD_SEGMENT_BYTES)));
      expect(segments.size).to.equal(1);
    }
    expect(store.figures.segments).to.be.greaterThan(1);
    await store.close();
  });

  it("2, groups are atomic: readers see all of a group at once", async () => {
    const store = await openSmall(new MemoryFiles(), { flush: "async" });
    addTopic(store, "orders");
    await store.whenSettled();
    const seen = new Set<number>();
    store.onVisible(() => seen.add(store.endOffset(firstQueue(store))));
    for (let round = 0; round < 60; round++) {
      append(store, firstQueue(store), [text("x".repeat(500)), text("y"), text("z")]);
      if (round % 3 === 0) await settle();
    }
    await store.whenSettled();
    expect([...seen].filter((end) => end % 3 !== 0)).to.deep.equal([]);
    expect(seen.size).to.be.greaterThan(3);
    await store.close();
  });

  for (const flush of ["sync", "async"] as const)
    it(`3, rolling: the end record is synced before the next segment is written, whose name is durable, with ${flush} flush`, async () => {
      const files = new MemoryFiles();
      const store = await openSmall(files, { flush });
      addTopic(store, "orders");
      await store.whenSettled();
      const calls: Pick<Operation, "call" | "name">[] = [];
      files.before = ({ call, name }) => {
        if (name.endsWith(".log") || name === "") calls.push({ call, name });
      };
      while (store.figures.segments === 1) await send(store, text("x".repeat(1_000)));
      files.before = null;
      const made = calls.findIndex(({ call }) => call === "create");
      const [first, next] = [segmentName(0), calls[made]!.name];
      const before = calls.slice(0, made).filter(({ name }) => name === "spare-1.log" || name === first);
      expect(before.at(-1)!.call, "last call on the segment that ends").to.equal("sync");
      const written = calls.findIndex(({ call, name }) => call === "writeNow" && name === next);
      const steps = calls.slice(made, written).map(({ call }) => call);
      expect(steps).to.deep.equal(["create", "resize", "write", "sync", "rename", "syncNames"]);
      await store.close();
    });

  it("5, de-duplication: sequences are known after a kill, over segments, and from the snapshot alone", async () => {
    const files = new MemoryFiles();
    let store = await openSmall(files);
    addTopic(store, "orders");
    const placed = new Map<number, number>();
    for (let sequence = 1; sequence <= 100; sequence += 2) {
      const [logOffset] = append(store, firstQueue(store), [text("x".repeat(700))], {
        producerId: 9,
        sequence,
      });
      placed.set(sequence, logOffset!);
      await store.whenSettled();
    }
    store = await openSmall(files.clone());
    while (await store.sealed.dropFirst());
    expect(store.figures.segments).to.equal(1);
    await store.whenSettled();
    for (let sequence = 1; sequence <= 102; sequence++)
      expect(store.state.producers.get(9)!.find(sequence), `sequence ${sequence}`).to.equal(
        placed.get(sequence) ?? 0,
      );
    await store.close();
  });

  it("5, de-duplication: below the window the answer is unknown, never new", async () => {
    const store = await openSmall(new MemoryFiles(), { segmentBytes: 4 << 20 });
    addTopic(store, "orders");
    const count = WINDOW_MAX + 50;
    for (let sequence = 1; sequence <= count; sequence++)
      append(store, firstQueue(store), [text("x")], { producerId: 9, sequence });
    await store.whenSettled();
    const window = store.state.producers.get(9)!;
    for (let sequence = 1; sequence <= 50; sequence++) expect(window.find(sequence)).to.equal(undefined);
    for (let sequence = 51; sequence <= count; sequence++) expect(window.find(sequence)).to.be.greaterThan(0);
    expect(window.find(count + 1)).to.equal(0);
    await store.close();
  });
});

describe("what recovery must not forget", () => {
  it("keeps a segment until the next one's opening snapshot is durable", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files, { flush: "async", flushMs: 1e9, flushBytes: 1e9 });
    addTopic(store, "orders");
    while (store.figures.segments === 1) await send(store, text("x".repeat(1_000)));
    expect(await store.sealed.dropFirst()).to.equal(false);
    const left = await openSmall(files.losePower("nothing"));
    expect(left.state.topics.has("orders")).to.equal(true);
    await left.close();
    await store.close();
  });

  it("starts again behind a closed segment, however often the power goes at the start", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files);
    addTopic(store, "orders");
    while (store.figures.segments === 1) await send(store, text("x".repeat(1_000)));
    const roll: MemoryFiles[] = [];
    files.before = ({ call, name }) => {
      if (call === "create" && name.startsWith("spare")) roll.push(files.losePower("everything"));
    };
    while (store.figures.segments === 2) await send(store, text("x".repeat(1_000)));
    files.before = null;
    let left = roll[0]!;
    for (let start = 0; start < 5; start++) {
      const images: MemoryFiles[] = [];
      left.before = () => void images.push(left.losePower("nothing"));
      const again = await openSmall(left);
      if (start === 0) expect(again.recovered.closed).to.equal(true);
      expect(again.state.topics.has("orders")).to.equal(true);
      left.before = null;
      for (const image of images) await (await openSmall(image)).close();
      left = images[Math.floor(images.length / 2)]!;
    }
  });
});
