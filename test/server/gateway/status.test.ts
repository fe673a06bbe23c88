import { expect } from "chai";
import { Code } from "../../../proto/gen/apache/rocketmq/v2/Code.js";
import { ERRORS, type ErrorCode, LogwheelError } from "../../../proto/kernel/errors.js";
import { OK, refusal, statusOf } from "../../../server/gateway/status.js";

/** What is not a failure of the server. */
const TOLD: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: 40000,
  FILTER_INVALID: 40010,
  MESSAGE_TOO_LARGE: 41301,
  DELAY_LEVEL_UNKNOWN: 40012,
  DELAY_TOO_LONG: 40012,
  MESSAGE_TYPE_MISMATCH: 40014,
  TOPIC_NOT_FOUND: 40402,
  TRANSACTION_NOT_FOUND: 40008,
  TRANSACTION_CONFLICT: 40008,
  GROUP_NOT_FOUND: 40403,
  MESSAGE_NOT_FOUND: 40401,
  FORBIDDEN: 40300,
  UNAUTHENTICATED: 40100,
  NOT_ASSIGNED: 40013,
  LEASE_EXPIRED: 40013,
  OFFSET_OUT_OF_RANGE: 40019,
  THROTTLED: 42900,
  DISK_FULL: 42900,
  BROKER_STOPPING: 42900,
  TIMEOUT: 50400,
};

describe("status codes of RocketMQ", () => {
  it("are those of its schema", () => {
    const known: readonly number[] = Object.values(Code);
    for (const [name, code] of Object.entries(TOLD)) expect(known, name).to.include(code);
  });

  it("stand for each error of logwheel, and for a failure of the server where no other does", () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[])
      expect(statusOf(new LogwheelError(code, "why")).code, code).to.equal(TOLD[code] ?? 50001);
  });

  it("come with the words of the error", () => {
    expect(statusOf(new LogwheelError("FORBIDDEN", "not you"))).to.deep.equal({
      code: 40300,
      message: "not you",
    });
  });

  it("come with the words of a refusal", () => {
    expect(refusal(Code.ILLEGAL_OFFSET, "too far")).to.deep.equal({ code: 40019, message: "too far" });
  });

  it("are never 0 when all is well", () => {
    expect(OK).to.deep.equal({ code: 20000, message: "OK" });
  });
});
