import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import type { TxReceipt } from "../../../client/sdk/transaction-types.js";
import { TopicType } from "../../../proto/gen/logwheel/v1/TopicType.js";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { gate } from "../../support/orders.js";
import { failure } from "../../support/refusal.js";
import { MAILS, PAYMENTS, Shop } from "../../support/shop.js";

const BROKER = "a:10911";
const message = (text: string) => ({ topic: PAYMENTS, body: Buffer.from(text) });

describe("transactional producer", () => {
  let s: Shop;

  beforeEach(async () => {
    s = await Shop.open();
  });

  afterEach(() => s.close());

  it("a decision whose connection breaks is repeated, and its outcome is known", async () => {
    const sent = s.producer.send(message("x"), async () => {
      s.cluster.network.cut(BROKER);
      s.cluster.clock.after(500, () => s.cluster.network.heal(BROKER));
    });
    expect(await s.cluster.advance(sent)).to.include({ outcome: "commit" });
    await s.cluster.clock.advance(3_000);
    expect(s.texts).to.deep.equal(["x"]);
    expect(s.asked).to.deep.equal([]);
  });

  it("a decision that nobody answers in time is unknown and says why; the check-back decides", async () => {
    s.answer = () => "commit";
    const sent = s.producer.send(message("x"), () => s.cluster.network.cut(BROKER));
    const receipt = await s.cluster.advance(sent);
    expect(receipt.outcome).to.equal("unknown");
    expect(LogwheelError.is(receipt.error), String(receipt.error)).to.equal(true);
    s.cluster.network.heal(BROKER);
    await s.cluster.clock.advance(40_000);
    expect(s.texts).to.deep.equal(["x"]);
  });

  it("the caller's time limit for a decision ends the wait, not the transaction", async () => {
    const stored = gate();
    const sent = s.producer.send(
      message("x"),
      () => {
        s.cluster.filesOf("a").before = ({ call }) => (call === "sync" ? stored.promise : undefined);
      },
      { timeoutMs: 100 },
    );
    const receipt = await s.cluster.advance(sent);
    expect(receipt.outcome).to.equal("unknown");
    expect(LogwheelError.is(receipt.error, "TIMEOUT"), String(receipt.error)).to.equal(true);
    stored.open();
    s.cluster.filesOf("a").before = null;
    await s.cluster.clock.advance(2_000);
    expect(s.texts).to.deep.equal(["x"]);
  });

  it("a decision that somebody else has taken the other way rejects with the conflict", async () => {
    const sent = s.producer.send(message("x"), async ({ transactionId }) => {
      await s.settle(transactionId, "rollback");
    });
    const error = await failure(s.cluster.advance(sent));
    expect(error.code).to.equal("TRANSACTION_CONFLICT");
    expect(error.message).to.contain("rolled back");
    expect(s.texts).to.deep.equal([]);
  });

  it("a half that was not stored rejects, and its local transaction is not run", async () => {
    let ran = false;
    const sent = s.producer.send({ topic: topic("nowhere"), body: Buffer.from("x") }, () => {
      ran = true;
    });
    expect((await failure(s.cluster.advance(sent))).code).to.equal("BAD_REQUEST");
    expect(ran).to.equal(false);
  });

  it("nothing is commit; what is no outcome is unknown, never rolled back", async () => {
    expect(await s.cluster.advance(s.producer.send(message("nothing"), () => {}))).to.include({
      outcome: "commit",
    });
    const wrong = (() => "comit") as unknown as () => "commit";
    const receipt: TxReceipt = await s.cluster.advance(s.producer.send(message("wrong"), wrong));
    expect(receipt.outcome).to.equal("unknown");
    expect(String(receipt.error)).to.contain("comit");
    s.answer = () => "commit";
    await s.cluster.clock.advance(7_000);
    expect(s.texts).to.deep.equal(["nothing", "wrong"]);
  });

  it("a checker that says nothing sensible is asked again", async () => {
    let calls = 0;
    s.answer = () => (++calls === 1 ? ("maybe" as "commit") : "rollback");
    await s.send("x", "unknown");
    await s.cluster.clock.advance(40_000);
    expect(calls).to.equal(2);
    expect(await s.open()).to.deep.equal([]);
    expect(s.texts).to.deep.equal([]);
  });

  it("closing waits for local transactions under way and their decisions, and takes no new ones", async () => {
    const local = gate();
    const sent = s.producer.send(message("x"), () => local.promise);
    await s.cluster.clock.advance(100);
    let closed = false;
    const closing = s.producer.close().then(() => {
      closed = true;
    });
    await s.cluster.clock.advance(1_000);
    expect(closed).to.equal(false);
    expect((await failure(s.producer.send(message("late"), () => {}))).code).to.equal("CLOSED");
    expect((await failure(s.producer.begin())).code).to.equal("CLOSED");
    local.open();
    expect(await s.cluster.advance(sent)).to.include({ outcome: "commit" });
    await s.cluster.advance(closing);
    await s.cluster.clock.advance(500);
    expect(s.texts).to.deep.equal(["x"]);
  });

  it("closing that may not wait leaves them unknown, and aborts their signal", async () => {
    const local = gate();
    let aborted = false;
    const sent = s.producer.send(message("x"), ({ signal }) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return local.promise;
    });
    await s.cluster.clock.advance(100);
    await s.cluster.advance(s.producer.close({ timeoutMs: 200 }));
    expect(aborted).to.equal(true);
    local.open();
    const receipt = await s.cluster.advance(sent);
    expect(receipt.outcome).to.equal("unknown");
    expect(LogwheelError.is(receipt.error, "CLOSED")).to.equal(true);
    expect((await s.open()).length).to.equal(1);
  });

  it("a half whose caller has stopped waiting may be stored: the check-back decides", async () => {
    const stored = gate();
    s.cluster.filesOf("a").before = ({ call }) => (call === "sync" ? stored.promise : undefined);
    const sent = s.producer.send(message("x"), () => {}, { timeoutMs: 50 });
    expect(await failure(s.cluster.advance(sent))).to.include({ code: "TIMEOUT", sent: "maybe" });
    stored.open();
    s.cluster.filesOf("a").before = null;
    s.answer = () => "rollback";
    await s.cluster.clock.advance(10_000);
    expect(s.asked.length).to.equal(1);
    expect(await s.open()).to.deep.equal([]);
    expect(s.texts).to.deep.equal([]);
  });

  describe("of several messages", () => {
    it("sends that run beside each other belong to one transaction", async () => {
      const transaction = await s.producer.begin();
      expect(transaction.id).to.equal("");
      const sends = [PAYMENTS, MAILS, PAYMENTS].map((each) =>
        transaction.send({ topic: each, body: Buffer.from(each.name) }),
      );
      const [first] = await s.cluster.advance(Promise.all(sends));
      expect(transaction.id).to.equal(first!.messageId);
      expect((await s.open()).map(({ halves }) => halves)).to.deep.equal([3]);
      await s.cluster.advance(transaction.commit());
      await s.cluster.clock.advance(500);
      expect(s.texts).to.deep.equal(["mails", "payments", "payments"]);
    });

    it("a topic that the first message's broker has not is refused; then it can only be rolled back", async () => {
      await s.cluster.startBroker("b");
      await s.cluster.clock.advance(1_000);
      const b = s.cluster.network.connect("b:10911");
      const made = { name: "elsewhere", queues: 1, type: TopicType.TOPIC_TYPE_TRANSACTION };
      await s.cluster.advance(b.unary(ADMIN.createTopic, { topic: made }, {}));
      b.close();
      const elsewhere = topic("elsewhere");
      const producer = s.client.transactional({
        group: "shop",
        topics: [PAYMENTS, elsewhere],
        check: () => "unknown",
      });
      const transaction = await producer.begin();
      await s.cluster.advance(transaction.send(message("x")));
      const refused = transaction.send({ topic: elsewhere, body: Buffer.from("y") });
      const error = await failure(s.cluster.advance(refused));
      expect(error.code).to.equal("BAD_REQUEST");
      expect(error.message).to.contain("no queue on broker a");
      expect((await failure(s.cluster.advance(transaction.commit()))).code).to.equal("CONFLICT");
      await s.cluster.advance(transaction.rollback());
      expect(await s.open()).to.deep.equal([]);
      expect(s.texts).to.deep.equal([]);
    });

    it("after its decision it takes no more; without one, its end waits for its sends and decides nothing", async () => {
      const decided = await s.begin(["x"]);
      await s.cluster.advance(decided.commit());
      expect((await failure(decided.send(message("late")))).code).to.equal("CLOSED");
      const left = await s.producer.begin();
      void left.send(message("left"));
      await s.cluster.advance(Promise.resolve(left[Symbol.asyncDispose]()));
      expect((await s.open()).map(({ id }) => id)).to.deep.equal([left.id]);
    });

    it("takes nothing more once its decision was asked for, though sends are under way", async () => {
      const transaction = await s.producer.begin();
      const first = transaction.send(message("1"));
      const commit = transaction.commit();
      const late = failure(transaction.send(message("late")));
      await s.cluster.advance(Promise.all([first, commit]));
      expect((await late).code).to.equal("CLOSED");
      await s.cluster.clock.advance(1_000);
      expect(s.texts).to.deep.equal(["1"]);
    });

    it("of nothing is decided without asking anybody", async () => {
      await (await s.producer.begin()).commit();
      await (await s.producer.begin()).rollback();
    });
  });
});
