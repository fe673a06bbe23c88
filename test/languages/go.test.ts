import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type ClusterProcesses, startCluster } from "../support/cluster-processes.js";
import { LONG_TEXT, receiveWithNode, sendFromNode } from "../support/exchange.js";
import { mustRun, runProgram } from "../support/program.js";
import { root } from "../support/root.js";
import { skip } from "../support/skip.js";

/** A first build compiles gRPC. */
const BUILD_MS = 400_000;

describe("Go through generated stubs", function () {
  this.timeout(BUILD_MS);
  let cluster: ClusterProcesses;
  let folder: string;

  before(async function () {
    for (const tool of [
      ["go", "version"],
      ["protoc", "--version"],
    ] as const)
      if ((await runProgram(tool[0], [tool[1]])).code !== 0) skip(this, `${tool[0]} is not installed here`);
    cluster = await startCluster();
    folder = join(cluster.folder, "go");
    await cp(join(root, "examples/go"), folder, { recursive: true });
    const bin = join(folder, "bin");
    const got = await runProgram("go", ["install", "tool"], {
      folder,
      environment: { GOBIN: bin },
      boundMs: BUILD_MS,
    });
    if (got.code !== 0) skip(this, `go cannot get its modules: ${got.stderr.trim().split("\n").at(-1)}`);
    const files = (await readdir(join(root, "proto/logwheel/v1"))).map((name) => `logwheel/v1/${name}`);
    const module = ["--go_opt=module=example.com/logwheel", "--go-grpc_opt=module=example.com/logwheel"];
    await mustRun(
      "protoc",
      ["-I", join(root, "proto"), "--go_out=.", "--go-grpc_out=.", ...module, ...files],
      {
        folder,
        environment: { PATH: `${bin}:${process.env["PATH"]}` },
      },
    );
    await mustRun("go", ["build", "-o", "logwheel-example", "."], { folder, boundMs: BUILD_MS });
  });
  after(() => cluster?.stop());

  function run(...args: string[]): Promise<string> {
    const environment = { LOGWHEEL_NAMESRV: cluster.nameServer };
    return mustRun(join(folder, "logwheel-example"), args, { environment });
  }

  it("sends, pulls and acknowledges (A11-07)", async () => {
    const sent = await run("send", "greetings", "hello", "world");
    const received = await run("receive", "greetings", "readers", "2");
    expect(idsOf(received)).to.have.members(idsOf(sent)).and.to.have.length(2);
    expect(received).to.include("received hello").and.include("with tag go");
    expect(received).to.include("acknowledged 2 for readers");
  });

  it("goes on where the group was", async () => {
    await run("send", "places", "one", "two");
    await run("receive", "places", "readers", "1");
    await run("send", "places", "three");
    expect(await run("receive", "places", "readers", "2")).to.include("acknowledged 2");
  });

  it("sends what the Node SDK receives, with tag, keys and properties", async () => {
    const sent = idsOf(await run("send", "to-node", "eins", "zwei"));
    const received = await receiveWithNode(cluster.nameServer, "to-node", 2);
    expect(received.map(({ id }) => id)).to.have.members(sent);
    for (const message of received) {
      expect(message).to.deep.include({ tag: "go", properties: { language: "go" }, attempt: 1 });
      expect(message.keys).to.deep.equal([`${Buffer.from(message.body)}`]);
    }
  });

  it("receives what the Node SDK sent, compressed or not", async () => {
    await run("send", "from-node", "made");
    const sent = await sendFromNode(cluster.nameServer, "from-node", ["kurz", LONG_TEXT]);
    const received = await run("receive", "from-node", "readers", "3");
    expect(idsOf(received)).to.include.members(sent);
    expect(received).to.include(`received ${LONG_TEXT} as`).and.include("received kurz as");
  });
});

function idsOf(output: string): string[] {
  return [...output.matchAll(/ as (\S+-\d+-\d+)/g)].map(([, id = ""]) => id);
}
