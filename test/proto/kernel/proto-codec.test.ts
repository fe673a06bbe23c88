import { expect } from "chai";
import fc from "fast-check";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import { BROKER, NAME_SERVER } from "../../../proto/kernel/contract.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";

const within =
  (least: number, most: number) =>
  (value: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
const uint32 = within(0, 2 ** 32 - 1);
const uint64 = within(0, Number.MAX_SAFE_INTEGER);

/** A field of each kind, alone, repeated, and further in: message, field, how to fill it, what fits. */
const NUMBERS: readonly [string, string, (value: number) => object, (value: number) => boolean][] = [
  ["Nack", "delayMs", (delayMs) => ({ delayMs }), uint32],
  ["Nack", "keyHash", (keyHash) => ({ keyHash }), uint32],
  ["Nack", "offset", (offset) => ({ offset }), uint64],
  ["Message", "ttlMs", (ttlMs) => ({ ttlMs }), within(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)],
  ["Hello", "mode", (mode) => ({ mode }), within(-(2 ** 31), 2 ** 31 - 1)],
  ["PublishReply", "deferred", (value) => ({ deferred: [1, value] }), uint32],
  ["ConsumeRequest", "credit.bytes", (bytes) => ({ credit: { bytes } }), uint32],
  ["Acks", "queues.queueId", (queueId) => ({ queues: [{}, { queueId }] }), uint32],
];

const edges = [0, 2 ** 31, 2 ** 32, 2 ** 53].flatMap((edge) => [
  -edge - 1,
  -edge,
  edge - 1,
  edge,
  edge + 500,
]);
const number = fc.oneof(
  fc.constantFrom(...edges, Number.NaN, Number.POSITIVE_INFINITY),
  fc.maxSafeInteger(),
  fc.nat(2 ** 32),
  fc.double(),
);

/** Requests that are no objects, or written without the library; their own tests hold them against it. */
const BY_HAND = /\/(Publish|Send|SendBatch)$/;

describe("codecs of the contract", () => {
  for (const { path, request, reply } of [BROKER, ADMIN, NAME_SERVER].flatMap((service) =>
    Object.values(service),
  ))
    it(`${path}: its messages are declared`, () => {
      const nothing = Buffer.alloc(0);
      if (!BY_HAND.test(path)) expect(request.encode({} as never)).to.have.length(0);
      expect(typeof reply.decode(nothing)).to.equal("object");
    });

  it("a number goes over the wire as it is or not at all", () => {
    fc.assert(
      fc.property(fc.constantFrom(...NUMBERS), number, ([type, field, wrap, fits], value) => {
        const codec = protoCodec<object, object>(`logwheel.v1.${type}`);
        const encode = () => codec.encode(wrap(value));
        if (fits(value)) expect(codec.decode(encode())).to.containSubset(wrap(value));
        else
          expect(encode)
            .to.throw(`${field.split(".").at(-1)} of logwheel.v1.`)
            .with.property("code", "BAD_REQUEST");
      }),
    );
  });

  it("what is no number is none, and what is absent is no mistake", () => {
    const codec = protoCodec<object, object>("logwheel.v1.Nack");
    for (const bad of ["5", "5s", true, {}, new Date(5)])
      expect(() => codec.encode({ delayMs: bad }), String(bad)).to.throw("delayMs of logwheel.v1.Nack is ");
    expect(codec.encode({ delayMs: undefined, offset: null })).to.have.length(0);
  });

  it("a message that no file declares is a bug, and says so", () => {
    expect(() => protoCodec("logwheel.v1.Nothing").encode({})).to.throw("no .proto file declares");
    expect(() => protoCodec("logwheel.v2.Message").encode({})).to.throw("no .proto file declares");
  });
});
