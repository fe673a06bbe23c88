import { expect } from "chai";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { diskError } from "../../../server/disk/memory-disk.js";
import { MemoryViews } from "../../../server/store/memory-views.js";
import { contentsOf, withFile } from "../../support/disk-contents.js";
import { MAILS, PAYMENTS, Shop } from "../../support/shop.js";
import { bodies, openStore } from "../../support/store.js";

describe("transactions of several halves", () => {
  let s: Shop;

  afterEach(() => s.close());

  it("the power fails at any byte of a commit: all messages are visible afterwards, or none and it is open", async () => {
    s = await Shop.open();
    const transaction = await s.begin(["p1", "p2"], ["m1", "m2"]);
    await s.cluster.clock.advance(1_000);
    const files = s.cluster.filesOf("a").clone();
    const before = await contentsOf(files);
    await s.cluster.advance(transaction.commit());
    const after = await contentsOf(s.cluster.filesOf("a"));
    const [path, written] = [...after].find(([name, bytes]) => !before.get(name)!.equals(bytes))!;
    const old = before.get(path)!;
    const changed = [...written.keys()].filter((at) => written[at] !== old[at]);
    const outcomes = new Set<string>();
    for (let at = changed[0]!; at <= changed.at(-1)! + 1; at++) {
      const torn = Buffer.concat([written.subarray(0, at), old.subarray(at)]);
      const options = { segmentBytes: 1 << 20, views: new MemoryViews() };
      const store = await openStore(await withFile(files, path, torn), options);
      const found: string[] = [];
      for (const topic of store.state.topics.values())
        for (const queue of topic.queues) found.push(...(await bodies(store, queue)));
      const halves = await store.due.halves();
      outcomes.add(`${halves.length} open, visible: ${found.sort()}`);
      await store.close();
    }
    expect([...outcomes]).to.deep.equal(["4 open, visible: ", "0 open, visible: m1,m2,p1,p2"]);
  }).timeout(120_000);

  it("rolled back, none of them is ever delivered", async () => {
    s = await Shop.open();
    const transaction = await s.begin(["p"], ["m"]);
    await s.cluster.advance(transaction.rollback());
    await s.restart();
    await s.cluster.clock.advance(600_000);
    expect(s.texts).to.deep.equal([]);
    expect(await s.open()).to.deep.equal([]);
  });

  it("the one question about them says how many they are, and its answer decides all", async () => {
    s = await Shop.open();
    const transaction = await s.begin(["p1"], ["m1", "m2"]);
    s.answer = () => "commit";
    await s.cluster.clock.advance(7_000);
    expect(s.asked).to.deep.equal([{ id: transaction.id, times: 1 }]);
    expect(s.texts).to.deep.equal(["m1", "m2", "p1"]);
  });

  it("takes 1,024 messages and refuses one more; the transaction stays as it was", async () => {
    s = await Shop.open();
    const transaction = await s.begin(["first"]);
    const sends = Array.from({ length: 1_023 }, (_, index) =>
      transaction.send({ topic: index % 2 ? PAYMENTS : MAILS, body: Buffer.from("x") }),
    );
    await s.cluster.advance(Promise.all(sends));
    expect(await s.cluster.advance(s.half("too many", { joins: transaction.id }))).to.equal(
      "MESSAGE_TOO_LARGE",
    );
    await s.cluster.advance(transaction.commit());
    await s.cluster.clock.advance(2_000);
    expect(s.delivered.length).to.equal(1_024);
  });

  it("takes what fits one commit, 8 MiB, and refuses one more", async () => {
    s = await Shop.open({ segmentBytes: 32 << 20 });
    const body = "x".repeat(3 << 20);
    const id = await s.cluster.advance(s.half(body));
    expect(await s.cluster.advance(s.half(body, { joins: id }))).to.match(/^a-/);
    expect(await s.cluster.advance(s.half(body, { joins: id }))).to.equal("MESSAGE_TOO_LARGE");
    expect(await s.cluster.advance(s.settle(id, "commit"))).to.equal("done");
    await s.cluster.clock.advance(2_000);
    expect(s.delivered.length).to.equal(2);
  });

  it("a half joins only a transaction that is open, of its group, on this broker", async () => {
    s = await Shop.open();
    const id = await s.cluster.advance(s.half("first"));
    const join = (joins: string, more: object = {}): Promise<string> =>
      s.cluster.advance(s.half("x", { joins, ...more }));
    expect(await join(id, { group: "other" })).to.equal("BAD_REQUEST");
    expect(await join(id.replace(/^a/, "b"))).to.equal("TRANSACTION_NOT_FOUND");
    expect(await join("nonsense")).to.equal("BAD_REQUEST");
    expect(await join(id, { group: "" })).to.equal("BAD_REQUEST");
    await s.cluster.advance(s.settle(id, "commit"));
    expect(await join(id)).to.equal("TRANSACTION_NOT_FOUND");
    await s.cluster.clock.advance(60_000);
    expect(s.texts).to.deep.equal(["first"]);
    expect(await s.open()).to.deep.equal([]);
  });

  it("of a decision for another broker's transaction nothing is stored", async () => {
    s = await Shop.open();
    const id = await s.cluster.advance(s.half("x"));
    expect(await s.cluster.advance(s.settle(id.replace(/^a/, "b"), "commit"))).to.equal(
      "TRANSACTION_NOT_FOUND",
    );
    expect((await s.open()).length).to.equal(1);
  });

  it("a message that names a transaction and is no half is refused", async () => {
    s = await Shop.open();
    await s.cluster.advance(s.client.admin.topics.create("any", { queues: 1, type: "mixed" }));
    const id = await s.cluster.advance(s.half("x"));
    const plain = s.half("plain", { name: "any", joins: id, half: false });
    expect(await s.cluster.advance(plain)).to.equal("BAD_REQUEST");
    expect((await s.open())[0]).to.include({ id, halves: 1 });
  });

  it("more than transactionsMax undecided are refused, and taken again when one is decided", async () => {
    s = await Shop.open({ due: { transactionsMax: 2 } });
    const first = await s.cluster.advance(s.half("1"));
    await s.cluster.advance(s.half("2"));
    expect(await s.cluster.advance(s.half("3"))).to.equal("THROTTLED");
    expect(await s.cluster.advance(s.half("more of 1", { joins: first }))).to.match(/^a-/);
    await s.cluster.advance(s.settle(first, "rollback"));
    expect(await s.cluster.advance(s.half("3"))).to.match(/^a-/);
  });

  it("a delay counts from the commit, and the message keeps its id", async () => {
    s = await Shop.open();
    const id = await s.cluster.advance(s.half("later", { delayMs: 60_000 }));
    await s.cluster.clock.advance(50_000);
    await s.cluster.advance(s.settle(id, "commit"));
    await s.cluster.clock.advance(59_000);
    expect(s.texts).to.deep.equal([]);
    await s.restart();
    await s.cluster.clock.advance(3_000);
    expect(s.texts).to.deep.equal(["later"]);
    expect(s.delivered[0]!.id).to.equal(id);
    expect(await s.cluster.advance(s.settle(id, "rollback"))).to.equal("TRANSACTION_CONFLICT");
  });

  it("with a delay that this broker does not allow any more a commit is refused, and leaves nothing behind", async () => {
    s = await Shop.open();
    const id = await s.cluster.advance(s.half("at once"));
    await s.cluster.advance(s.half("later", { joins: id, delayMs: 60_000 }));
    s.cluster.configure({ due: { delayMsMax: 1_000 } });
    await s.restart();
    expect(await s.cluster.advance(s.settle(id, "commit"))).to.equal("DELAY_TOO_LONG");
    const next = await s.cluster.advance(s.half("next"));
    s.cluster.configure({});
    await s.cluster.kill("a");
    await s.cluster.startBroker("a");
    await s.cluster.clock.advance(2_000);
    expect((await s.open()).map((open) => [open.id, open.halves])).to.deep.equal([
      [id, 2],
      [next, 1],
    ]);
    expect(await s.cluster.advance(s.settle(id, "commit"))).to.equal("done");
    await s.cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal(["at once"]);
    await s.cluster.clock.advance(60_000);
    expect(s.texts).to.deep.equal(["at once", "later"]);
  });

  it("a message with an ordering key takes its place in the queue of the key when it is committed", async () => {
    s = await Shop.open();
    const ids: string[] = [];
    for (const text of ["a", "b"])
      ids.push(await s.cluster.advance(s.half(text, { orderingKey: "customer" })));
    for (const id of ids.reverse()) await s.cluster.advance(s.settle(id, "commit"));
    await s.cluster.clock.advance(1_000);
    expect(s.delivered.map(({ body }) => Buffer.from(body).toString())).to.deep.equal(["b", "a"]);
    expect(s.delivered[0]!.queueId).to.equal(s.delivered[1]!.queueId);
  });
});

