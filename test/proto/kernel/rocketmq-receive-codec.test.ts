import { expect } from "chai";
import fc from "fast-check";
import type {
  ReceiveMessageRequest,
  ReceiveMessageRequest__Output,
} from "../../../proto/gen/apache/rocketmq/v2/ReceiveMessageRequest.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { decodeReceiveMessage } from "../../../proto/kernel/rocketmq-receive-codec.js";
import { text } from "../../support/message-arbitraries.js";
import { dice, mixed } from "../../support/wire-fields.js";

const REQUEST = protoCodec<ReceiveMessageRequest, ReceiveMessageRequest__Output>(
  "apache.rocketmq.v2.ReceiveMessageRequest",
);

const int32 = fc.oneof(fc.constantFrom(0, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
const any = { requiredKeys: [] } as { requiredKeys: [] };
const resource = fc.record({ resourceNamespace: text, name: text }, any);
const duration = fc.record({ seconds: fc.maxSafeInteger(), nanos: int32 }, any);
const address = fc.record({ host: text, port: int32 }, any);
const endpoints = fc.record({ scheme: fc.nat(3), addresses: fc.array(address, { maxLength: 3 }) }, any);
const messageQueue = fc.record(
  {
    topic: resource,
    id: int32,
    permission: fc.nat(3),
    broker: fc.record({ name: text, id: int32, endpoints }, any),
    acceptMessageTypes: fc.array(fc.nat(200), { maxLength: 4 }),
  },
  any,
);
const request = fc.record(
  {
    group: resource,
    messageQueue,
    filterExpression: fc.record({ type: fc.nat(2), expression: text }, any),
    batchSize: int32,
    invisibleDuration: duration,
    autoRenew: fc.boolean(),
    longPollingTimeout: duration,
    attemptId: text,
  },
  any,
);
const BLOCKS = { 1: {}, 2: { 1: {}, 4: { 3: { 2: {} } } }, 3: {}, 5: {}, 7: {} };

describe("RocketMQ's requests to receive on the wire", () => {
  it("are read as the library reads them, in any order of their fields, past unknown ones", () => {
    fc.assert(
      fc.property(request, dice, (each, random) => {
        const bytes = REQUEST.encode(each as ReceiveMessageRequest);
        expect(decodeReceiveMessage(bytes)).to.deep.equal(REQUEST.decode(bytes));
        const other = mixed(bytes, BLOCKS, random);
        expect(decodeReceiveMessage(other)).to.deep.equal(REQUEST.decode(other));
      }),
    );
  });

  it("may tell the types of a queue one by one", () => {
    const bytes = Buffer.from([0x12, 0x04, 0x28, 0x01, 0x28, 0x03]);
    expect(decodeReceiveMessage(bytes)).to.deep.equal(REQUEST.decode(bytes));
    expect(decodeReceiveMessage(bytes).messageQueue?.acceptMessageTypes).to.deep.equal([1, 3]);
  });

  it("are refused with BAD_REQUEST when their bytes make no sense", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeReceiveMessage(Buffer.from(bytes));
        } catch (thrown) {
          expect(LogwheelError.is(thrown, "BAD_REQUEST"), String(thrown)).to.equal(true);
        }
      }),
    );
    expect(() => decodeReceiveMessage(Buffer.from([0x22, 0x00]))).to.throw("wire type 2");
  });
});
