import { expect } from "chai";
import fc from "fast-check";
import type {
  SendBatchReply,
  SendBatchReply__Output,
} from "../../../proto/gen/logwheel/v1/SendBatchReply.js";
import type {
  SendBatchRequest,
  SendBatchRequest__Output,
} from "../../../proto/gen/logwheel/v1/SendBatchRequest.js";
import type { SendReply, SendReply__Output } from "../../../proto/gen/logwheel/v1/SendReply.js";
import type { SendRequest, SendRequest__Output } from "../../../proto/gen/logwheel/v1/SendRequest.js";
import { BROKER } from "../../../proto/kernel/contract.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "../../../proto/kernel/message-codec.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { decodeSend, encodeSend, type SentMessages } from "../../../proto/kernel/send-codec.js";
import { message, text, uint32, uint64 } from "../../support/message-arbitraries.js";

const REQUEST = protoCodec<SendRequest, SendRequest__Output>("logwheel.v1.SendRequest");
const BATCH = protoCodec<SendBatchRequest, SendBatchRequest__Output>("logwheel.v1.SendBatchRequest");
const REPLY = protoCodec<SendReply, SendReply__Output>("logwheel.v1.SendReply");
const BATCH_REPLY = protoCodec<SendBatchReply, SendBatchReply__Output>("logwheel.v1.SendBatchReply");

const head = fc.record({
  topic: text,
  queueId: fc.option(uint32, { nil: undefined }),
  producerId: uint64,
  sequence: uint64,
  half: fc.boolean(),
  transactionId: text,
});

const receipt = fc.record({
  messageId: text,
  queueId: uint32,
  queueOffset: uint64,
  written: fc.boolean(),
  flushed: fc.boolean(),
  replicas: uint32,
  duplicate: fc.boolean(),
  deferred: fc.boolean(),
});

function written(input: MessageInput): string {
  const bytes = Buffer.alloc(encodedMessageSize(input));
  writeMessage(input, bytes, 0);
  return bytes.toString("hex");
}

/** The messages that were read, as they came. */
function read({ bytes, places }: SentMessages): string[] {
  return places.map(([start, end]) => bytes.toString("hex", start, end));
}

describe("the codec of unary sends", () => {
  it("writes what its reader and the library read alike", () => {
    fc.assert(
      fc.property(head, message, (said, content) => {
        const bytes = encodeSend(said, [content]);
        expect(decodeSend(bytes)).to.deep.include(said);
        expect(read(decodeSend(bytes))).to.deep.equal([written(content)]);
        const { message: of, _queueId, ...rest } = { _queueId: undefined, ...REQUEST.decode(bytes) };
        expect({ queueId: undefined, ...rest }).to.deep.equal(said);
        expect(Buffer.from(of!.body).equals(content.body)).to.equal(true);
      }),
    );
  });

  it("does so for several messages at once", () => {
    fc.assert(
      fc.property(text, fc.array(message, { minLength: 1, maxLength: 6 }), (topic, messages) => {
        const bytes = encodeSend({ topic }, messages);
        expect(read(decodeSend(bytes))).to.deep.equal(messages.map(written));
        const bodies = BATCH.decode(bytes).messages.map(({ body }) => Buffer.from(body).toString("hex"));
        expect(bodies).to.deep.equal(messages.map(({ body }) => Buffer.from(body).toString("hex")));
      }),
    );
  });

  it("refuses numbers that the fields cannot carry", () => {
    const wrong = [
      { queueId: -1 },
      { queueId: 2 ** 32 },
      { queueId: 0.5 },
      { producerId: 2 ** 53 },
      { sequence: -1 },
    ];
    for (const numbers of wrong)
      expect(() => encodeSend({ topic: "t", ...numbers }, []), JSON.stringify(numbers))
        .to.throw(LogwheelError)
        .with.property("code", "BAD_REQUEST");
  });

  it("answers as the library does, both ways", () => {
    fc.assert(
      fc.property(fc.array(receipt, { minLength: 1, maxLength: 4 }), (receipts) => {
        const { encode, decode } = BROKER.sendBatch.reply;
        expect(BATCH_REPLY.decode(encode({ receipts }))).to.deep.equal({ receipts });
        expect(decode(BATCH_REPLY.encode({ receipts }))).to.deep.equal({ receipts });
        const [first] = receipts;
        expect(REPLY.decode(BROKER.send.reply.encode({ receipt: first! }))).to.deep.equal({ receipt: first });
        expect(BROKER.send.reply.decode(REPLY.encode({ receipt: first! }))).to.deep.equal({ receipt: first });
      }),
    );
  });
});
