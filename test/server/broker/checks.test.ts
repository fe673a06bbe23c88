import { expect } from "chai";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import { type Logger, silentLogger } from "../../../proto/kernel/logger.js";
import type { TransactionFigures } from "../../../server/broker/meter.js";
import { ownSetting } from "../../../server/broker/own-settings.js";
import { diskError } from "../../../server/disk/memory-disk.js";
import { contentsOf, withFile } from "../../support/disk-contents.js";
import { outcome } from "../../support/raw-calls.js";
import { Shop } from "../../support/shop.js";

/** What the broker's log says as a warning or an error. */
class Events {
  readonly said: string[] = [];
  readonly logger: Logger = {
    ...silentLogger,
    warn: (_fields, text) => void this.said.push(text),
    error: (_fields, text) => void this.said.push(text),
  };

  about(what: RegExp): number {
    return this.said.filter((text) => what.test(text)).length;
  }
}

const ALONE = /no producer of their group is connected/;

async function figures(s: Shop): Promise<TransactionFigures> {
  return (await s.cluster.brokerOf("a").figures()).transactions;
}

describe("questions about transactions", () => {
  let s: Shop;
  let events: Events;

  beforeEach(() => {
    events = new Events();
  });

  afterEach(() => s.close());

  it("a topic's own times and limits come first", async () => {
    const own = {
      transactionCheckAfterMs: "1000",
      transactionCheckEveryMs: "2000",
      transactionChecksMax: "3",
    };
    s = await Shop.open({}, own);
    await s.send("x", "unknown");
    await s.cluster.clock.advance(900);
    expect(s.asked.length).to.equal(0);
    await s.cluster.clock.advance(200);
    expect(s.asked.length).to.equal(1);
    await s.cluster.clock.advance(2_000);
    expect(s.asked.length).to.equal(2);
    await s.cluster.clock.advance(60_000);
    expect(s.asked.length).to.equal(3);
    expect((await s.open())[0]).to.include({ parked: true, timesAsked: 3 });
  });

  it("a topic's own times and limits are within the bounds of the settings", async () => {
    s = await Shop.open();
    const { topics } = s.client.admin;
    for (const [name, value] of [
      ["transactionCheckAfterMs", "soon"],
      ["transactionCheckAfterMs", "9007199254740991"],
      ["transactionCheckEveryMs", "9"],
      ["transactionChecksMax", "256"],
      ["transactionChecksMax", ""],
    ] as const) {
      const attributes = { [name]: value };
      const made = topics.create("odd", { queues: 1, attributes });
      expect(await s.cluster.advance(outcome(made)), name).to.equal("BAD_REQUEST");
      const changed = topics.update("payments", { setAttributes: attributes });
      expect(await s.cluster.advance(outcome(changed)), name).to.equal("BAD_REQUEST");
      expect(ownSetting(attributes, name)).to.equal(undefined);
    }
    await s.cluster.advance(topics.update("payments", { setAttributes: { transactionChecksMax: "255" } }));
  });

  it("without a live producer for two minutes it is an event, once, and a gauge, until one is back", async () => {
    s = await Shop.open({ logger: events.logger });
    await s.send("1", "unknown");
    await s.send("2", "unknown");
    await s.cluster.advance(s.producer.close());
    await s.cluster.clock.advance(110_000);
    expect(await figures(s)).to.include({ open: 2, halves: 2, alone: 0, producers: 0 });
    expect(events.about(ALONE)).to.equal(0);
    await s.cluster.clock.advance(60_000);
    expect(await figures(s)).to.include({ open: 2, alone: 2 });
    expect(events.about(ALONE)).to.equal(1);
    s.answer = () => "commit";
    s.producer = s.transactional(s.client);
    await s.cluster.clock.advance(1_000);
    expect(await figures(s)).to.include({ alone: 0, producers: 1 });
    await s.cluster.clock.advance(35_000);
    expect(await figures(s)).to.include({ open: 0, halves: 0, committed: 2, questions: 2 });
    expect(s.texts).to.deep.equal(["1", "2"]);
  });

  it("while nobody is there they are looked at more and more rarely, and at once when somebody is back", async () => {
    s = await Shop.open();
    await s.send("1", "unknown");
    await s.cluster.advance(s.producer.close());
    const looks = new Set<number>();
    for (let second = 0; second < 7_200; second += 10) {
      await s.cluster.clock.advance(10_000);
      looks.add(Number((await s.open())[0]!.nextCheckAtMs));
    }
    expect(looks.size).to.be.within(12, 24);
    await s.restart();
    await s.cluster.clock.advance(100_000);
    expect((await s.open())[0]).to.include({ timesAsked: 0 });
    s.answer = () => "commit";
    s.producer = s.transactional(s.client);
    await s.cluster.clock.advance(1_500);
    expect(s.asked).to.have.length(1);
    expect(s.texts).to.deep.equal(["1"]);
  });

  it("a broker that was away gives producers two minutes to come back before it complains", async () => {
    s = await Shop.open({ logger: events.logger });
    await s.send("x", "unknown");
    await s.cluster.advance(s.producer.close());
    await s.cluster.stop("a");
    await s.cluster.clock.advance(3_600_000);
    await s.cluster.startBroker("a");
    await s.cluster.clock.advance(90_000);
    expect(events.about(ALONE)).to.equal(0);
    expect((await figures(s)).alone).to.equal(0);
    await s.cluster.clock.advance(70_000);
    expect(events.about(ALONE)).to.equal(1);
  });

  it("a parked one that was asked about by hand is asked about on its way again", async () => {
    s = await Shop.open({ due: { transactionChecksMax: 1 } });
    const { messageId } = await s.send("x", "unknown");
    await s.cluster.clock.advance(120_000);
    expect(await figures(s)).to.include({ open: 1, parked: 1 });
    await s.cluster.advance(s.client.admin.transactions.check(messageId));
    expect((await figures(s)).parked).to.equal(0);
    await s.cluster.clock.advance(31_000);
    expect((await figures(s)).parked).to.equal(1);
    expect(s.asked.length).to.equal(2);
  });

  it("asking by hand says that nobody is there, and changes nothing", async () => {
    s = await Shop.open();
    const { messageId: id } = await s.send("x", "unknown");
    await s.cluster.advance(s.producer.close());
    const connection = s.cluster.network.connect("a:10911");
    const { asked } = await s.cluster.advance(connection.unary(ADMIN.askTransaction, { id }, {}));
    connection.close();
    expect(asked).to.equal("");
    expect((await s.open())[0]).to.include({ timesAsked: 0 });
  });

  it("an answer that contradicts a decision is refused, and the log says so", async () => {
    s = await Shop.open({ logger: events.logger });
    const { messageId } = await s.send("x", "unknown");
    let answer: (outcome: "commit") => void = () => {};
    s.answer = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await s.cluster.clock.advance(7_000);
    expect(await s.cluster.advance(s.settle(messageId, "rollback"))).to.equal("done");
    answer("commit");
    await s.cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal([]);
    expect(events.about(/answer to a question was refused/)).to.equal(1);
  });

  it("one whose half cannot be read now holds up no other, and is asked about later", async () => {
    s = await Shop.open({ logger: events.logger, segmentBytes: 64 << 10 });
    await s.send("first", "unknown");
    for (let filler = 0; filler < 10; filler++) await s.send("x".repeat(10_000), "rollback");
    await s.restart();
    await s.send("second", "unknown");
    const folder = await s.cluster.filesOf("a").folder("log");
    const sealed = (await folder.list()).find((name) => name.endsWith(".log"));
    s.cluster.filesOf("a").before = ({ call, name }) => {
      if (call === "read" && name === sealed) throw diskError("EIO");
    };
    await s.cluster.clock.advance(20_000);
    s.cluster.filesOf("a").before = null;
    expect(events.about(/cannot be asked about now/)).to.equal(1);
    expect(s.asked).to.have.length(1);
    await s.cluster.clock.advance(31_000);
    expect(new Set(s.asked.map(({ id }) => id)).size).to.equal(2);
    expect((await s.open()).map(({ timesAsked }) => timesAsked)).to.deep.equal([1, 2]);
  });

  it("with a half that cannot be read any more it is parked", async () => {
    s = await Shop.open({ logger: events.logger, segmentBytes: 64 << 10 });
    await s.send("damaged", "unknown");
    for (let filler = 0; filler < 10; filler++) await s.send("x".repeat(10_000), "rollback");
    await s.restart();
    const files = s.cluster.filesOf("a");
    const [path, bytes] = [...(await contentsOf(files))].find(([, each]) => each.includes("damaged"))!;
    const file = await (await files.folder("log")).open(path.slice("log/".length));
    await file.write([Buffer.from("X")], bytes.indexOf("damaged"));
    await file.close();
    await s.cluster.clock.advance(10_000);
    expect((await s.open())[0]).to.include({ parked: true, timesAsked: 0 });
    expect(events.about(/parked: one of its half messages cannot be read/)).to.equal(1);
  });

  it("with a half that cannot be read it is parked and can only be rolled back: no part of it is ever delivered", async () => {
    s = await Shop.open({ logger: events.logger, segmentBytes: 64 << 10 });
    const { id } = await s.begin(["whole"], ["damaged"]);
    for (let filler = 0; filler < 10; filler++) await s.send("x".repeat(10_000), "rollback");
    await s.cluster.stop("a");
    const files = s.cluster.filesOf("a");
    const [path, bytes] = [...(await contentsOf(files))].find(([, each]) => each.includes("damaged"))!;
    bytes[bytes.indexOf("damaged")]! ^= 1;
    await s.cluster.startBroker("a", await withFile(files, path, bytes));
    await s.cluster.clock.advance(20_000);
    expect((await s.open())[0]).to.include({ id, halves: 2, parked: true });
    expect(events.about(/cannot be read: its transaction can only be rolled back/)).to.equal(1);
    expect(await s.cluster.advance(s.settle(id, "commit"))).to.equal("LOG_CORRUPT");
    expect(await s.cluster.advance(s.settle(id, "rollback"))).to.equal("done");
    await s.cluster.clock.advance(1_000);
    expect(s.texts).to.deep.equal([]);
    expect(await s.open()).to.deep.equal([]);
  });
});
