import type { IncomingHttpHeaders } from "node:http2";
import { expect } from "chai";
import { keepTimeout, parseTimeout, TIMEOUT_HEADER } from "../../../proto/kernel/grpc-timeout.js";

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

describe("the timeout that handlers see", () => {
  it("is in whole milliseconds, beside what the library counts", () => {
    expect(kept({ "grpc-timeout": "5S" })).to.deep.equal({ "grpc-timeout": "5S", [TIMEOUT_HEADER]: "5000" });
    expect(kept({ "grpc-timeout": "1999u" })).to.deep.include({ [TIMEOUT_HEADER]: "1" });
    expect(kept({ "grpc-timeout": "999n" })).to.deep.include({ [TIMEOUT_HEADER]: "0" });
  });

  it("is kept from the library when that cannot count it", () => {
    expect(kept({ "grpc-timeout": "2147483S" })).to.have.property("grpc-timeout");
    expect(kept({ "grpc-timeout": "2147484S" })).to.deep.equal({ [TIMEOUT_HEADER]: "2147484000" });
    for (const [least, more] of [
      ["35791M", "35792M"],
      ["596H", "597H"],
    ] as const) {
      expect(kept({ "grpc-timeout": least })).to.have.all.keys("grpc-timeout", TIMEOUT_HEADER);
      expect(kept({ "grpc-timeout": more })).to.have.all.keys(TIMEOUT_HEADER);
    }
  });

  it("is kept from the library when it is that of a stream for ever", () => {
    for (const [text, ms] of [
      ["31535999M", 31_535_999 * 60_000],
      ["31535999S", 31_535_999_000],
      ["8760H", 8_760 * 3_600_000],
      ["87600H", 87_600 * 3_600_000],
    ] as const)
      expect(kept({ "grpc-timeout": text }), text).to.deep.equal({ [TIMEOUT_HEADER]: String(ms) });
  });

  it("is not there when the caller gave none", () => {
    expect(kept({})).to.deep.equal({});
    expect(kept({ "grpc-timeout": "soon" })).to.deep.equal({ "grpc-timeout": "soon" });
  });

  it("is never what the caller wrote under its name", () => {
    expect(kept({ [TIMEOUT_HEADER]: "7" })).to.deep.equal({});
    expect(kept({ [TIMEOUT_HEADER]: "7", "grpc-timeout": "1S" })).to.deep.include({
      [TIMEOUT_HEADER]: "1000",
    });
  });

  it("leaves other headers alone", () => {
    expect(kept({ "x-mq-client-id": "me", "grpc-timeout": "8760H" })).to.deep.include({
      "x-mq-client-id": "me",
    });
  });
});

function kept(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  keepTimeout(headers);
  return headers;
}
