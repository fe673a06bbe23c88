import { expect } from "chai";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { PERMISSION, TOPIC_TYPE, type TopicSettings, Topics } from "../../../server/broker/topics.js";
import type { Store } from "../../../server/store/store.js";
import { ManualClock } from "../../support/manual-clock.js";
import { MemoryFiles } from "../../support/memory-files.js";
import { append, bodies, openStore, text } from "../../support/store.js";

async function fixture(
  settings: Partial<TopicSettings> = {},
  files = new MemoryFiles(),
): Promise<{ store: Store; topics: Topics }> {
  const store = await openStore(files);
  const all = { autoCreate: false, autoCreateQueues: 4, topicsMax: 3, queuesMax: 8, ...settings };
  return { store, topics: new Topics(store, new ManualClock(), all) };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (thrown) {
    return LogwheelError.is(thrown) ? thrown.code : String(thrown);
  }
}

const update = { setAttributes: {}, removeAttributes: [], dryRun: false };

describe("topics", () => {
  it("makes a topic that a restart keeps, and refuses a second of its name", async () => {
    const files = new MemoryFiles();
    const { store, topics } = await fixture({}, files);
    await topics.create({ name: "orders", queues: 3, type: TOPIC_TYPE.ordered, attributes: { team: "a" } });
    expect(await codeOf(topics.create({ name: "orders", queues: 1 }))).to.equal("TOPIC_EXISTS");
    await store.close();
    const again = await fixture({}, files);
    const { type, attributes, queues } = again.topics.get("orders");
    expect({ type, attributes, queues: queues.length }).to.deep.equal({
      type: 2,
      attributes: { team: "a" },
      queues: 3,
    });
  });

  it("refuses what its settings and the names' rules do not allow", async () => {
    const { topics } = await fixture();
    expect(await codeOf(topics.create({ name: "a/b", queues: 1 }))).to.equal("BAD_REQUEST");
    expect(await codeOf(topics.create({ name: "none", queues: 0 }))).to.equal("BAD_REQUEST");
    expect(await codeOf(topics.create({ name: "many", queues: 9 }))).to.equal("BAD_REQUEST");
    for (const name of ["a", "b", "c"]) await topics.create({ name, queues: 1 });
    expect(await codeOf(topics.create({ name: "d", queues: 1 }))).to.equal("THROTTLED");
  });

  it("makes an unknown topic at its first send only where that is set", async () => {
    const closed = await fixture();
    expect(() => closed.topics.ensure("new")).to.throw(LogwheelError, /no topic "new"/);
    const open = await fixture({ autoCreate: true });
    expect(open.topics.ensure("new").queues).to.have.length(4);
    expect(open.topics.ensure("new").type).to.equal(TOPIC_TYPE.mixed);
  });

  it("grows and never shrinks; a dry run changes nothing", async () => {
    const { topics } = await fixture();
    await topics.create({ name: "orders", queues: 2 });
    const dry = await topics.update({ ...update, name: "orders", queues: 4, dryRun: true });
    expect(dry.queues).to.equal(4);
    expect(topics.get("orders").queues).to.have.length(2);
    await topics.update({
      ...update,
      name: "orders",
      queues: 4,
      permission: PERMISSION.read,
      setAttributes: { a: "1" },
    });
    expect(topics.get("orders").queues).to.have.length(4);
    expect(topics.get("orders").permission).to.equal(PERMISSION.read);
    expect(await codeOf(topics.update({ ...update, name: "orders", queues: 3 }))).to.equal("BAD_REQUEST");
  });

  it("a name that is made again starts empty", async () => {
    const { store, topics } = await fixture();
    const old = await topics.create({ name: "orders", queues: 1 });
    append(store, old.queues[0]!, [text("old")]);
    await store.whenSettled();
    expect(await topics.delete("orders", true)).to.deep.equal({ messages: 1, groups: [] });
    expect(topics.get("orders")).to.equal(old);
    await topics.delete("orders", false);
    expect(() => topics.get("orders")).to.throw(LogwheelError);
    const made = await topics.create({ name: "orders", queues: 1 });
    expect(await bodies(store, made.queues[0]!)).to.deep.equal([]);
    append(store, made.queues[0]!, [text("new")]);
    await store.whenSettled();
    expect(await bodies(store, made.queues[0]!)).to.deep.equal(["new"]);
  });

  it("tells whoever listens what was made, changed and deleted", async () => {
    const { topics } = await fixture();
    const told: string[] = [];
    topics.onChanged((change) => told.push("put" in change ? `+${change.put.name}` : `-${change.deleted}`));
    await topics.create({ name: "orders", queues: 1 });
    await topics.update({ ...update, name: "orders", queues: 2 });
    await topics.delete("orders", false);
    expect(told).to.deep.equal(["+orders", "+orders", "-orders"]);
  });
});
