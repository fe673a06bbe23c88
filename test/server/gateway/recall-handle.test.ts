import { expect } from "chai";
import { readRecallHandle, recallHandle } from "../../../server/gateway/recall-handle.js";

const ID = "broker-a-0000000000000003-000000000000002a";
const MESSAGE_ID = "01A1B2C3D4E5F6071803B1C2D300000001";

describe("a recall handle", () => {
  it("says both ids", () => {
    expect(readRecallHandle(recallHandle(ID, MESSAGE_ID))).to.deep.equal({ id: ID, messageId: MESSAGE_ID });
  });

  it("takes any id of the producer's as it is", () => {
    for (const messageId of ["", "x", "with blank", "日本", "two\nlines", "\n"])
      expect(readRecallHandle(recallHandle(ID, messageId))).to.deep.equal({ id: ID, messageId });
  });

  it("travels through headers and addresses as it is", () => {
    expect(recallHandle("???>>>", "~~~???")).to.match(/^[A-Za-z0-9_-]+$/);
  });

  it("differs with each id", () => {
    const handles = [recallHandle("ab", "c"), recallHandle("a", "bc"), recallHandle("ab", "d")];
    expect(new Set(handles).size).to.equal(3);
  });

  it("is none wherever it was cut", () => {
    const handle = recallHandle(ID, MESSAGE_ID);
    for (let length = 0; length < handle.length; length++) {
      expect(readRecallHandle(handle.slice(0, length)), `first ${length}`).to.equal(undefined);
      expect(readRecallHandle(handle.slice(length + 1)), `after ${length}`).to.equal(undefined);
    }
  });

  it("is none when any one character is another", () => {
    const handle = recallHandle(ID, MESSAGE_ID);
    for (let at = 0; at < handle.length; at++)
      for (const other of ["A", "B", "z", "9", "-", "_", "+", "=", "!", " "]) {
        if (handle[at] === other) continue;
        const changed = handle.slice(0, at) + other + handle.slice(at + 1);
        expect(readRecallHandle(changed), changed).to.equal(undefined);
      }
  });

  it("is none when it is empty or of another make", () => {
    for (const text of ["", " ", "x", ID, `${ID}\n${MESSAGE_ID}`, `${ID}\n${MESSAGE_ID}\n0`, "\n", "\n\n"]) {
      expect(readRecallHandle(text)).to.equal(undefined);
      expect(readRecallHandle(Buffer.from(text).toString("base64url"))).to.equal(undefined);
    }
  });
});
