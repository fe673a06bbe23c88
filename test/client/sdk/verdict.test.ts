import { expect } from "chai";
import { Reject, RetryLater } from "../../../client/sdk/handler-errors.js";
import { checkRetryRules, verdictOf } from "../../../client/sdk/verdict.js";

class PaymentError extends Error {
  readonly code = "DECLINED";
}

const rules = {
  delaysMs: [10, 200],
  byError: {
    TypeError: "dead-letter",
    PaymentError: { delaysMs: [5_000] },
    TIMEOUT: { delaysMs: [] },
  },
} as const;

const decision = (thrown: unknown, attempt = 1) => {
  const { delayMs, reject } = verdictOf(thrown, attempt, rules);
  return reject ? "dead" : delayMs;
};

describe("verdict on what a handler threw", () => {
  it("waits by the attempt, the last wait again and again; without rules as the group says", () => {
    expect([1, 2, 3, 99].map((attempt) => decision(new Error("x"), attempt))).to.deep.equal([
      10, 200, 200, 200,
    ]);
    expect(verdictOf(new Error("x"), 1, {})).to.not.have.property("delayMs");
  });

  it("goes by the error's name, class or code where there is a rule for it (A4-14)", () => {
    expect(decision(new TypeError("x"))).to.equal("dead");
    expect(decision(new PaymentError("x"), 9)).to.equal(5_000);
    expect(decision(Object.assign(new Error("x"), { code: "TIMEOUT" }))).to.equal(undefined);
    expect(decision(Object.assign(new Error("x"), { code: "toString" }))).to.equal(10);
    expect(decision("a text")).to.equal(10);
  });

  it("does what RetryLater and Reject say, and tells their cause", () => {
    expect(decision(new RetryLater(1_234.4))).to.equal(1_234);
    expect(decision(new Reject("never"))).to.equal("dead");
    expect(verdictOf(new Reject("never"), 1, rules)).to.include({
      errorName: "Reject",
      errorMessage: "never",
    });
    const cause = new PaymentError("no money");
    for (const thrown of [new RetryLater(1, { cause }), new Reject("never", { cause })])
      expect(verdictOf(thrown, 1, rules)).to.include({ errorName: "Error", errorMessage: "no money" });
  });

  it("tells the error within bounds, also of values that are none", () => {
    const { errorMessage, stack } = verdictOf(new Error("m".repeat(5_000)), 1, rules);
    expect([errorMessage!.length, stack!.length]).to.deep.equal([1_024, 4_096]);
    expect(verdictOf(null, 1, rules)).to.include({ errorMessage: "null" });
    expect(verdictOf(undefined, 1, {})).to.deep.equal({});
  });

  it("refuses waits that make no sense", () => {
    for (const bad of [{ delaysMs: [-1] }, { byError: { E: { delaysMs: [Number.NaN] } } }])
      expect(() => checkRetryRules(bad))
        .to.throw()
        .with.property("code", "BAD_REQUEST");
  });
});
