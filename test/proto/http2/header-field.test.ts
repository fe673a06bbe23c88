import { expect } from "chai";
import { HeaderField, HeaderName } from "../../../proto/http2/header-field.js";

function flaw(name: string, value = "x"): string | undefined {
  return new HeaderField(new HeaderName(name), value).flaw;
}

describe("HeaderField", () => {
  it("has names of small letters, digits and signs only", () => {
    for (const name of ["A", "aZ", "a b", "a:b", "a:", "\0", "a\n", "\x1f", "\x7f", "a\x80", "\xff", "[A"])
      expect(flaw(name), name).to.include("name with a character");
    expect(flaw("")).to.include("without a name");
    expect(flaw("a!#$%&'*+-.^_`|~09z")).to.equal(undefined);
  });

  it("has values without NUL and line breaks, and no blanks around them", () => {
    for (const value of ["\0", "x\rx", "x\n", "\nx"])
      expect(flaw("a", value)).to.include("value with a char");
    for (const value of [" ", "\t", " x", "x ", "\tx", "x\t"])
      expect(flaw("a", value), value).to.include("blank");
    for (const value of ["", "x", "\x01 \t\x0b\x0c\x7f\xff"]) expect(flaw("a", value)).to.equal(undefined);
  });

  it("knows the pseudo headers of requests", () => {
    for (const name of [":method", ":scheme", ":authority", ":path"]) expect(flaw(name)).to.equal(undefined);
    for (const name of [":status", ":protocol", ":", ":METHOD"])
      expect(flaw(name)).to.include("unknown pseudo");
  });

  it("says nothing about the connection", () => {
    for (const name of ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"])
      expect(flaw(name)).to.include("about the connection");
    expect(flaw("te", "trailers")).to.equal(undefined);
    for (const value of ["", "gzip", "trailers, gzip"])
      expect(flaw("te", value)).to.include("te that is not");
  });

  it("counts 32 bytes beside its texts", () => {
    expect(new HeaderField(new HeaderName("abc"), "\xff1").bytes).to.equal(37);
  });
});
