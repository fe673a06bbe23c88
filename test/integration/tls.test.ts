import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { connect, type Client as Logwheel, topic } from "../../client/index.js";
import type { AnyMethod } from "../../proto/kernel/channel.js";
import { NAME_SERVER } from "../../proto/kernel/contract.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { CERTIFICATE, KEY, OTHER_KEY } from "../support/certificate.js";
import { mustRun } from "../support/program.js";
import { root } from "../support/root.js";
import { ServerProcess } from "../support/server-process.js";

const FREE = "127.0.0.1:0";

/** RocketMQ's client for Node verifies certificates, and learns of an authority by the environment only. */
const SEND = `
import { Producer } from "rocketmq-client-nodejs";
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const endpoints = process.env.ENDPOINTS;
const producer = new Producer({ endpoints, namespace: "", topic: "plain", sslEnabled: true, logger });
await producer.startup();
const { offset } = await producer.send({ topic: "plain", body: Buffer.from("by TLS") });
console.log("sent to", offset);
await producer.shutdown();
process.exit(0);
`;

describe("servers with a certificate", function () {
  this.timeout(60_000);
  let folder: string;
  let files: { cert: string; key: string; other: string };
  let namesrv: ServerProcess;
  let broker: ServerProcess;
  let client: Logwheel;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-tls-"));
    const file = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    files = {
      cert: await file("cert.pem", CERTIFICATE),
      key: await file("key.pem", KEY),
      other: await file("other.pem", OTHER_KEY),
    };
    const tls = ["--tls-cert", files.cert, "--tls-key", files.key];
    namesrv = await ServerProcess.start(["server", "namesrv", "--listen", FREE, ...tls]);
    // From Node 26 on grpc-js reaches no server by TLS whose name is an address.
    const advertise = "localhost:0";
    const options = {
      name: "a",
      namesrv: namesrv.address(),
      listen: FREE,
      advertise,
      data: join(folder, "a"),
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    broker = await ServerProcess.start(["server", "broker", ...args, ...tls]);
    client = await connect({ endpoints: namesrv.address(), logger: false });
    await client.admin.topics.create("plain", { queues: 1, type: "normal" });
  });
  after(async () => {
    await client.close();
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  /** What a client answers that trusts the certificate. */
  async function asked(address: string, { path, reply }: AnyMethod): Promise<object> {
    const trust = credentials.createSsl(Buffer.from(CERTIFICATE));
    const secure = new Client(address.replace("127.0.0.1", "localhost"), trust);
    try {
      return await new Promise<object>((resolve, reject) => {
        const encode = (): Buffer => Buffer.alloc(0);
        secure.makeUnaryRequest(path, encode, reply.decode, {}, (error, answer) =>
          error === null && answer ? resolve(answer) : reject(error),
        );
      });
    } finally {
      secure.close();
    }
  }

  it("serve everything by TLS, and plain clients on the same port", async () => {
    expect(await asked(namesrv.address(), NAME_SERVER.listBrokers)).to.have.nested.property(
      "brokers.length",
      1,
    );
    expect(await asked(broker.address(), MESSAGING.queryRoute)).to.have.nested.property("status.code");
    const { messageId } = await client.producer().send({ topic: topic("plain"), body: Buffer.from("plain") });
    expect(messageId).to.be.a("string");
  });

  it("serve RocketMQ's client for Node by TLS", async () => {
    const ENDPOINTS = broker.address().replace("127.0.0.1", "localhost");
    const environment = { ENDPOINTS, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: files.cert };
    const args = ["--input-type=module", "--eval", SEND];
    const said = await mustRun(process.execPath, args, { folder: root, environment });
    expect(said).to.match(/^sent to \d+\n$/);
  });

  it("stop with code 0", async () => {
    await client.close();
    expect((await broker.stop()).code).to.equal(0);
    expect((await namesrv.stop()).code).to.equal(0);
  });

  it("do not start with a file that is missing, or a key of another certificate, and say which", async () => {
    const start = async (key: string) => {
      const tls = ["--tls-cert", files.cert, "--tls-key", key];
      const { code, stderr } = await ServerProcess.run(["server", "namesrv", "--listen", FREE, ...tls]);
      expect(code).to.not.equal(0);
      return stderr;
    };
    const missing = join(folder, "missing.pem");
    expect(await start(missing)).to.match(/^logwheel: .*tlsKey .*no such file.*missing\.pem.*\n$/);
    expect(await start(files.other)).to.match(
      /^logwheel: tlsCert .*cert\.pem and tlsKey .*other\.pem cannot be used \(key values mismatch\).*\n$/,
    );
  });
});
