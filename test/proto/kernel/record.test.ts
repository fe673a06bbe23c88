import { expect } from "chai";
import fc from "fast-check";
import type { Record as ProtoRecord, Record__Output } from "../../../proto/gen/logwheel/v1/Record.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import {
  messageId,
  RECORD,
  RECORD_CONTENT_BYTES_MAX,
  readRecord,
  recordContentBytes,
  recordContentStart,
  recordEpoch,
  recordFlags,
  recordKeyHash,
  recordKind,
  recordLogOffset,
  recordProducerId,
  recordQueueId,
  recordQueueOffset,
  recordSequence,
  recordStoredAtMs,
  recordTagHash,
  recordTopic,
  writePaddedLength,
} from "../../../proto/kernel/record.js";
import { message, recordHead } from "../../support/message-arbitraries.js";
import { storedRecord } from "../../support/stored-record.js";

const library = protoCodec<ProtoRecord, Record__Output>("logwheel.v1.Record");

describe("record", () => {
  it("is the protobuf Record of the contract, whatever its fields", () => {
    fc.assert(
      fc.property(recordHead, message, (head, input) => {
        const { message: read, payload: _, ...fields } = library.decode(storedRecord(head, input));
        expect(fields).to.deep.equal(head);
        expect(read?.body.equals(Buffer.from(input.body))).to.equal(true);
        expect(read?.bornAtMs).to.equal(input.bornAtMs ?? 0);
      }),
    );
  });

  it("is read field by field at any place", () => {
    fc.assert(
      fc.property(recordHead, message, fc.nat(50), (head, input, start) => {
        const bytes = Buffer.concat([
          Buffer.alloc(start, 0xff),
          storedRecord(head, input),
          Buffer.alloc(9, 0xff),
        ]);
        const end = bytes.length - 9;
        expect({
          epoch: recordEpoch(bytes, start),
          logOffset: recordLogOffset(bytes, start),
          kind: recordKind(bytes, start) | recordFlags(bytes, start),
          topic: recordTopic(bytes, start),
          queueId: recordQueueId(bytes, start),
          queueOffset: recordQueueOffset(bytes, start),
          storedAtMs: recordStoredAtMs(bytes, start),
          tagHash: recordTagHash(bytes, start),
          keyHash: recordKeyHash(bytes, start),
          producerId: recordProducerId(bytes, start),
          sequence: recordSequence(bytes, start),
        }).to.deep.equal(head);
        expect(recordContentStart(start) + recordContentBytes(bytes, start)).to.equal(end);
        const record = readRecord(bytes, start, end, 3);
        const { epoch, logOffset, queueId, queueOffset, storedAtMs, tagHash, keyHash } = record;
        const { kind: _k, topic: _t, ...seen } = head;
        const { producerId, sequence } = record;
        expect({
          epoch,
          logOffset,
          queueId,
          queueOffset,
          storedAtMs,
          tagHash,
          keyHash,
          producerId,
          sequence,
        }).to.deep.equal(seen);
        expect(record.attempt).to.equal(3);
        expect(record.message().body.equals(Buffer.from(input.body))).to.equal(true);
      }),
    );
  });

  it("stands in the drawn places", () => {
    const head = {
      epoch: 0x01020304,
      logOffset: 1,
      kind: 0x301,
      topic: 3,
      queueId: 4,
      queueOffset: 5,
      storedAtMs: 6,
      tagHash: 7,
      keyHash: 8,
      producerId: 9,
      sequence: 10,
    };
    expect(storedRecord(head, { body: Buffer.from("x") }).toString("hex")).to.equal(
      "0d04030201110100000000000000" +
        "1d0103000025030000002d04000000310500000000000000390600000000000000" +
        "45070000004d08000000510900000000000000590a00000000000000" +
        "62838080000a0178",
    );
    expect(RECORD.CONTENT).to.equal(80);
  });

  it("keeps lengths up to 2^28 - 1 in four bytes", () => {
    for (const length of [0, 1, 127, 128, 1 << 20, RECORD_CONTENT_BYTES_MAX]) {
      const bytes = Buffer.alloc(RECORD.CONTENT);
      writePaddedLength(bytes, RECORD.CONTENT_LENGTH, length);
      expect(recordContentBytes(bytes, 0)).to.equal(length);
    }
  });

  it("refuses bytes of another layout", () => {
    const bytes = storedRecord(
      {
        epoch: 1,
        logOffset: 2,
        kind: 1,
        topic: 1,
        queueId: 0,
        queueOffset: 0,
        storedAtMs: 0,
        tagHash: 0,
        keyHash: 0,
        producerId: 0,
        sequence: 0,
      },
      { body: Buffer.from("x") },
    );
    const refuses = (damaged: Buffer): void => {
      expect(() => readRecord(damaged, 0, damaged.length))
        .to.throw(LogwheelError)
        .with.property("code", "BAD_REQUEST");
    };
    refuses(bytes.subarray(0, -1));
    refuses(Buffer.concat([bytes, Buffer.alloc(1)]));
    refuses(Buffer.alloc(0));
    for (const place of [0, 29, RECORD.CONTENT_TAG]) {
      const damaged = Buffer.from(bytes);
      damaged[place] = 0x6a;
      refuses(damaged);
    }
  });

  it("names messages by broker, epoch and place", () => {
    expect(messageId("broker-a", 3, 2 ** 40)).to.equal("broker-a-3-1099511627776");
  });
});
