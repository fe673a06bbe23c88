import {
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { expect } from "chai";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { type ClusterProcesses, startCluster } from "../support/cluster-processes.js";
import { ServerProcess } from "../support/server-process.js";

const connect = grpcConnect({ clock: systemClock, logger: silentLogger, random: () => 0.5 });
const bytes = (value: Buffer): Buffer => value;
const Caller = makeGenericClientConstructor({}, "any");

/** One unary call by its path alone, as a stranger's client makes it. */
function call(
  address: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<ServiceError | null> {
  const client = new Caller(address, credentials.createInsecure());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const options = { deadline: systemClock.nowMs() + 5_000 };
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), metadata, options, (error) => {
      client.close();
      resolve(error);
    });
  });
}

describe("the protocol, over real connections", function () {
  this.timeout(60_000);
  let cluster: ClusterProcesses;

  before(async () => {
    cluster = await startCluster();
  });
  after(async () => {
    await cluster.stop();
    await ServerProcess.killAll();
  });

  it("a call that nobody knows is answered as such, and the broker goes on (A11-05)", async () => {
    for (const path of ["/logwheel.v1.Broker/Nothing", "/any.Service/At"])
      expect((await call(cluster.broker, path))?.code).to.equal(status.UNIMPLEMENTED);
    expect(await call(cluster.broker, "/logwheel.v1.Admin/DescribeBroker")).to.equal(null);
  });

  it("a client of another protocol is refused in words that name both versions (A11-09)", async () => {
    const calls = [
      [cluster.broker, "/logwheel.v1.Admin/DescribeBroker"],
      [cluster.nameServer, "/logwheel.v1.NameServer/ListBrokers"],
    ] as const;
    for (const [address, path] of calls) {
      const refused = await call(address, path, {
        "logwheel-protocol": "99",
        "logwheel-client": "other/3.2",
      });
      expect(refused?.metadata.get("mq-code")).to.deep.equal(["UNSUPPORTED_VERSION"]);
      expect(refused?.details).to.match(/99/).and.to.match(/\b1\b/);
      expect(await call(address, path, { "logwheel-protocol": "1" })).to.equal(null);
    }
  });

  it("a thousand calls at a time share one connection (A11-10)", async () => {
    const channel = connect(cluster.broker);
    const topic = { name: "many", queues: 1, type: 1 } as const;
    await channel.unary(ADMIN.createTopic, { topic }, { timeoutMs: 5_000 });
    const sends = Array.from({ length: 1_000 }, (_, i) =>
      channel.unary(
        BROKER.send,
        { topic: "many", message: { body: Buffer.from(String(i)) } },
        { timeoutMs: 20_000 },
      ),
    );
    const { connections } = await channel.unary(ADMIN.describeBroker, {}, { timeoutMs: 20_000 });
    expect((await Promise.all(sends)).filter(({ receipt }) => receipt?.flushed)).to.have.length(1_000);
    expect(connections).to.be.at.most(3);
    channel.close();
  });
});
