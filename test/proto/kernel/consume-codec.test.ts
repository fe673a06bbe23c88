import { expect } from "chai";
import fc from "fast-check";
import type { ConsumeReply, ConsumeReply__Output } from "../../../proto/gen/logwheel/v1/ConsumeReply.js";
import type { PullReply, PullReply__Output } from "../../../proto/gen/logwheel/v1/PullReply.js";
import {
  BatchBuilder,
  decodeConsumeReply,
  decodePullReply,
  encodeConsumeReply,
  PullBuilder,
  type RecordList,
} from "../../../proto/kernel/consume-codec.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { message, recordHead, text, uint32, uint64 } from "../../support/message-arbitraries.js";
import { storedRecord } from "../../support/stored-record.js";

const library = protoCodec<ConsumeReply, ConsumeReply__Output>("logwheel.v1.ConsumeReply");
const pullLibrary = protoCodec<PullReply, PullReply__Output>("logwheel.v1.PullReply");

const record = fc.tuple(recordHead, message).map(([head, input]) => storedRecord(head, input));
const lastError = fc.option(fc.record({ name: text, message: text }), { nil: undefined });
const attempt = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20 }));
const delivered = fc
  .record({ record, attempt, lastError })
  .map((one) => ({ ...one, lastError: one.attempt > 1 ? one.lastError : undefined }));

/** As stored, with what only the delivery knows. */
function seen(records: RecordList): object[] {
  return [...records].map(({ bytes, start, end, attempt, lastError }) => ({
    hex: bytes.toString("hex", start, end),
    attempt,
    lastError,
  }));
}

describe("consume codec", () => {
  it("builds batches that the library and the client read alike, in a buffer that is used again", () => {
    const builder = new BatchBuilder(16);
    fc.assert(
      fc.property(
        fc.record({ topic: text, queueId: uint32, generation: uint64, nextOffset: uint64, failures: uint64 }),
        fc.array(delivered, { maxLength: 5 }),
        (batch, records) => {
          builder.begin(batch.topic, batch.queueId, batch.generation, batch.failures);
          for (const { record: bytes, attempt, lastError } of records) {
            const around = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(3, 0xff)]);
            builder.add(around, 3, around.length - 3, attempt, lastError);
          }
          expect(builder.count).to.equal(records.length);
          const bytes = Buffer.from(builder.finish(batch.nextOffset));
          const theirs = library.decode(bytes);
          expect(theirs.reply).to.equal("batch");
          const { records: decoded, attempts, ...rest } = theirs.batch!;
          expect(rest).to.deep.equal(batch);
          expect(decoded.length).to.equal(records.length);
          const repeated = records.flatMap(({ attempt, lastError = null }, index) =>
            attempt > 1 ? [{ index, attempt, lastError }] : [],
          );
          expect(attempts).to.deep.equal(repeated);
          const event = decodeConsumeReply(bytes);
          if (event.reply !== "batch") throw new Error("no batch");
          const { records: list, ...ours } = event.batch;
          expect(ours).to.deep.equal(batch);
          expect(list.length).to.equal(records.length);
          expect(list.frameBytes).to.equal(bytes.buffer.byteLength);
          expect(seen(list)).to.deep.equal(
            records.map(({ record: hex, ...rest }) => ({ hex: hex.toString("hex"), ...rest })),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("builds pull replies that the library and the client read alike", () => {
    fc.assert(
      fc.property(
        fc.record({ nextOffset: uint64, firstOffset: uint64, endOffset: uint64 }),
        fc.array(record, { maxLength: 5 }),
        (offsets, records) => {
          const builder = new PullBuilder(1);
          for (const bytes of records) builder.add(bytes, 0, bytes.length);
          expect(builder.count).to.equal(records.length);
          const bytes = builder.finish(offsets);
          expect(builder.byteLength).to.equal(bytes.length);
          const { records: theirs, ...rest } = pullLibrary.decode(bytes);
          expect(rest).to.deep.equal(offsets);
          expect(theirs.length).to.equal(records.length);
          const { records: list, ...ours } = decodePullReply(bytes);
          expect(ours).to.deep.equal(offsets);
          expect(seen(list)).to.deep.equal(
            records.map((hex) => ({ hex: hex.toString("hex"), attempt: 1, lastError: undefined })),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("reads batches of other encoders", () => {
    const batch = {
      topic: "t",
      queueId: 3,
      generation: 2 ** 40,
      nextOffset: 7,
      failures: 5,
      attempts: [{ index: 0, attempt: 4 }],
    };
    const event = decodeConsumeReply(library.encode({ batch: { ...batch, records: [{ epoch: 1 }] } }));
    if (event.reply !== "batch") throw new Error("no batch");
    expect({ ...event.batch, records: event.batch.records.length, attempts: batch.attempts }).to.deep.equal({
      ...batch,
      records: 1,
    });
    expect(() => event.batch.records.at(0))
      .to.throw(LogwheelError)
      .with.property("code", "BAD_REQUEST");
  });

  it("carries every other reply", () => {
    const replies: Omit<ConsumeReply, "batch">[] = [
      { welcome: { member: "m-1", heartbeatMs: 3000, expiryMs: 10_000, epoch: 4 } },
      {
        assignment: {
          queues: [{ topic: "t", queueId: 1, generation: 2 ** 33, offset: 9 }],
          note: "few queues",
        },
      },
      {
        acked: {
          serial: 7,
          failures: [{ code: "NOT_ASSIGNED", message: "moved", sent: 0, retryAfterMs: 0 }],
        },
      },
      { leaseLost: { topic: "t", queueId: 1, offset: 2, attempt: 3 } },
      { pause: { paused: true } },
      { pong: {} },
      { draining: {} },
    ];
    for (const reply of replies) {
      const [kind, content] = Object.entries(reply)[0]!;
      const event = decodeConsumeReply(encodeConsumeReply(reply)) as unknown as Record<string, unknown>;
      expect(event["reply"]).to.equal(kind);
      expect(event[kind]).to.deep.equal(content);
    }
  });

  it("calls a reply of a newer broker unknown, so that it can be passed over", () => {
    expect(decodeConsumeReply(Buffer.from("c20100", "hex")).reply).to.equal("unknown");
    expect(decodeConsumeReply(Buffer.alloc(0)).reply).to.equal("unknown");
  });

  it("refuses a batch with anything beside it, and one that is malformed", () => {
    for (const hex of ["32001200", "1203080112", "120132", "1202ff01", "12021001" + "12021001"])
      expect(() => decodeConsumeReply(Buffer.from(hex, "hex")), hex)
        .to.throw(LogwheelError)
        .with.property("code", "BAD_REQUEST");
    expect(() => decodePullReply(Buffer.from("0a00", "hex")))
      .to.throw(LogwheelError)
      .with.property("code", "BAD_REQUEST");
  });
});
