import { expect } from "chai";
import fc from "fast-check";
import type { PublishReply, PublishReply__Output } from "../../../proto/gen/logwheel/v1/PublishReply.js";
import { ERRORS, type ErrorCode, LogwheelError } from "../../../proto/kernel/errors.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import {
  decodePublishReply,
  encodePublishReply,
  type PublishResult,
} from "../../../proto/kernel/publish-reply.js";
import { text, uint32, uint64 } from "../../support/message-arbitraries.js";

const library = protoCodec<PublishReply, PublishReply__Output>("logwheel.v1.PublishReply");

const refusal = fc.record({
  index: uint32,
  error: fc
    .record({
      code: fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[])),
      message: text,
      sent: fc.constantFrom("no" as const, "yes" as const, "maybe" as const),
      retryAfterMs: fc.option(fc.integer({ min: 1, max: 60_000 }), { nil: undefined }),
    })
    .map(
      ({ code, message, sent, retryAfterMs }) =>
        new LogwheelError(code, message, { sent, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }),
    ),
});

const result: fc.Arbitrary<PublishResult> = fc
  .record({
    frame: uint64,
    epoch: uint32,
    flushed: fc.boolean(),
    entries: fc.array(fc.tuple(uint64, uint64, uint32)),
    refusals: fc.array(refusal, { maxLength: 3 }),
    oldEpochs: fc.array(fc.record({ index: uint32, epoch: uint32 }), { maxLength: 3 }),
    deferred: fc.array(uint32, { maxLength: 3 }),
  })
  .map(({ entries, ...rest }) => ({
    ...rest,
    logOffsets: entries.map(([logOffset]) => logOffset),
    queueOffsets: entries.map(([, queueOffset]) => queueOffset),
    queueIds: entries.map(([, , queueId]) => queueId),
  }));

const SENT = ["no", "yes", "maybe"];

describe("publish reply", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(result, (sent) => {
        const { refusals, ...read } = decodePublishReply(encodePublishReply(sent));
        const { refusals: refused, ...rest } = sent;
        expect({ ...read }).to.deep.equal(rest);
        expect(refusals.map(({ index, error }) => ({ index, ...error.toJSON() }))).to.deep.equal(
          refused.map(({ index, error }) => ({ index, ...error.toJSON() })),
        );
      }),
    );
  });

  it("is what the library reads and writes", () => {
    fc.assert(
      fc.property(result, (sent) => {
        const { refusals, oldEpochs, ...theirs } = library.decode(encodePublishReply(sent));
        const { refusals: refused, oldEpochs: old, ...rest } = sent;
        expect(theirs).to.deep.equal(rest);
        expect(oldEpochs).to.deep.equal(old);
        expect(
          refusals.map(({ index, failure }) => [
            index,
            failure?.code,
            failure?.message,
            SENT[failure?.sent ?? 9],
          ]),
        ).to.deep.equal(refused.map(({ index, error }) => [index, error.code, error.message, error.sent]));
        const again = decodePublishReply(library.encode({ ...theirs, refusals, oldEpochs } as PublishReply));
        expect(again.logOffsets).to.deep.equal(sent.logOffsets);
        expect(again.oldEpochs).to.deep.equal(sent.oldEpochs);
        expect(again.refusals.map(({ error }) => error.message)).to.deep.equal(
          refused.map(({ error }) => error.message),
        );
      }),
    );
  });

  it("reads lists whose numbers come one by one", () => {
    const { logOffsets, queueOffsets, queueIds } = decodePublishReply(
      Buffer.from("20052006280130002801" + "3003", "hex"),
    );
    expect({ logOffsets, queueOffsets, queueIds }).to.deep.equal({
      logOffsets: [5, 6],
      queueOffsets: [1, 1],
      queueIds: [0, 3],
    });
  });

  it("is refused when its lists differ in length or a list is cut off", () => {
    for (const hex of ["2005", "200528053005" + "3006", "220180", "2202ffff", "3a00"])
      expect(() => decodePublishReply(Buffer.from(hex, "hex")), hex)
        .to.throw(LogwheelError)
        .with.property("code", "BAD_REQUEST");
  });

  it("names the code of a newer server inside of INTERNAL", () => {
    const bytes = library.encode({
      refusals: [{ index: 0, failure: { code: "FUTURE", message: "some day", sent: 2 } }],
    });
    const [refused] = decodePublishReply(bytes).refusals;
    expect(refused?.error.code).to.equal("INTERNAL");
    expect(refused?.error.message).to.equal("FUTURE: some day");
    expect(refused?.error.sent).to.equal("maybe");
  });
});
