import { expect } from "chai";
import { errorLine, exitCodeOf } from "../../../client/cli/exit-code.js";
import { type ErrorCode, LogwheelError } from "../../../proto/kernel/errors.js";

describe("exit codes", () => {
  const codes: [ErrorCode, number][] = [
    ["BAD_REQUEST", 2],
    ["TOPIC_NOT_FOUND", 3],
    ["GROUP_NOT_FOUND", 3],
    ["FORBIDDEN", 4],
    ["UNAUTHENTICATED", 4],
    ["BROKER_UNAVAILABLE", 5],
    ["TIMEOUT", 5],
    ["DISK_FULL", 5],
    ["TOPIC_EXISTS", 6],
    ["CONFLICT", 6],
    ["ABORTED", 130],
    ["INTERNAL", 1],
    ["LOG_CORRUPT", 1],
  ];
  for (const [code, exit] of codes) {
    it(`${code} ends with ${exit}`, () => expect(exitCodeOf(new LogwheelError(code, "x"))).to.equal(exit));
  }

  it("an error after which some brokers have done it is partial", () => {
    expect(exitCodeOf(new LogwheelError("BROKER_UNAVAILABLE", "x", { sent: "yes" }))).to.equal(7);
  });

  it("anything else is a failure", () => {
    expect(exitCodeOf(new Error("x"))).to.equal(1);
    expect(exitCodeOf("x")).to.equal(1);
  });

  it("an error is one line with its code, without a stack", () => {
    const error = new LogwheelError("TOPIC_NOT_FOUND", "no broker has t;\n   make it with topic create");
    expect(errorLine(error)).to.equal(
      "logwheel: no broker has t; make it with topic create [TOPIC_NOT_FOUND]",
    );
    expect(errorLine(new Error("\u001b[31m\u009bred\u202e"))).to.equal("logwheel: \ufffd[31m\ufffdred\ufffd");
    expect(errorLine(new TypeError("x is not a function"))).to.equal("logwheel: x is not a function");
  });
});
