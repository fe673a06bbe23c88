import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type ClusterProcesses, startCluster } from "../support/cluster-processes.js";
import { LONG_TEXT, receiveWithNode, sendFromNode } from "../support/exchange.js";
import { type Ended, mustRun, runProgram } from "../support/program.js";
import { root } from "../support/root.js";
import { skip } from "../support/skip.js";

const EXAMPLES = join(root, "examples/python");

describe("Python through generated stubs", function () {
  this.timeout(300_000);
  let cluster: ClusterProcesses;
  let interpreter: string;
  let stubs: string;

  before(async function () {
    cluster = await startCluster();
    const venv = join(cluster.folder, "venv");
    interpreter = join(venv, "bin/python");
    stubs = join(cluster.folder, "stubs");
    const made = await runProgram("python3", ["-m", "venv", venv]);
    if (made.code !== 0) skip(this, `python3 cannot make a virtual environment: ${lastLine(made)}`);
    const requirements = join(EXAMPLES, "requirements.txt");
    const installed = await runProgram(
      interpreter,
      ["-m", "pip", "install", "--quiet", "--requirement", requirements],
      { boundMs: 240_000 },
    );
    if (installed.code !== 0) skip(this, `pip cannot get gRPC: ${lastLine(installed)}`);
    await mkdir(stubs);
    const files = (await readdir(join(root, "proto/logwheel/v1"))).map((name) => `logwheel/v1/${name}`);
    const out = [`--python_out=${stubs}`, `--grpc_python_out=${stubs}`];
    await mustRun(interpreter, ["-m", "grpc_tools.protoc", "-I", join(root, "proto"), ...out, ...files]);
  });
  after(() => cluster.stop());

  function run(program: string, ...args: string[]): Promise<Ended> {
    const environment = {
      PYTHONPATH: stubs,
      LOGWHEEL_NAMESRV: cluster.nameServer,
      PYTHONDONTWRITEBYTECODE: "1",
    };
    return runProgram(interpreter, [join(EXAMPLES, program), ...args], { environment });
  }

  it("sends, pulls and acknowledges (A11-07)", async () => {
    const sent = await run("send.py", "greetings", "hello", "world");
    expect(sent.stderr).to.equal("");
    expect(sent.stdout.match(/sent \w+ as broker-a-1-\d+, flushed/g)).to.have.length(2);
    const received = await run("receive.py", "greetings", "readers", "2");
    expect(received.stderr).to.equal("");
    expect(idsOf(received.stdout)).to.have.members(idsOf(sent.stdout));
    expect(received.stdout).to.include("received hello").and.include("with tag python");
    expect(received.stdout).to.include("acknowledged 2 for readers");
  });

  it("sends for later, cancels, and receives what is left under the id that it was given", async () => {
    const sent = await run("delayed.py", "reminders", "500", "first", "second");
    expect(sent.stderr).to.equal("");
    expect(sent.stdout).to.match(/sent second as \S+, for later\ncancelled first: DUE_ANSWER_DONE\n$/);
    const received = await receiveWithNode(cluster.nameServer, "reminders", 1);
    expect(received.map(({ id }) => id)).to.deep.equal(idsOf(sent.stdout).slice(1));
    const pulled = await run("receive.py", "reminders", "readers", "1");
    expect(idsOf(pulled.stdout)).to.deep.equal(idsOf(sent.stdout).slice(1));
  });

  it("goes on where the group was", async () => {
    await run("send.py", "places", "one", "two");
    expect((await run("receive.py", "places", "readers", "1")).stdout).to.include("acknowledged 1");
    await run("send.py", "places", "three");
    const rest = await run("receive.py", "places", "readers", "2");
    expect(rest.stdout).to.include("acknowledged 2");
  });

  it("sends what the Node SDK receives, with tag, keys and properties", async () => {
    const sent = idsOf((await run("send.py", "to-node", "eins", "zwei")).stdout);
    const received = await receiveWithNode(cluster.nameServer, "to-node", 2);
    expect(received.map(({ id }) => id)).to.have.members(sent);
    for (const message of received) {
      expect(message).to.deep.include({ tag: "python", properties: { language: "python" }, attempt: 1 });
      expect(message.keys).to.deep.equal([`${Buffer.from(message.body)}`]);
    }
  });

  it("receives what the Node SDK sent, compressed or not", async () => {
    await run("send.py", "from-node");
    const sent = await sendFromNode(cluster.nameServer, "from-node", ["kurz", LONG_TEXT]);
    const received = (await run("receive.py", "from-node", "readers", "2")).stdout;
    expect(idsOf(received)).to.include.members(sent);
    expect(received).to.include(`received ${LONG_TEXT} as`).and.include("received kurz as");
  });

  it("publishes many in one frame", async () => {
    const sent = await run("publish.py", "frames", "a", "b", "c");
    expect(sent.stderr).to.equal("");
    const received = await run("receive.py", "frames", "readers", "3");
    expect(idsOf(received.stdout)).to.have.members(idsOf(sent.stdout)).and.to.have.length(3);
  });

  it("runs transactions: commits, rolls back, and answers what the broker asks (A3-13, A11-07)", async () => {
    const { stdout, stderr, code } = await run("transaction.py", "transfers");
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.include("asked about unsure: commit\n").and.not.include("asked about paid");
    const received = (await run("receive.py", "transfers", "readers", "2")).stdout;
    const idOf = (text: string): string => new RegExp(` ${text} as (\\S+)`).exec(stdout)?.[1] ?? "";
    expect(received)
      .to.include(`received paid as ${idOf("paid")}`)
      .and.not.include("refused");
    const messages = await receiveWithNode(cluster.nameServer, "transfers", 2);
    expect(messages.map(({ id }) => id)).to.have.members([idOf("paid"), idOf("unsure")]);
  });

  it("finds services, methods and health without stubs, as grpcurl does", async () => {
    const { stdout, stderr } = await run("call.py", cluster.broker);
    expect(stderr).to.equal("");
    expect(stdout).to.include(
      "logwheel.v1.Broker Send SendBatch Publish Pull Seek Consume Ack ChangeDelayed Settle Check\n",
    );
    expect(stdout)
      .to.include("grpc.health.v1.Health")
      .and.to.match(/\nSERVING\n$/);
  });

  it("calls a method that reflection described, and sees the code of a refusal", async () => {
    const topic = { topic: { name: "reflected", queues: 1, type: "TOPIC_TYPE_NORMAL" } };
    await run("call.py", cluster.broker, "logwheel.v1.Admin/CreateTopic", JSON.stringify(topic));
    const message = { topic: "reflected", message: { body: "aGVsbG8=" } };
    const sent = await run("call.py", cluster.broker, "logwheel.v1.Broker/Send", JSON.stringify(message));
    expect(JSON.parse(sent.stdout).receipt).to.include({ written: true, flushed: true });
    const lost = { ...message, topic: "missing" };
    const refused = await run("call.py", cluster.broker, "logwheel.v1.Broker/Send", JSON.stringify(lost));
    expect([refused.code, refused.stdout]).to.deep.equal([1, ""]);
    expect(refused.stderr).to.match(/"missing".*\[TOPIC_NOT_FOUND\]\n$/);
  });
});

function idsOf(output: string): string[] {
  return [...output.matchAll(/ as (\S+-\d+-\d+)/g)].map(([, id = ""]) => id);
}

function lastLine({ stderr }: Ended): string {
  return stderr.trim().split("\n").at(-1) ?? "";
}
