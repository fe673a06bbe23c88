import { expect } from "chai";
import { durationMs, durationOf, timestampMs, timestampOf } from "../../../server/gateway/time.js";

describe("times of RocketMQ", () => {
  it("are seconds and billionths of them", () => {
    expect(durationOf(0)).to.deep.equal({ seconds: 0, nanos: 0 });
    expect(durationOf(999)).to.deep.equal({ seconds: 0, nanos: 999_000_000 });
    expect(durationOf(1_000)).to.deep.equal({ seconds: 1, nanos: 0 });
    expect(durationOf(1_001)).to.deep.equal({ seconds: 1, nanos: 1_000_000 });
    expect(durationOf(2.5)).to.deep.equal({ seconds: 0, nanos: 2_500_000 });
    expect(timestampOf(1_893_456_000_123)).to.deep.equal({ seconds: 1_893_456_000, nanos: 123_000_000 });
  });

  it("are read in whole milliseconds, what is less of one dropped", () => {
    for (const read of [durationMs, timestampMs]) {
      expect(read({ seconds: 1, nanos: 999_999 })).to.equal(1_000);
      expect(read({ seconds: 1, nanos: 1_000_000 })).to.equal(1_001);
      expect(read({ seconds: 1, nanos: 1_999_999 })).to.equal(1_001);
      expect(read({ seconds: 0, nanos: 999_999_999 })).to.equal(999);
    }
  });

  it("are as far away as a number can say", () => {
    for (const read of [durationMs, timestampMs])
      for (const seconds of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
        expect(read({ seconds, nanos: 0 })).to.equal(seconds);
  });

  it("are 0 when they are not there", () => {
    for (const read of [durationMs, timestampMs])
      for (const none of [null, undefined]) expect(read(none)).to.equal(0);
  });

  it("come back as they went", () => {
    for (const ms of [0, 1, 999, 1_000, 1_001, 43_200_000, 1_893_456_000_123, 253_402_300_799_999]) {
      const { seconds, nanos } = durationOf(ms) as { seconds: number; nanos: number };
      expect(durationMs({ seconds, nanos })).to.equal(ms);
      expect(timestampMs({ seconds, nanos })).to.equal(ms);
    }
  });
});
