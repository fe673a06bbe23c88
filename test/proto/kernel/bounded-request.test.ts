import { expect } from "chai";
import { REQUEST_BYTES_MAX } from "../../../proto/kernel/limits.js";
import { MESSAGING } from "../../../proto/kernel/rocketmq-contract.js";
import { fields, padded } from "../../support/raw-calls.js";
import { failure } from "../../support/refusal.js";

const { ackMessage, sendMessage } = MESSAGING;

describe("requests of RocketMQ's clients", () => {
  it("are decoded up to a mebibyte", async () => {
    const start = fields([3, fields([1, "id"], [2, "handle"])]);
    const { entries } = ackMessage.request.decode(padded(start, REQUEST_BYTES_MAX));
    expect(entries).to.have.length(1);
    const error = await failure(
      Promise.resolve().then(() => ackMessage.request.decode(padded(start, REQUEST_BYTES_MAX + 1))),
    );
    expect(error).to.include({ code: "BAD_REQUEST" });
    expect(error.message).to.include(`has ${REQUEST_BYTES_MAX + 1} bytes; ${REQUEST_BYTES_MAX} are allowed`);
  });

  it("may have bodies beside that, each of their messages", () => {
    const message = fields([1, fields([2, "orders"])], [4, Buffer.alloc(3 << 20)]);
    const { messages } = sendMessage.request.decode(fields([1, message], [1, message], [1, message]));
    expect(messages.map(({ body }) => body.length)).to.deep.equal([3 << 20, 3 << 20, 3 << 20]);
  });

  it("are refused before they are decoded when they have millions of messages, properties or empty bodies", async () => {
    const empty = Buffer.from("0a00".repeat(REQUEST_BYTES_MAX), "hex");
    const properties = fields([1, Buffer.from("1200".repeat(REQUEST_BYTES_MAX), "hex")]);
    const bodies = fields([1, Buffer.from("2200".repeat(REQUEST_BYTES_MAX), "hex")]);
    for (const bytes of [empty, properties, bodies]) {
      const error = await failure(Promise.resolve().then(() => sendMessage.request.decode(bytes)));
      expect(error).to.include({ code: "BAD_REQUEST" });
      expect(error.message).to.include("beside bodies");
    }
  });
});
