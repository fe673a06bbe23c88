import { expect } from "chai";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { type Dumped, type DumpFilter, dumpStore } from "../../../server/store/dump.js";
import { rebuildStore } from "../../../server/store/rebuild.js";
import { stoppedWorld } from "../../chaos/damaged-disk.js";
import { codeOf } from "../../contract/files.js";
import { contentsOf, withFile } from "../../support/disk-contents.js";
import { refusal } from "../../support/refusal.js";
import { openSmall } from "../../support/small-store.js";
import { addTopic, append, text } from "../../support/store.js";

async function dumped(files: MemoryFiles, filter?: DumpFilter): Promise<Dumped[]> {
  const found: Dumped[] = [];
  for await (const record of dumpStore(files, filter)) found.push(record);
  return found;
}

describe("dumpStore", () => {
  it("gives every record of a log as plain data, in order (A11-14)", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files);
    const topic = addTopic(store, "orders");
    append(
      store,
      topic.queues[0]!,
      [text("one", { tag: "a", keys: ["k"], properties: { color: "red" } }), text("two")],
      {
        producerId: 7,
        sequence: 3,
      },
    );
    append(store, topic.queues[0]!, [{ body: Buffer.of(0xff, 0xfe) }]);
    await store.close();
    const records = await dumped(files);
    expect(records.map((record) => ("kind" in record ? record.kind : "damage"))).to.deep.equal([
      "snapshot",
      "epoch",
      "mark",
      "topic",
      "message",
      "message",
      "message",
    ]);
    const [, , mark, change, one, two, binary] = records;
    expect(mark).to.have.property("durable");
    expect(change).to.have.nested.property("payload.name", "orders");
    expect(one).to.deep.include({ topic: "orders", queueId: 0, queueOffset: 0, producerId: 7, sequence: 3 });
    expect(one).to.include({ more: true });
    expect(one).to.have.nested.property("message.body", "one");
    expect(one).to.have.nested.property("message.properties.color", "red");
    expect(two).to.not.have.property("more");
    expect(binary).to.have.nested.property("message.bodyBase64", "//4=");
    for (const record of records) expect(JSON.parse(JSON.stringify(record))).to.deep.equal(record);
  });

  it("says that there is no such topic", async () => {
    const { files } = await stoppedWorld(11, 50);
    expect(await refusal(dumped(files, { topic: "nope" }))).to.match(/^TOPIC_NOT_FOUND: .* topic nope$/);
  });

  it("gives only what is asked for: a range, a kind, a topic by its name", async () => {
    const { files, model, droppedTo } = await stoppedWorld(11, 500);
    const all = await dumped(files);
    const messages = await dumped(files, { kind: "message" });
    expect(messages.length).to.be.greaterThan(80);
    expect(messages).to.deep.equal(all.filter((record) => "kind" in record && record.kind === "message"));
    const [from, to] = [model.messages.at(-40)!.logOffset, model.messages.at(-3)!.logOffset];
    expect(from).to.be.greaterThan(droppedTo);
    const range = await dumped(files, { kind: "message", from, to });
    expect(range).to.have.length(37);
    const [number, { name }] = [...model.topics][0]!;
    const ofTopic = await dumped(files, { topic: name, from });
    expect(ofTopic.map((record) => "logOffset" in record && record.logOffset)).to.deep.equal(
      model.messages
        .filter((message) => message.topic === number && message.logOffset >= from)
        .map(({ logOffset }) => logOffset),
    );
  });

  it("tells damage in its place and goes on behind it", async () => {
    const { files, contents, model } = await stoppedWorld(11, 500);
    const [path, bytes] = [...contents].filter(([name]) => /\d{20}\.log$/.test(name)).at(-2)!;
    const start = Number.parseInt(path.slice(4), 10);
    const victim = model.messages.find(({ logOffset }) => logOffset > start)!;
    const turned = Buffer.from(bytes);
    turned[victim.logOffset - start + 20]! ^= 1;
    const before = await dumped(files);
    const after = await dumped(await withFile(files, path, turned));
    const at = before.findIndex((record) => "logOffset" in record && record.logOffset === victim.logOffset);
    const damage = { from: victim.logOffset, to: victim.logOffset + victim.bytes };
    expect(after).to.deep.equal(before.with(at, { damage, file: path.slice(4) }));
  });

  it("frees the folder when its reader goes away", async () => {
    const { files } = await stoppedWorld(11, 500);
    for await (const record of dumpStore(files)) if ("kind" in record && record.kind === "message") break;
    expect(files.disk.openFiles).to.equal(0);
    await (await openSmall(files)).close();
  });
});

describe("rebuildStore", () => {
  it("makes every index file again, byte for byte, also in the place of wrong ones", async () => {
    const { files, contents } = await stoppedWorld(11, 500);
    const indexes = [...contents.keys()].filter((path) => /\.(index|keys)$/.test(path));
    let spoiled = files;
    for (const [turn, path] of indexes.entries())
      spoiled = await withFile(spoiled, path, turn % 2 === 0 ? undefined : Buffer.from("nonsense"));
    const told: number[] = [];
    const { segments } = await rebuildStore(spoiled, {
      onProgress: ({ doneBytes, totalBytes }) => told.push(doneBytes / totalBytes),
    });
    expect(segments * 2).to.equal(indexes.length);
    expect(told).to.have.length(segments);
    expect(told.at(-1)).to.equal(1);
    expect(await contentsOf(spoiled)).to.deep.equal(contents);
    expect(spoiled.disk.openFiles).to.equal(0);
  });

  it("refuses a folder in use", async () => {
    const files = new MemoryFiles();
    const store = await openSmall(files);
    expect(await codeOf(rebuildStore(files.reopen()))).to.equal("CONFLICT");
    await store.close();
  });
});
