import { expect } from "chai";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import { BROKER, NAME_SERVER } from "../../../proto/kernel/contract.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";

describe("codecs of the contract", () => {
  for (const { path, request, reply } of [BROKER, ADMIN, NAME_SERVER].flatMap((service) =>
    Object.values(service),
  ))
    it(`${path}: its messages are declared`, () => {
      const nothing = Buffer.alloc(0);
      expect(request.encode((path.endsWith("/Publish") ? nothing : {}) as never)).to.have.length(0);
      expect(typeof reply.decode(nothing)).to.equal("object");
    });

  it("a message that no file declares is a bug, and says so", () => {
    expect(() => protoCodec("logwheel.v1.Nothing").encode({})).to.throw("no .proto file declares");
    expect(() => protoCodec("logwheel.v2.Message").encode({})).to.throw("no .proto file declares");
  });
});
