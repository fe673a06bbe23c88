import { expect } from "chai";
import fc from "fast-check";
import { Credit } from "../../../client/sdk/credit.js";

describe("credit", () => {
  it("grants everything at first, then again once half of it is free", () => {
    const credit = new Credit({ messages: 10, bytes: 1_000 });
    expect(credit.grant()).to.deep.equal({ messages: 10, bytes: 1_000 });
    credit.arrived(10, 500);
    expect(credit.grant()).to.equal(null);
    expect(credit.exhausted).to.equal(true);
    credit.settled(4, 200);
    expect(credit.grant()).to.equal(null);
    credit.settled(1, 50);
    expect(credit.grant()).to.deep.equal({ messages: 5, bytes: 250 });
  });

  it("bytes count like messages", () => {
    const credit = new Credit({ messages: 100, bytes: 1_000 });
    credit.grant();
    credit.arrived(2, 1_000);
    expect(credit.exhausted).to.equal(true);
    credit.settled(1, 600);
    expect(credit.grant()).to.deep.equal({ messages: 99 - 98, bytes: 600 });
  });

  it("a message larger than all of it still comes, and is paid back", () => {
    const credit = new Credit({ messages: 10, bytes: 100 });
    credit.grant();
    credit.arrived(1, 5_000);
    credit.settled(1, 5_000);
    expect(credit.grant(), "the broker counts below zero meanwhile").to.deep.equal({
      messages: 1,
      bytes: 5_000,
    });
  });

  it("a new stream begins with what is not held", () => {
    const credit = new Credit({ messages: 10, bytes: 1_000 });
    credit.grant();
    credit.arrived(3, 300);
    expect(credit.begin()).to.deep.equal({ messages: 7, bytes: 700 });
    expect(credit.grant()).to.deep.equal({ messages: 7, bytes: 700 });
  });

  it("a new stream begins with a byte where messages have taken more than there were", () => {
    const credit = new Credit({ messages: 0, bytes: 0 });
    credit.add({ messages: 2, bytes: 100 });
    credit.arrived(1, 120);
    expect(credit.starved).to.equal(true);
    expect(credit.begin()).to.deep.equal({ messages: 1, bytes: 1 });
  });

  it("never lets more be under way than the limit, and never stands still", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(20)), (limit, steps) => {
        const credit = new Credit({ messages: limit, bytes: 1 << 20 });
        let outstanding = credit.grant()?.messages ?? 0;
        let held = 0;
        for (const [i, step] of steps.entries()) {
          const count = Math.min(step, i % 2 === 0 ? outstanding : held);
          if (i % 2 === 0) {
            credit.arrived(count, count);
            outstanding -= count;
            held += count;
          } else {
            credit.settled(count, count);
            held -= count;
          }
          outstanding += credit.grant()?.messages ?? 0;
          expect(outstanding + held).to.be.at.most(limit);
          if (held === 0) expect(outstanding).to.be.above(0);
        }
      }),
    );
  });
});
