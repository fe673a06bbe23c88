import { expect } from "chai";
import { laneOf, type OutMessage, Outstanding, queueOf } from "../../../server/gateway/outstanding.js";
import type { Receipt } from "../../../server/gateway/receipt-handle.js";

describe("outstanding messages", () => {
  it("are found by their place, whatever else a receipt says", () => {
    const out = new Outstanding();
    const first = message();
    out.set(first);
    expect(out.get("orders", receipt({ attempt: 9, generation: 9, keyHash: 9, untilMs: 9 }))).to.equal(first);
  });

  it("are not found by another place", () => {
    const out = new Outstanding();
    out.set(message());
    expect(out.get("others", receipt())).to.equal(undefined);
    for (const other of [{ broker: "b" }, { queueId: 2 }, { offset: 6 }])
      expect(out.get("orders", receipt(other))).to.equal(undefined);
  });

  it("are counted by queue and by lane", () => {
    const out = new Outstanding();
    out.set(message({ offset: 1, keyHash: 1 }));
    out.set(message({ offset: 2, keyHash: 1 }));
    out.set(message({ offset: 3, keyHash: 2 }));
    out.set(message({ offset: 1, queueId: 2, keyHash: 1 }));
    expect(out.ofQueue("orders", receipt())).to.equal(3);
    expect(out.ofLane("orders", receipt(), 1)).to.equal(2);
    expect(out.ofLane("orders", receipt(), 2)).to.equal(1);
    expect(out.ofQueue("orders", receipt({ queueId: 2 }))).to.equal(1);
    expect(out.ofQueue("others", receipt())).to.equal(0);
  });

  it("take the place of what was there, and its lane's count", () => {
    const out = new Outstanding();
    out.set(message({ keyHash: 1 }));
    const second = message({ keyHash: 2, attempt: 2 });
    out.set(second);
    expect(out.all()).to.deep.equal([second]);
    expect(out.ofQueue("orders", receipt())).to.equal(1);
    expect(out.ofLane("orders", receipt(), 1)).to.equal(0);
    expect(out.ofLane("orders", receipt(), 2)).to.equal(1);
  });

  it("end once", () => {
    const out = new Outstanding();
    out.set(message({ offset: 1 }));
    out.set(message({ offset: 2 }));
    expect(out.delete("orders", receipt({ offset: 1 }))).to.equal(true);
    expect(out.delete("orders", receipt({ offset: 1 }))).to.equal(false);
    expect(out.get("orders", receipt({ offset: 1 }))).to.equal(undefined);
    expect(out.ofQueue("orders", receipt())).to.equal(1);
  });

  it("leave their own lane when the receipt that ends them names another", () => {
    const out = new Outstanding();
    out.set(message({ keyHash: 1 }));
    out.delete("orders", receipt({ keyHash: 2 }));
    expect(out.ofLane("orders", receipt(), 1)).to.equal(0);
    expect(out.ofLane("orders", receipt(), 2)).to.equal(0);
  });

  it("may be deleted while one goes through them", () => {
    const out = new Outstanding();
    for (const offset of [1, 2, 3]) out.set(message({ offset }));
    const seen: number[] = [];
    for (const { topic, receipt: place } of out.all()) {
      seen.push(place.offset);
      for (const offset of [1, 2, 3]) out.delete(topic, receipt({ offset }));
    }
    expect(seen).to.deep.equal([1, 2, 3]);
    expect(out.all()).to.deep.equal([]);
  });

  it("are remembered for a while once they are acknowledged, by attempt and generation", () => {
    const out = new Outstanding();
    out.remember("orders", receipt({ offset: 0 }));
    for (let offset = 1; offset < 4_096; offset++) out.remember("orders", receipt({ offset }));
    expect(out.remembers("orders", receipt({ offset: 0 }))).to.equal(true);
    expect(out.remembers("orders", receipt({ offset: 0, attempt: 2 }))).to.equal(false);
    expect(out.remembers("orders", receipt({ offset: 0, generation: 2 }))).to.equal(false);
    expect(out.remembers("others", receipt({ offset: 0 }))).to.equal(false);
    out.remember("orders", receipt({ offset: 4_096 }));
    expect(out.remembers("orders", receipt({ offset: 0 }))).to.equal(false);
    expect(out.remembers("orders", receipt({ offset: 1 }))).to.equal(true);
  });

  it("have queues and lanes with names of their own", () => {
    const places = [receipt(), receipt({ broker: "b" }), receipt({ queueId: 11 }), receipt({ keyHash: 11 })];
    expect(new Set(places.map((place) => laneOf("orders", place))).size).to.equal(4);
    expect(new Set(places.map((place) => queueOf("orders", place))).size).to.equal(3);
    expect(laneOf("orders", receipt())).to.not.equal(laneOf("others", receipt()));
  });
});

function receipt(more: Partial<Receipt> = {}): Receipt {
  return { broker: "a", queueId: 1, offset: 5, attempt: 1, generation: 1, keyHash: 1, untilMs: 0, ...more };
}

function message(more: Partial<Receipt> = {}): OutMessage {
  return { topic: "orders", receipt: receipt(more), sinceMs: 0, renewed: false, untilMs: 60_000 };
}
