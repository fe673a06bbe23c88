import { expect } from "chai";
import fc from "fast-check";
import type {
  SendMessageRequest,
  SendMessageRequest__Output,
} from "../../../proto/gen/apache/rocketmq/v2/SendMessageRequest.js";
import type {
  SendMessageResponse,
  SendMessageResponse__Output,
} from "../../../proto/gen/apache/rocketmq/v2/SendMessageResponse.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import {
  decodeSendMessage,
  encodeSendMessageReply,
  type ProducedMessage,
} from "../../../proto/kernel/rocketmq-send-codec.js";
import { propertyName, text } from "../../support/message-arbitraries.js";

const REQUEST = protoCodec<SendMessageRequest, SendMessageRequest__Output>(
  "apache.rocketmq.v2.SendMessageRequest",
);
const REPLY = protoCodec<SendMessageResponse, SendMessageResponse__Output>(
  "apache.rocketmq.v2.SendMessageResponse",
);

const int32 = fc.oneof(fc.constantFrom(0, -1, 1, 127, 128, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
const int64 = fc.oneof(
  fc.constantFrom(0, -1, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER),
  fc.maxSafeInteger(),
);
const seconds = fc.record({ seconds: int64, nanos: int32 });

/** Everything that the type has, also what no producer fills. */
const system = fc.record(
  {
    tag: text,
    keys: fc.array(text, { maxLength: 4 }),
    messageId: text,
    bodyDigest: fc.record({ type: fc.constantFrom(0, 1, 2, 3), checksum: text }),
    bodyEncoding: fc.constantFrom(0, 1, 2),
    messageType: fc.constantFrom(0, 1, 2, 3, 4, 5, 6),
    bornTimestamp: seconds,
    bornHost: text,
    storeTimestamp: seconds,
    storeHost: text,
    deliveryTimestamp: seconds,
    receiptHandle: text,
    queueId: int32,
    queueOffset: int64,
    invisibleDuration: seconds,
    deliveryAttempt: int32,
    messageGroup: text,
    traceContext: text,
    orphanedTransactionRecoveryDuration: seconds,
    deadLetterQueue: fc.record({ topic: text, messageId: text }),
    liteTopic: text,
    priority: int32,
  } as const,
  { requiredKeys: [] },
);

const message = fc.record(
  {
    topic: fc.record({ resourceNamespace: text, name: text }),
    userProperties: fc.dictionary(propertyName, text, { maxKeys: 5, noNullPrototype: true }),
    systemProperties: system,
    body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  },
  { requiredKeys: [] },
);

const status = fc.record({ code: fc.constantFrom(0, 20000, 30000, 40402, 60000), message: text });
const entry = fc.record({
  status,
  messageId: text,
  transactionId: text,
  offset: int64,
  recallHandle: text,
});

/** What counts of a message, in one form. */
function counted({ topic, userProperties, systemProperties: said, body }: ProducedMessage): object {
  return {
    topic: topic && { ...topic },
    userProperties: Object.entries(userProperties).sort(([a], [b]) => (a < b ? -1 : 1)),
    body: Buffer.from(body).toString("hex"),
    system: said && {
      tag: said.tag,
      keys: [...said.keys],
      messageId: said.messageId,
      bodyDigest: said.bodyDigest && { ...said.bodyDigest },
      bodyEncoding: said.bodyEncoding,
      messageType: said.messageType,
      bornTimestamp: said.bornTimestamp,
      bornHost: said.bornHost,
      deliveryTimestamp: said.deliveryTimestamp ?? null,
      messageGroup: said.messageGroup,
      traceContext: said.traceContext,
      recovery: said.orphanedTransactionRecoveryDuration ?? null,
      priority: said.priority,
    },
  };
}

describe("the codec of what producers of RocketMQ send", () => {
  it("reads what the library writes, as the library does", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), (messages) => {
        const bytes = REQUEST.encode({ messages } as SendMessageRequest);
        expect(decodeSendMessage(bytes).messages.map(counted)).to.deep.equal(
          REQUEST.decode(bytes).messages.map(counted),
        );
      }),
    );
  });

  it("keeps a property of any name", () => {
    const properties = JSON.parse('{"__proto__": "x"}') as Record<string, string>;
    const property = Buffer.from("\x12\x0e\x0a\x09__proto__\x12\x01x", "latin1");
    const bytes = Buffer.concat([Buffer.from([0x0a, property.length]), property]);
    expect(decodeSendMessage(bytes).messages[0]!.userProperties).to.deep.equal(properties);
  });

  it("reads nothing but messages: other bytes are BAD_REQUEST", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, inside) => {
        const sent = inside ? Buffer.from([0x0a, bytes.length, ...bytes]) : Buffer.from(bytes);
        try {
          decodeSendMessage(sent);
        } catch (thrown) {
          expect(thrown).to.be.instanceOf(LogwheelError).with.property("code", "BAD_REQUEST");
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("answers what the library reads", () => {
    fc.assert(
      fc.property(status, fc.array(entry, { maxLength: 4 }), (told, entries) => {
        const read = REPLY.decode(encodeSendMessageReply({ status: told, entries }));
        expect(read).to.deep.equal({ status: told, entries });
      }),
    );
  });
});
