import { inspect } from "node:util";
import { expect } from "chai";
import { Reject, RetryLater } from "../../../client/sdk/handler-errors.js";
import { checkRetryRules, verdictOf } from "../../../client/sdk/verdict.js";

const NO_DELAYS = [-1, Number.NaN, Number.POSITIVE_INFINITY, "5s", "5", undefined, null];

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
    expect(decision(new RetryLater(1_234.4))).to.equal(1_235);
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
    const rules = NO_DELAYS.flatMap((bad) => [{ delaysMs: [bad] }, { byError: { E: { delaysMs: [bad] } } }]);
    for (const bad of [...rules, { delaysMs: 5 }, { byError: { E: {} } }, { byError: { E: "drop" } }])
      expect(() => checkRetryRules(bad as never), inspect(bad))
        .to.throw()
        .with.property("code", "BAD_REQUEST");
    for (const bad of NO_DELAYS)
      expect(() => new RetryLater(bad as number), inspect(bad))
        .to.throw()
        .with.property("code", "BAD_REQUEST");
  });

  it("never asks for a wait that a broker would take for a shorter one", () => {
    for (const given of [0, 0.5, 1, 4_294_967_296 + 500, 1e15, Number.MAX_VALUE])
      for (const { delayMs } of [
        verdictOf(new RetryLater(given), 1, {}),
        verdictOf(new Error("x"), 1, { delaysMs: [given] }),
      ])
        expect(delayMs).to.equal(Math.min(Math.ceil(given), 7 * 86_400_000));
  });

  it("leaves the wait to the group where a RetryLater of somebody's own says none", () => {
    class Later extends RetryLater {
      override readonly delayMs: number;
      constructor(delayMs: unknown) {
        super(0);
        this.delayMs = delayMs as number;
      }
    }
    for (const bad of NO_DELAYS)
      expect(verdictOf(new Later(bad), 1, {}), inspect(bad)).to.not.have.property("delayMs");
  });
});
