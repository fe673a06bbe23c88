import { expect } from "chai";
import fc from "fast-check";
import type {
  AckMessageRequest,
  AckMessageRequest__Output,
} from "../../../proto/gen/apache/rocketmq/v2/AckMessageRequest.js";
import type {
  AckMessageResponse,
  AckMessageResponse__Output,
} from "../../../proto/gen/apache/rocketmq/v2/AckMessageResponse.js";
import { Code } from "../../../proto/gen/apache/rocketmq/v2/Code.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { decodeAckMessage, encodeAckMessageReply } from "../../../proto/kernel/rocketmq-ack-codec.js";
import { text } from "../../support/message-arbitraries.js";
import { dice, mixed } from "../../support/wire-fields.js";

const REQUEST = protoCodec<AckMessageRequest, AckMessageRequest__Output>(
  "apache.rocketmq.v2.AckMessageRequest",
);
const REPLY = protoCodec<AckMessageResponse, AckMessageResponse__Output>(
  "apache.rocketmq.v2.AckMessageResponse",
);

const resource = fc.record({ resourceNamespace: text, name: text }, { requiredKeys: [] });
const entry = fc.record({ messageId: text, receiptHandle: text, liteTopic: text }, { requiredKeys: [] });
const request = fc.record(
  { group: resource, topic: resource, entries: fc.array(entry, { maxLength: 4 }) },
  { requiredKeys: [] },
);
const code = fc.constantFrom(Code.CODE_UNSPECIFIED, Code.OK, Code.INVALID_RECEIPT_HANDLE);
const status = fc.record({ code, message: text });
const result = fc.record({ messageId: text, receiptHandle: text, status });

describe("RocketMQ's acknowledgements on the wire", () => {
  it("are read as the library reads them, in any order of their fields, past unknown ones", () => {
    fc.assert(
      fc.property(request, dice, (each, random) => {
        const bytes = REQUEST.encode(each);
        expect(decodeAckMessage(bytes)).to.deep.equal(REQUEST.decode(bytes));
        const other = mixed(bytes, { 1: {}, 2: {}, 3: {} }, random);
        expect(decodeAckMessage(other)).to.deep.equal(REQUEST.decode(other));
      }),
    );
  });

  it("are answered as the library would", () => {
    fc.assert(
      fc.property(status, fc.array(result, { maxLength: 4 }), (all, entries) => {
        const reply = { status: all, entries };
        expect(REPLY.decode(encodeAckMessageReply(reply))).to.deep.equal(REPLY.decode(REPLY.encode(reply)));
      }),
    );
  });

  it("are refused with BAD_REQUEST when their bytes make no sense", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeAckMessage(Buffer.from(bytes));
        } catch (thrown) {
          expect(LogwheelError.is(thrown, "BAD_REQUEST"), String(thrown)).to.equal(true);
        }
      }),
    );
    expect(() => decodeAckMessage(Buffer.from([0x18, 0x01]))).to.throw("wire type 0");
  });
});
