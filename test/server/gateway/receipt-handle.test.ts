import { expect } from "chai";
import { type Receipt, readReceipt, writeReceipt } from "../../../server/gateway/receipt-handle.js";

const RECEIPT: Receipt = {
  broker: "broker-a",
  queueId: 3,
  offset: 123_456_789_012,
  attempt: 2,
  generation: 17,
  keyHash: 4_294_967_295,
  untilMs: 1_893_456_000_000,
};

describe("a receipt handle", () => {
  it("says what its receipt says", () => {
    expect(readReceipt(writeReceipt(RECEIPT))).to.deep.equal(RECEIPT);
  });

  it("holds numbers from the least to the largest", () => {
    for (const number of [-1, 0, 1, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]) {
      const receipt = { ...RECEIPT, queueId: number, offset: number, keyHash: number, untilMs: number };
      expect(readReceipt(writeReceipt(receipt))).to.deep.equal(receipt);
    }
  });

  it("takes a broker's name with blanks and letters of any kind", () => {
    for (const broker of ["a broker", " ", "brökér", "日本", "b  c "]) {
      const receipt = { ...RECEIPT, broker };
      expect(readReceipt(writeReceipt(receipt))).to.deep.equal(receipt);
    }
  });

  it("travels through headers and addresses as it is", () => {
    expect(writeReceipt({ ...RECEIPT, broker: "???>>>~~~" })).to.match(/^[A-Za-z0-9_-]+$/);
  });

  it("differs with each thing that it says", () => {
    const handles = new Set([writeReceipt(RECEIPT), writeReceipt({ ...RECEIPT, broker: "broker-b" })]);
    for (const name of ["queueId", "offset", "attempt", "generation", "keyHash", "untilMs"] as const)
      handles.add(writeReceipt({ ...RECEIPT, [name]: RECEIPT[name] - 1 }));
    expect(handles.size).to.equal(8);
  });

  it("is none of ours when a number is not whole", () => {
    expect(readReceipt(writeReceipt({ ...RECEIPT, untilMs: 1.5 }))).to.equal(undefined);
    expect(readReceipt(writeReceipt({ ...RECEIPT, offset: Number.NaN }))).to.equal(undefined);
    expect(readReceipt(writeReceipt({ ...RECEIPT, offset: 2 ** 53 }))).to.equal(undefined);
  });

  it("is none of ours when it names no broker", () => {
    expect(readReceipt(writeReceipt({ ...RECEIPT, broker: "" }))).to.equal(undefined);
  });

  it("is none of ours wherever it was cut", () => {
    const handle = writeReceipt(RECEIPT);
    for (let length = 0; length < handle.length; length++) {
      expect(readReceipt(handle.slice(0, length)), `first ${length}`).to.equal(undefined);
      expect(readReceipt(handle.slice(length + 1)), `after ${length}`).to.equal(undefined);
    }
  });

  it("is none of ours when any one character is another", () => {
    const handle = writeReceipt(RECEIPT);
    for (let at = 0; at < handle.length; at++)
      for (const other of ["A", "B", "z", "9", "-", "_", "+", "=", "!", " "]) {
        if (handle[at] === other) continue;
        const changed = handle.slice(0, at) + other + handle.slice(at + 1);
        expect(readReceipt(changed), changed).to.equal(undefined);
      }
  });

  it("is none of ours when something was added", () => {
    for (const more of ["A", "=", " ", "\n"]) {
      expect(readReceipt(writeReceipt(RECEIPT) + more)).to.equal(undefined);
      expect(readReceipt(more + writeReceipt(RECEIPT))).to.equal(undefined);
    }
  });

  it("is none of ours when it is empty or of another make", () => {
    const texts = ["", " ", "x", "0 0 0 0 0 0 broker-a", "1 0 0 0 0 0 0 broker-a", "1       broker-a"];
    for (const text of texts) {
      expect(readReceipt(text)).to.equal(undefined);
      expect(readReceipt(Buffer.from(text).toString("base64url"))).to.equal(undefined);
    }
  });
});
