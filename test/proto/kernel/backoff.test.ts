import { expect } from "chai";
import { backoffMs, RetryBudget } from "../../../proto/kernel/backoff.js";

describe("backoffMs", () => {
  const options = { baseMs: 10, maxMs: 1000 };

  it("spreads each wait between nothing and a bound that doubles up to the largest", () => {
    const bounds = [1, 2, 3, 7, 8, 50].map((attempt) => backoffMs(attempt, options, () => 1));
    expect(bounds).to.deep.equal([10, 20, 40, 640, 1000, 1000]);
    expect(backoffMs(5, options, () => 0)).to.equal(0);
    expect(backoffMs(3, options, () => 0.5)).to.equal(20);
  });

  it("stays within the largest wait after any number of failures", () => {
    expect(backoffMs(100_000, options, () => 1)).to.equal(1000);
  });

  it("grows by another factor where that is asked for", () => {
    expect(backoffMs(3, { ...options, factor: 3 }, () => 1)).to.equal(90);
  });
});

describe("RetryBudget", () => {
  it("lets a tenth of the traffic be repeated, once what was saved is spent", () => {
    const budget = new RetryBudget(0.1, 5);
    for (let i = 0; i < 5; i++) expect(budget.take()).to.equal(true);
    expect(budget.take()).to.equal(false);
    budget.earn(95);
    expect(budget.take(6)).to.equal(false);
    expect(budget.take(5)).to.equal(true);
    budget.earn(9);
    expect(budget.take()).to.equal(false);
    budget.earn(2);
    expect(budget.take()).to.equal(true);
  });

  it("saves no more than its bound", () => {
    const budget = new RetryBudget(0.1, 5);
    budget.earn(1_000_000);
    expect(budget.take(6)).to.equal(false);
    expect(budget.take(5)).to.equal(true);
  });
});
