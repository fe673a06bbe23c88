import { expect } from "chai";
import fc from "fast-check";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import {
  counted,
  formatBytes,
  formatDuration,
  parseBytes,
  parseDuration,
  roughDuration,
} from "../../../proto/kernel/quantity.js";

describe("sizes and durations", () => {
  const sizes: [string, number][] = [
    ["0", 0],
    ["65536", 65_536],
    ["64KiB", 65_536],
    ["64 kib", 65_536],
    ["1.5GiB", 1_610_612_736],
    ["12B", 12],
  ];
  for (const [text, bytes] of sizes) {
    it(`reads the size ${text}`, () => expect(parseBytes(text)).to.equal(bytes));
  }

  it("tells people about how long it is, and how many there are", () => {
    const rough = [0, 1, 999, 1_000, 90_000, 97_487_976_379].map(roughDuration);
    expect(rough).to.deep.equal(["0ms", "1ms", "999ms", "1s", "1.5m", "1128.4d"]);
    expect([0, 1, 2].map((count) => counted(count, "member"))).to.deep.equal([
      "0 members",
      "1 member",
      "2 members",
    ]);
  });

  const durations: [string, number][] = [
    ["250", 250],
    ["250ms", 250],
    ["3s", 3_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["1.5d", 129_600_000],
  ];
  for (const [text, ms] of durations) {
    it(`reads the duration ${text}`, () => expect(parseDuration(text)).to.equal(ms));
  }

  for (const text of ["", "x", "1 MB", "-1", "1e3", "0.3", "9007199254740993", "1KiB2", "__proto__"]) {
    it(`refuses the size ${JSON.stringify(text)}`, () => {
      expect(() => parseBytes(text))
        .to.throw("is not a size")
        .that.satisfies((thrown: unknown) => LogwheelError.is(thrown, "BAD_REQUEST"));
    });
  }

  it("writes what it reads back, for every value", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(parseBytes(formatBytes(value))).to.equal(value);
        expect(parseDuration(formatDuration(value))).to.equal(value);
      }),
    );
  });

  it("writes the largest unit that is exact", () => {
    expect([formatBytes(268_435_456), formatBytes(1_025), formatBytes(0)]).to.deep.equal([
      "256MiB",
      "1025B",
      "0B",
    ]);
    expect([formatDuration(259_200_000), formatDuration(1_500)]).to.deep.equal(["3d", "1500ms"]);
  });
});
