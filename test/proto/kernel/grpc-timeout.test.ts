import { expect } from "chai";
import { parseTimeout } from "../../../proto/kernel/grpc-timeout.js";

describe("timeouts of gRPC", () => {
  it("are read in each unit", () => {
    expect(parseTimeout("2H")).to.equal(7_200_000);
    expect(parseTimeout("3M")).to.equal(180_000);
    expect(parseTimeout("5S")).to.equal(5_000);
    expect(parseTimeout("20m")).to.equal(20);
    expect(parseTimeout("1500u")).to.be.closeTo(1.5, 1e-9);
    expect(parseTimeout("2500000n")).to.be.closeTo(2.5, 1e-9);
    expect(parseTimeout("0S")).to.equal(0);
  });

  it("may be those of a stream for ever", () => {
    expect(parseTimeout("31535999M")).to.equal(31_535_999 * 60_000);
    expect(parseTimeout("87600H")).to.equal(87_600 * 3_600_000);
  });

  it("have one to nine digits", () => {
    expect(parseTimeout("S")).to.equal(undefined);
    expect(parseTimeout("12345678m")).to.equal(12_345_678);
    expect(parseTimeout("123456789m")).to.equal(123_456_789);
    expect(parseTimeout("1234567890m")).to.equal(undefined);
  });

  it("are none when anything is wrong with them", () => {
    for (const text of ["", "5", "5s", "5h", "-5S", "+5S", "5.5S", " 5S", "5S ", "5SS", "S5", "0x5S", "5S\n"])
      expect(parseTimeout(text), JSON.stringify(text)).to.equal(undefined);
  });
});
