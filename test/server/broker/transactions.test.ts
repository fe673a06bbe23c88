import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import { BROKER } from "../../../proto/kernel/contract.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { MAILS, PAYMENTS, Shop } from "../../support/shop.js";

describe("transactions", () => {
  let s: Shop;

  beforeEach(async () => {
    s = await Shop.open();
  });

  afterEach(() => s.cluster.close());

  it("A3-13 a committed message is delivered once under the id of its receipt, a rolled-back one never", async () => {
    const kept = await s.send("kept", "commit");
    await s.send("gone", "rollback");
    await s.cluster.clock.advance(60_000);
    expect(s.texts).to.deep.equal(["kept"]);
    expect(s.delivered[0]!.id).to.equal(kept.messageId);
    expect(s.asked).to.deep.equal([]);
  });

  it("a half is invisible until it is decided", async () => {
    await s.send("open", "unknown");
    await s.cluster.clock.advance(5_000);
    expect(s.texts).to.deep.equal([]);
  });

  it("a local transaction that throws is unknown, never rolled back", async () => {
    const { cluster, producer } = s;
    const thrown = new Error("the database said no, or did it?");
    const receipt = await cluster.advance(
      producer.send({ topic: PAYMENTS, body: Buffer.from("x") }, () => {
        throw thrown;
      }),
    );
    expect(receipt).to.include({ outcome: "unknown", error: thrown });
    s.answer = () => "commit";
    await cluster.clock.advance(7_000);
    expect(s.texts).to.deep.equal(["x"]);
  });

  it("several messages on several topics are delivered together", async () => {
    const { cluster, producer } = s;
    const transaction = await producer.begin();
    await cluster.advance(transaction.send({ topic: PAYMENTS, body: Buffer.from("p") }));
    await cluster.advance(transaction.send({ topic: MAILS, body: Buffer.from("m") }));
    await cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal([]);
    await cluster.advance(transaction.commit());
    await cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal(["m", "p"]);
  });

  it("repeating a decision changes nothing; the contrary is refused and says what was decided", async () => {
    for (const [first, second, was] of [
      ["commit", "rollback", "committed"],
      ["rollback", "commit", "rolled back"],
    ] as const) {
      const transaction = await s.producer.begin();
      await s.cluster.advance(transaction.send({ topic: PAYMENTS, body: Buffer.from(first) }));
      await s.cluster.advance(transaction[first]());
      await s.cluster.advance(transaction[first]());
      const refused = await s.cluster.advance(transaction[second]().catch((thrown: unknown) => thrown));
      expect(LogwheelError.is(refused, "TRANSACTION_CONFLICT"), String(refused)).to.equal(true);
      expect((refused as Error).message).to.contain(was);
    }
    await s.cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal(["commit"]);
  });

  it("decisions hold over a restart: the contrary is refused after it, too", async () => {
    const committed = await s.send("committed", "commit");
    const rolledBack = await s.send("rolled back", "rollback");
    await s.cluster.stop("a");
    await s.cluster.startBroker("a");
    await s.cluster.clock.advance(2_000);
    const connections = s.cluster.network.connect("a:10911");
    const settleBy = (id: string, decision: 1 | 2): Promise<unknown> =>
      s.cluster.advance(
        connections
          .unary(BROKER.settle, { transactionId: id, topic: "payments", decision }, {})
          .catch((thrown: LogwheelError) => thrown.code),
      );
    expect(await settleBy(committed.messageId, 2)).to.equal("TRANSACTION_CONFLICT");
    expect(await settleBy(rolledBack.messageId, 1)).to.equal("TRANSACTION_CONFLICT");
    expect(await settleBy(committed.messageId, 1)).to.deep.equal({});
    expect(await settleBy(rolledBack.messageId, 2)).to.deep.equal({});
    expect(s.texts).to.deep.equal(["committed"]);
    connections.close();
  });

  it("a decision names id and topic, and both must match", async () => {
    const { messageId } = await s.send("x", "unknown");
    const connection = s.cluster.network.connect("a:10911");
    const settle = (transactionId: string, topicName: string): Promise<unknown> =>
      s.cluster.advance(
        connection
          .unary(BROKER.settle, { transactionId, topic: topicName, decision: 1 }, {})
          .catch((thrown: LogwheelError) => thrown.code),
      );
    const [, epoch, offset] = /-(\d+)-(\d+)$/.exec(messageId)!;
    expect(await settle(messageId, "mails")).to.equal("TRANSACTION_NOT_FOUND");
    expect(await settle(`a-${Number(epoch) + 1}-${offset}`, "payments")).to.equal("TRANSACTION_NOT_FOUND");
    expect(await settle(`a-${epoch}-${Number(offset) + 1}`, "payments")).to.equal("TRANSACTION_NOT_FOUND");
    for (let at = Number(offset) - 40; at < Number(offset) + 400; at++)
      if (at !== Number(offset))
        expect(await settle(`a-${epoch}-${at}`, "payments"), `${at}`).to.equal("TRANSACTION_NOT_FOUND");
    expect(await settle("nonsense", "payments")).to.equal("BAD_REQUEST");
    expect(await settle(messageId, "payments")).to.deep.equal({});
    connection.close();
  });

  it("asks after 6 s, then every 30 s, 15 times; then the transaction is parked, and nothing is dropped", async () => {
    const { messageId } = await s.send("x", "unknown");
    await s.cluster.clock.advance(5_900);
    expect(s.asked).to.deep.equal([]);
    await s.cluster.clock.advance(200);
    expect(s.asked).to.deep.equal([{ id: messageId, times: 1 }]);
    await s.cluster.clock.advance(29_800);
    expect(s.asked.length).to.equal(1);
    await s.cluster.clock.advance(14 * 30_000 + 10_000);
    expect(s.asked.map(({ times }) => times)).to.deep.equal(Array.from({ length: 15 }, (_, i) => i + 1));
    await s.cluster.clock.advance(3_600_000);
    expect(s.asked.length).to.equal(15);
    const [parked] = await s.open();
    expect(parked).to.include({ id: messageId, parked: true, timesAsked: 15, halves: 1 });
  });

  it("only questions that were put count; a restart keeps the count", async () => {
    await s.send("x", "unknown");
    await s.cluster.clock.advance(10_000);
    expect(s.asked.length).to.equal(1);
    await s.cluster.advance(s.producer.close());
    await s.cluster.clock.advance(120_000);
    expect((await s.open())[0]).to.include({ timesAsked: 1, parked: false });
    await s.cluster.kill("a");
    await s.cluster.startBroker("a");
    await s.cluster.clock.advance(2_000);
    expect((await s.open())[0]).to.include({ timesAsked: 1, parked: false });
    s.producer = s.transactional(s.client);
    await s.cluster.clock.advance(35_000);
    expect(s.asked.map(({ times }) => times).slice(0, 2)).to.deep.equal([1, 2]);
  });

  it("any live producer of the group is asked in turn, and the first answer decides", async () => {
    const other = s.transactional(await s.cluster.connect());
    await s.cluster.clock.advance(100);
    const { messageId } = await s.send("x", "unknown");
    await s.cluster.clock.advance(6_100);
    const [first] = await s.open();
    await s.cluster.clock.advance(30_000);
    const [second] = await s.open();
    expect(first!.lastAsked).not.to.equal(second!.lastAsked);
    s.answer = () => "commit";
    await s.cluster.clock.advance(30_000);
    expect(s.texts).to.deep.equal(["x"]);
    expect(s.asked.at(-1)!.id).to.equal(messageId);
    expect(await s.open()).to.deep.equal([]);
    await s.cluster.advance(other.close());
  });

  it("a checker that throws is asked again", async () => {
    let calls = 0;
    s.answer = () => {
      if (++calls === 1) throw new Error("not now");
      return "commit";
    };
    await s.send("x", "unknown");
    await s.cluster.clock.advance(40_000);
    expect(calls).to.equal(2);
    expect(s.texts).to.deep.equal(["x"]);
  });

  it("an undecided transaction survives a kill, and is decided afterwards", async () => {
    const transaction = await s.producer.begin();
    await s.cluster.advance(transaction.send({ topic: PAYMENTS, body: Buffer.from("1") }));
    await s.cluster.advance(transaction.send({ topic: MAILS, body: Buffer.from("2") }));
    await s.cluster.kill("a");
    await s.cluster.startBroker("a");
    await s.cluster.clock.advance(2_000);
    expect((await s.open())[0]).to.include({ halves: 2 });
    await s.cluster.advance(transaction.commit());
    await s.cluster.clock.advance(2_000);
    expect(s.texts).to.deep.equal(["1", "2"]);
  });

  it("a parked transaction can be settled by hand, and asked about again", async () => {
    const one = await s.send("one", "unknown");
    const two = await s.send("two", "unknown");
    await s.cluster.clock.advance(600_000);
    const admin = s.cluster.network.connect("a:10911");
    const settled = await s.cluster.advance(
      admin.unary(ADMIN.settleTransaction, { id: one.messageId, commit: true, by: "ops@desk" }, {}),
    );
    expect(settled.transaction).to.include({ id: one.messageId, parked: true });
    s.answer = () => "commit";
    const { asked } = await s.cluster.advance(admin.unary(ADMIN.askTransaction, { id: two.messageId }, {}));
    expect(asked).to.contain("host-");
    await s.cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal(["one", "two"]);
    admin.close();
  });

  it("a half needs a topic that is declared for it, and such a topic takes nothing else", async () => {
    const plain = topic("plain");
    await s.cluster.advance(s.client.admin.topics.create("plain", { queues: 1, type: "normal" }));
    const producer = s.client.transactional({ group: "shop", topics: [plain], check: () => "unknown" });
    const refused = producer.send({ topic: plain, body: Buffer.from("x") }, () => "commit");
    expect(await s.cluster.advance(refused.catch((thrown: LogwheelError) => thrown.code))).to.equal(
      "MESSAGE_TYPE_MISMATCH",
    );
    const other = s.client.producer().send({ topic: PAYMENTS, body: Buffer.from("x") });
    expect(await s.cluster.advance(other.catch((thrown: LogwheelError) => thrown.code))).to.equal(
      "MESSAGE_TYPE_MISMATCH",
    );
    await s.cluster.clock.advance(100_000);
    expect(s.delivered).to.deep.equal([]);
  });

  it("who decides by hand stands in the log, up to 255 letters of it", async () => {
    await s.cluster.close();
    const lines: { audit?: string; by?: string }[] = [];
    s = await Shop.open({ logger: { ...silentLogger, warn: (fields) => void lines.push(fields) } });
    const { messageId: id } = await s.send("x", "unknown");
    const connection = s.cluster.network.connect("a:10911");
    await s.cluster.advance(connection.unary(ADMIN.settleTransaction, { id, by: "m".repeat(10_000) }, {}));
    connection.close();
    const said = lines.filter(({ audit }) => audit === "transaction-settle");
    expect(said.map(({ by }) => by!.length)).to.deep.equal([255]);
  });
});
