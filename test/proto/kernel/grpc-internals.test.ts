import * as grpc from "@grpc/grpc-js";
import { expect } from "chai";
import {
  http2ServersOf,
  readOneAhead,
  setServerSettings,
  takeOverCalls,
  takeOverClientStream,
  takeOverStream,
} from "../../../proto/kernel/grpc-internals.js";

const asIs = (bytes: Buffer): Buffer => bytes;

describe("private parts of grpc-js", () => {
  it("are where grpc-internals.ts looks for them: else windows are small and limits loose", async () => {
    const server = new grpc.Server();
    expect(setServerSettings(server, { initialWindowSize: 1 << 20 })).to.equal(true);
    let seen: { stream: unknown; own: number } | undefined;
    const path = "/t.T/Talk";
    const definition = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    server.addService(
      { talk: definition },
      {
        talk: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
          const stream = takeOverStream(call);
          seen = { stream, own: stream.listenerCount("data") };
          call.sendMetadata(new grpc.Metadata());
          call.end();
        },
      },
    );
    const port = await new Promise<number>((resolve) =>
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_error, bound) =>
        resolve(bound),
      ),
    );
    expect(http2ServersOf(server).length).to.equal(1);
    const offered: unknown[] = [];
    takeOverCalls(server, (_, headers) => {
      offered.push(headers[":path"]);
      return false;
    });
    const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const call = client.makeBidiStreamRequest(path, asIs, asIs);
    expect(readOneAhead(call)).to.equal(true);
    let taken: unknown;
    call.once("metadata", () => {
      const stream = takeOverClientStream(call)!;
      taken = [stream.listenerCount("data"), stream.isPaused()];
      stream.resume();
    });
    call.resume();
    await new Promise((resolve) => call.once("status", resolve));
    client.close();
    server.forceShutdown();
    for (const http2Server of http2ServersOf(server)) http2Server.close();
    expect(offered).to.deep.equal([path]);
    expect(taken).to.deep.equal([0, true]);
    expect(seen?.own).to.equal(0);
    expect(seen?.stream).to.have.property("close").that.is.a("function");
  });

  it("are done without when they have gone", () => {
    expect(setServerSettings({} as grpc.Server, {})).to.equal(false);
    expect(http2ServersOf({} as grpc.Server)).to.deep.equal([]);
    expect(() => takeOverCalls({} as grpc.Server, () => true)).to.throw("grpc-js has moved");
    expect(() => takeOverStream({})).to.throw("grpc-js has moved");
    expect(() => takeOverClientStream({})).to.throw("grpc-js has moved");
    expect(readOneAhead({} as never)).to.equal(false);
  });
});