describe("decisions that meet", () => {
  let s: Shop;

  afterEach(() => s.close());

  for (const [winner, loser] of [
    ["commit", "rollback"],
    ["rollback", "commit"],
  ] as const)
    it(`of two at once about halves on the disk, ${winner} came first and wins; the other has the conflict`, async () => {
      s = await Shop.open();
      const { id } = await s.begin(["p"], ["m"]);
      await s.restart();
      const answers = [s.settle(id, winner), s.settle(id, loser), s.settle(id, winner)];
      expect(await s.cluster.advance(Promise.all(answers))).to.deep.equal([
        "done",
        "TRANSACTION_CONFLICT",
        "done",
      ]);
      await s.cluster.clock.advance(1_000);
      expect(s.texts).to.deep.equal(winner === "commit" ? ["m", "p"] : []);
    });

  it("while a commit reads its halves, nothing can join, and the question that is due changes nothing", async () => {
    s = await Shop.open();
    const { id } = await s.begin(["p"]);
    await s.restart();
    let go: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    s.cluster.filesOf("a").before = ({ call, name }) =>
      call === "read" && name.endsWith(".log") ? held : undefined;
    const committed = s.settle(id, "commit");
    await s.cluster.clock.advance(100);
    expect(await s.cluster.advance(s.half("late", { joins: id }))).to.equal("TRANSACTION_NOT_FOUND");
    await s.cluster.clock.advance(60_000);
    go();
    s.cluster.filesOf("a").before = null;
    expect(await s.cluster.advance(committed)).to.equal("done");
    await s.cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal(["p"]);
    expect(await s.open()).to.deep.equal([]);
  });

  it("a commit waits for a half that is on its way to the disk", async () => {
    s = await Shop.open();
    const { id } = await s.begin(["p"]);
    let go: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    s.cluster.filesOf("a").before = ({ call }) => (call === "sync" ? held : undefined);
    const joined = s.half("late", { joins: id });
    await s.cluster.clock.advance(10);
    const committed = s.settle(id, "commit");
    await s.cluster.clock.advance(10);
    go();
    expect(await s.cluster.advance(committed)).to.equal("done");
    expect(await joined).to.match(/^a-/);
    await s.cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal(["late", "p"]);
  });

  for (const decision of ["commit", "rollback"] as const)
    it(`a ${decision} while the log fails is unknown to who decides; after a restart it holds, or it can be decided`, async () => {
      s = await Shop.open();
      const { id } = await s.begin(["p"], ["m"]);
      s.cluster.filesOf("a").before = ({ call }) => {
        if (call === "sync") throw diskError("EIO");
      };
      const code = await s.cluster.advance(s.settle(id, decision));
      expect(code).to.equal("STORE_FAILED");
      expect(new LogwheelError("STORE_FAILED", "").sent).to.equal("maybe");
      await s.cluster.kill("a");
      await s.cluster.startBroker("a");
      await s.cluster.clock.advance(2_000);
      expect(await s.cluster.advance(s.settle(id, decision))).to.equal("done");
      const contrary = decision === "commit" ? "rollback" : "commit";
      expect(await s.cluster.advance(s.settle(id, contrary))).to.equal("TRANSACTION_CONFLICT");
      await s.cluster.clock.advance(2_000);
      expect(s.texts).to.deep.equal(decision === "commit" ? ["m", "p"] : []);
    });
});

