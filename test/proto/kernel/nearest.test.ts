import { expect } from "chai";
import { nearest } from "../../../proto/kernel/nearest.js";

describe("nearest word", () => {
  it("finds what a misspelt word was meant to be, and nothing for a strange one", () => {
    expect(nearest("retentionMs", ["retentionBytes", "retentionMs"])).to.equal("retentionMs");
    expect(nearest("RETENTION_MS", ["retention_ms"])).to.equal("retention_ms");
    expect(nearest("lsiten", ["listen", "data"])).to.equal("listen");
    expect(nearest("colour", ["listen", "data"])).to.equal(null);
  });
});
