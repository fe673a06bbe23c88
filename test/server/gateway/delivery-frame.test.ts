import { expect } from "chai";
import fc from "fast-check";
import type { PullMessageResponse__Output } from "../../../proto/gen/apache/rocketmq/v2/PullMessageResponse.js";
import type { ReceiveMessageResponse__Output } from "../../../proto/gen/apache/rocketmq/v2/ReceiveMessageResponse.js";
import type {
  Message as NativeIn,
  Message__Output as NativeMessage,
} from "../../../proto/gen/logwheel/v1/Message.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import {
  CONTENT_TAG,
  RECORD_HEAD_BYTES,
  StoredRecord,
  writeRecordHead,
} from "../../../proto/kernel/record.js";
import { deliveryFrame } from "../../../server/gateway/delivery-frame.js";
import { deliveredMessage } from "../../../server/gateway/message-out.js";
import { message, recordHead, text } from "../../support/message-arbitraries.js";
import { dice, mixed } from "../../support/wire-fields.js";
import { overWire } from "./rocketmq-message.js";

const NATIVE = protoCodec<NativeIn, NativeMessage>("logwheel.v1.Message");
const RECEIVED = protoCodec<object, ReceiveMessageResponse__Output>(
  "apache.rocketmq.v2.ReceiveMessageResponse",
);
const PULLED = protoCodec<object, PullMessageResponse__Output>("apache.rocketmq.v2.PullMessageResponse");

/** Blocks of a message in which fields of a newer version may stand: the entries of its map are copied as they are. */
const BLOCKS = { 11: {}, 15: {} };

const ms = fc.oneof(fc.constant(0), fc.maxSafeInteger());
const times = fc.record({ deliverAtMs: ms, delayMs: ms, delayLevel: fc.nat(3) }, { requiredKeys: [] });
const further = fc.record(
  {
    producerGroup: text,
    deadLetter: fc.record({ topic: text, messageId: text, reason: fc.nat(3), attempts: fc.nat() }),
  },
  { requiredKeys: [] },
);
const head = fc.record(
  { receiptHandle: text.filter((handle) => handle !== ""), invisibleMs: fc.nat() },
  { requiredKeys: [] },
);
const place = fc.record({
  topic: fc.record({ resourceNamespace: text, name: text }),
  broker: fc.string({ minLength: 1 }),
  attempt: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  record: recordHead.map((each) => ({ ...each, queueId: each.queueId % 2 ** 31, kind: 1 })),
});

function recordOf(
  content: Buffer,
  { record, attempt }: { record: Parameters<typeof writeRecordHead>[2]; attempt: number },
) {
  const bytes = Buffer.alloc(RECORD_HEAD_BYTES + content.length);
  content.copy(bytes, writeRecordHead(bytes, 0, record, CONTENT_TAG.MESSAGE, content.length));
  return new StoredRecord(bytes, 0, bytes.length, attempt);
}

describe("the frame of a message that goes out", () => {
  it("has what the general codec would make of it, for who receives and who pulls", () => {
    fc.assert(
      fc.property(message, times, further, head, place, dice, (said, due, more, told, at, random) => {
        const { priority = 0 } = said.rocketmq ?? {};
        fc.pre(Number.isInteger(priority) && Math.abs(priority) < 2 ** 31);
        const bytes = mixed(NATIVE.encode({ ...said, ...due, ...more } as NativeIn), BLOCKS, random);
        const { topic, broker } = at;
        const record = recordOf(bytes, at);
        const expected = overWire(
          deliveredMessage({
            message: NATIVE.decode(bytes),
            id: record.messageId(broker),
            topic,
            broker,
            queueId: record.queueId,
            queueOffset: record.queueOffset,
            storedAtMs: record.storedAtMs,
            attempt: record.attempt,
            ...told,
          }),
        );
        const frame = Buffer.from(deliveryFrame(record, { topic, broker, ...told }, told.receiptHandle));
        expect(RECEIVED.decode(frame)).to.deep.equal({ content: "message", message: expected });
        expect(PULLED.decode(frame)).to.deep.equal({ content: "message", message: expected });
      }),
    );
  });

  it("cannot be made of a record that holds no message", () => {
    const record = recordOf(Buffer.from([0x0a, 0x05, 0x01]), {
      attempt: 1,
      record: fc.sample(recordHead, 1)[0]!,
    });
    const told = { topic: { resourceNamespace: "", name: "t" }, broker: "a" };
    expect(() => deliveryFrame(record, told)).to.throw("malformed");
  });
});
