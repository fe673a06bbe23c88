import { expect } from "chai";
import { CallEnd } from "../../../proto/kernel/call-end.js";
import { CALL_OVER } from "../../../proto/kernel/call-errors.js";

describe("CallEnd", () => {
  it("aborts the signal that was asked for before it", () => {
    const end = new CallEnd();
    const { signal } = end;
    expect(signal.aborted).to.equal(false);
    end.come();
    expect(signal.reason).to.equal(CALL_OVER);
    expect(end.signal).to.equal(signal);
  });

  it("gives an aborted signal to who asks too late", () => {
    const end = new CallEnd();
    end.come();
    expect(end.signal.reason).to.equal(CALL_OVER);
  });
});
