import { expect } from "chai";
import fc from "fast-check";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { fnv1aOf } from "../../../proto/kernel/hash.js";
import { encodedMessageSize, writeMessage } from "../../../proto/kernel/message-codec.js";
import { CONTENT_TAG, RECORD_HEAD_BYTES, writeRecordHead } from "../../../proto/kernel/record.js";
import { FILTER_BYTES_MAX } from "../../../server/broker/filter-text.js";
import { TagFilter } from "../../../server/broker/tag-filter.js";

/** A stored record whose message has the tag, with bytes before and behind it. */
function record(tag: string): [bytes: Buffer, start: number, end: number] {
  const message = { body: Buffer.from("body"), tag, keys: ["k"], properties: { tag: "other" } };
  const size = encodedMessageSize(message);
  const bytes = Buffer.alloc(5 + RECORD_HEAD_BYTES + size + 5, 0xff);
  const head = {
    epoch: 1,
    logOffset: 0,
    kind: 1,
    topic: 1,
    queueId: 0,
    queueOffset: 0,
    storedAtMs: 0,
    tagHash: fnv1aOf(tag),
    keyHash: 0,
    producerId: 0,
    sequence: 0,
  };
  const end = writeMessage(message, bytes, writeRecordHead(bytes, 5, head, CONTENT_TAG.MESSAGE, size));
  return [bytes, 5, end];
}

const wants = (expression: string, tag: string): boolean => TagFilter.parse(expression).wants(...record(tag));

const tag = fc
  .string({ minLength: 1, maxLength: 12 })
  .map((text) => text.trim())
  .filter(
    (text) =>
      text !== "" && text !== "*" && !text.includes("||") && !text.startsWith("|") && !text.endsWith("|"),
  );

describe("TagFilter", () => {
  it("wants every message without tags or with a star", () => {
    for (const all of ["", " ", "*", " * "]) {
      expect(TagFilter.parse(all)).to.include({ expression: "*", hashes: undefined });
      expect(wants(all, "") && wants(all, "a")).to.equal(true);
    }
  });

  it("wants messages with one of its tags and no others (A1-05)", () => {
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1, maxLength: 5 }), tag, (tags, other) => {
        const filter = TagFilter.parse(tags.join(" || "));
        for (const one of tags) expect(filter.wants(...record(one))).to.equal(true);
        expect(filter.wants(...record(other))).to.equal(tags.includes(other));
        expect(filter.wants(...record(""))).to.equal(false);
        expect([...filter.hashes!].sort()).to.deep.equal([...new Set(tags.map(fnv1aOf))].sort());
      }),
    );
  });

  it("looks at the tag itself when the hashes of two tags are equal", () => {
    const seen = new Map<number, string>();
    let pair: [string, string] | undefined;
    for (let i = 0; pair === undefined; i++) {
      const twin = seen.get(fnv1aOf(`t${i}`));
      if (twin !== undefined) pair = [twin, `t${i}`];
      seen.set(fnv1aOf(`t${i}`), `t${i}`);
    }
    expect(fnv1aOf(pair[0])).to.equal(fnv1aOf(pair[1]));
    expect(wants(pair[0], pair[0])).to.equal(true);
    expect(wants(pair[0], pair[1])).to.equal(false);
  });

  it("is the same text for expressions that want the same", () => {
    expect(TagFilter.parse("b||a || b").expression).to.equal("a || b");
    expect(TagFilter.parse(" a || b ").expression).to.equal("a || b");
  });

  it("says what is wrong with an expression", () => {
    for (const [expression, why] of [
      ["a ||", "missing"],
      ["|| a", "missing"],
      ["a || || b", "missing"],
      ["a || *", '"*" stands for all'],
      ["a\u0007", "control character"],
      ["ü".repeat(FILTER_BYTES_MAX / 2 + 1), "longer than 1024 bytes"],
    ] as const)
      expect(() => TagFilter.parse(expression))
        .to.throw(LogwheelError, why)
        .with.property("code", "FILTER_INVALID");
  });
});
