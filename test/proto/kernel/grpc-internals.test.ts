import * as grpc from "@grpc/grpc-js";
import { expect } from "chai";
import { readOneAhead, takeOverClientStream } from "../../../proto/kernel/grpc-internals.js";
import { BYTES, GrpcPeers } from "../../support/grpc-peers.js";

const asIs = (bytes: Buffer): Buffer => bytes;

describe("private parts of grpc-js", () => {
  it("are where grpc-internals.ts looks for them: else streams of clients do not go past it", async () => {
    const peers = new GrpcPeers();
    const server = await peers.start();
    const client = new grpc.Client(server.address, grpc.credentials.createInsecure());
    peers.onClose(() => client.close());
    const call = client.makeBidiStreamRequest(BYTES.talk.path, asIs, asIs);
    expect(readOneAhead(call)).to.equal(true);
    let taken: unknown;
    call.once("metadata", () => {
      const stream = takeOverClientStream(call)!;
      taken = [stream.listenerCount("data"), stream.isPaused()];
      stream.resume();
      call.end();
    });
    call.resume();
    await new Promise((resolve) => call.once("status", resolve));
    await peers.close();
    expect(taken).to.deep.equal([0, true]);
  });

  it("are done without, or missed at once, when they have gone", () => {
    expect(() => takeOverClientStream({})).to.throw("grpc-js has moved");
    expect(readOneAhead({} as never)).to.equal(false);
  });
});
