import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials, Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { expect } from "chai";
import type { TelemetryCommand } from "../../proto/gen/apache/rocketmq/v2/TelemetryCommand.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { ServerProcess } from "../support/server-process.js";

const FREE = "127.0.0.1:0";

describe("a broker with clients of RocketMQ that stops", () => {
  let folder: string;
  let broker: ServerProcess;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-rocketmq-stop-"));
    const namesrv = (await ServerProcess.start(["server", "namesrv", "--listen", FREE])).address();
    const options = { name: "a", namesrv, listen: FREE, data: folder, "segment-bytes": "16MiB" };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    broker = await ServerProcess.start(["server", "broker", ...args]);
  });
  after(async () => {
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  it("ends their telemetry without an error: who has shut down does not listen for one, and would die of it", async () => {
    const { path, request, reply } = MESSAGING.telemetry;
    const client = new Client(broker.address(), credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set("x-mq-client-id", "producer");
    const encode = (command: TelemetryCommand): Buffer => Buffer.from(request.encode(command));
    const telemetry = client.makeBidiStreamRequest(path, encode, reply.decode, metadata);
    telemetry.on("error", () => {});
    const over = once(telemetry, "status");
    telemetry.write({ settings: { publishing: { topics: [] } } });
    const [answer] = await once(telemetry, "data");
    expect(answer.settings).to.be.an("object");
    telemetry.resume();
    const { code } = await broker.stop();
    const [{ code: told }] = (await over) as [StatusObject];
    client.close();
    expect([code, told]).to.deep.equal([0, status.OK]);
  });
});