describe("topics that are deleted under open transactions", () => {
  let s: Shop;

  beforeEach(async () => {
    s = await Shop.open();
  });

  afterEach(() => s.close());

  it("a commit delivers the messages of the topics that are left", async () => {
    const transaction = await s.begin(["p"], ["m"]);
    await s.cluster.advance(s.client.admin.topics.delete("mails"));
    await s.cluster.advance(transaction.commit());
    await s.cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal(["p"]);
    expect(await s.open()).to.deep.equal([]);
  });

  it("without the topic of its first half nobody can be asked: it is parked, and decided by hand", async () => {
    const { id } = await s.begin(["p"], ["m"]);
    await s.cluster.advance(s.client.admin.topics.delete("payments"));
    await s.cluster.clock.advance(60_000);
    expect(s.asked).to.deep.equal([]);
    expect((await s.open())[0]).to.include({ id, parked: true, topic: "" });
    await s.cluster.advance(s.client.admin.transactions.commit(id));
    await s.cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal(["m"]);
  });

  it("a topic of the same name that is made later has nothing to do with them", async () => {
    const { id } = await s.begin(["p"]);
    await s.cluster.advance(s.client.admin.topics.delete("payments"));
    await s.cluster.advance(s.client.admin.topics.create("payments", { queues: 1, type: "transaction" }));
    expect(await s.cluster.advance(s.settle(id, "commit"))).to.equal("TOPIC_NOT_FOUND");
    expect((await s.open()).length).to.equal(1);
    expect(await s.cluster.advance(s.settle(id, "rollback"))).to.equal("done");
    await s.cluster.clock.advance(2_000);
    expect(s.texts).to.deep.equal([]);
  });
});
