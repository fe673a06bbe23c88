import { expect } from "chai";
import fc from "fast-check";
import type { Acks, Acks__Output } from "../../../proto/gen/logwheel/v1/Acks.js";
import type { ConsumeReply, ConsumeReply__Output } from "../../../proto/gen/logwheel/v1/ConsumeReply.js";
import type {
  ConsumeRequest,
  ConsumeRequest__Output,
} from "../../../proto/gen/logwheel/v1/ConsumeRequest.js";
import { consumeRequest } from "../../../proto/kernel/ack-codec.js";
import { decodeConsumeReply, encodeConsumeReply } from "../../../proto/kernel/consume-codec.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { text, uint32, uint64 } from "../../support/message-arbitraries.js";
import { block, dice, mixed } from "../../support/wire-fields.js";

const requests = protoCodec<ConsumeRequest, ConsumeRequest__Output>("logwheel.v1.ConsumeRequest");
const inner = protoCodec<Acks, Acks__Output>("logwheel.v1.Acks");
const replies = protoCodec<ConsumeReply, ConsumeReply__Output>("logwheel.v1.ConsumeReply");

const queue = fc.record(
  {
    topic: text,
    queueId: uint32,
    generation: uint64,
    ranges: fc.array(fc.record({ start: uint64, end: uint64 }, { requiredKeys: [] }), { maxLength: 4 }),
  },
  { requiredKeys: [] },
);
const acks = fc.record(
  { serial: uint64, queues: fc.array(queue, { maxLength: 4 }), awaited: fc.boolean() },
  { requiredKeys: [] },
);

describe("acknowledgements on the wire", () => {
  it("are written as the library reads them, and read as it writes them", () => {
    fc.assert(
      fc.property(acks, (each) => {
        const ours = consumeRequest.encode({ acks: each });
        const theirs = requests.encode({ acks: each });
        expect(requests.decode(ours)).to.deep.equal(requests.decode(theirs));
        expect(consumeRequest.decode(theirs)).to.deep.equal(requests.decode(theirs));
      }),
    );
  });

  it("are read in any order of their fields, past those of a newer version", () => {
    fc.assert(
      fc.property(acks, dice, (each, random) => {
        const inside = mixed(inner.encode(each), { 2: { 4: {} } }, random);
        const bytes = block(0x1a, inside);
        expect(consumeRequest.decode(bytes)).to.deep.equal(requests.decode(bytes));
      }),
    );
  });

  it("are refused with BAD_REQUEST when their bytes make no sense", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (rest) => {
        try {
          consumeRequest.decode(Buffer.from([0x1a, rest.length, ...rest]));
        } catch (thrown) {
          expect(LogwheelError.is(thrown, "BAD_REQUEST"), String(thrown)).to.equal(true);
        }
      }),
    );
    expect(() => consumeRequest.encode({ acks: { serial: 0.5 } })).to.throw("whole number");
    expect(() => consumeRequest.encode({ acks: { queues: [{ queueId: 2 ** 32 }] } })).to.throw("4294967296");
  });

  it("are answered as the library would", () => {
    fc.assert(
      fc.property(
        uint64,
        fc.array(fc.record({ code: text, message: text }), { maxLength: 2 }),
        (serial, failures) => {
          const acked = { serial, failures };
          const { acked: read } = replies.decode(encodeConsumeReply({ acked }));
          expect(read).to.deep.equal(replies.decode(replies.encode({ acked })).acked);
          expect(decodeConsumeReply(replies.encode({ acked }))).to.deep.equal({
            reply: "acked",
            acked: read,
          });
        },
      ),
    );
  });
});
