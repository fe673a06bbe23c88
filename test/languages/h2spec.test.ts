import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Http2Server } from "../support/http2-server.js";
import { runProgram } from "../support/program.js";
import { skip } from "../support/skip.js";

/** A first build compiles it. */
const BUILD_MS = 300_000;
const MODULE = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible";

/**
 * h2spec's cases for servers of HTTP/2 and HPACK, all of them. They ask for `/` by GET and POST, which no server of gRPC
 * answers with a body: so the connection stands here without gRPC, and answers anything.
 */
describe("HTTP/2 by h2spec", function () {
  this.timeout(BUILD_MS);
  let folder: string;
  let server: Http2Server;

  before(async function () {
    if ((await runProgram("go", ["version"])).code !== 0) skip(this, "go is not installed here");
    folder = await mkdtemp(join(tmpdir(), "logwheel-"));
    const environment = { GOBIN: folder };
    const got = await runProgram("go", ["install", MODULE], { folder, environment, boundMs: BUILD_MS });
    if (got.code !== 0) skip(this, `go cannot get h2spec: ${got.stderr.trim().split("\n").at(-1)}`);
    server = new Http2Server(Buffer.from("a body of some bytes"));
  });
  after(async () => {
    server?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  it("finds nothing wrong, also where the RFC only advises", async () => {
    const port = await server.start();
    const to = ["--host", "127.0.0.1", "--port", String(port)];
    const { code, stdout } = await runProgram(join(folder, "h2spec"), [...to, "--strict", "--timeout", "5"]);
    expect(stdout).to.match(/\b146 tests, 146 passed, 0 skipped, 0 failed/);
    expect(code).to.equal(0);
    expect(server.failures).to.deep.equal([]);
  });
});
