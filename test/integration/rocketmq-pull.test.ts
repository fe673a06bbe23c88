import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials, Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { expect } from "chai";
import { connect, topic } from "../../client/index.js";
import type { PullMessageRequest } from "../../proto/gen/apache/rocketmq/v2/PullMessageRequest.js";
import type { PullMessageResponse__Output } from "../../proto/gen/apache/rocketmq/v2/PullMessageResponse.js";
import type { Method } from "../../proto/kernel/channel.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { ServerProcess } from "../support/server-process.js";

const FREE = "127.0.0.1:0";
const QUEUE = { topic: { name: "orders" }, id: 0, broker: { name: "a" } };
const GROUP = { name: "readers" };

/** No official client pulls: these calls are as the protocol's files say. */
describe("a client of RocketMQ's protocol that pulls", function () {
  this.timeout(60_000);
  let folder: string;
  let client: Client;
  const metadata = new Metadata();
  metadata.set("x-mq-client-id", "puller");

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-rocketmq-pull-"));
    const namesrv = (await ServerProcess.start(["server", "namesrv", "--listen", FREE])).address();
    const options = { name: "a", namesrv, listen: FREE, data: folder, "segment-bytes": "16MiB" };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const broker = await ServerProcess.start(["server", "broker", ...args]);
    client = new Client(broker.address(), credentials.createInsecure());
    const native = await connect({ endpoints: namesrv, logger: false });
    await native.admin.topics.create("orders", { queues: 1 });
    const producer = native.producer();
    for (const body of ["one", "two", "three"])
      await producer.send({ topic: topic("orders"), body: Buffer.from(body) });
    await native.close();
  });
  after(async () => {
    client.close();
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  it("reads on where it has committed", async () => {
    const { queryOffset, updateOffset, getOffset } = MESSAGING;
    const named = { group: GROUP, messageQueue: QUEUE };
    const end = await unary(queryOffset, { messageQueue: QUEUE, queryOffsetPolicy: 1 });
    expect([end.status?.code, end.offset]).to.deep.equal([20000, 3]);
    expect((await unary(getOffset, named)).status?.code).to.equal(40404);
    expect((await unary(updateOffset, { ...named, offset: 1 })).status?.code).to.equal(20000);
    const { offset } = await unary(getOffset, named);
    const { frames, code } = await pull({ offset }, 10_000);
    const bodies = frames.flatMap(({ message }) => (message == null ? [] : [message.body.toString()]));
    expect([code, bodies, frames.at(-1)!.nextOffset]).to.deep.equal([status.OK, ["two", "three"], 3]);
  });

  it("is answered within its deadline, however long it would have the server wait", async () => {
    const { frames, code } = await pull({ offset: 3, longPollingTimeout: { seconds: 30, nanos: 0 } }, 2_000);
    expect([code, frames.map((frame) => frame.status?.code)]).to.deep.equal([status.OK, [40401, undefined]]);
  });

  function unary<Q, QOut, R, ROut>(
    { path, request, reply }: Method<Q, QOut, R, ROut>,
    asked: Q,
  ): Promise<ROut> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, request.encode, reply.decode, asked, metadata, (error, answer) =>
        error === null ? resolve(answer!) : reject(error),
      );
    });
  }

  async function pull(
    more: PullMessageRequest,
    withinMs: number,
  ): Promise<{ frames: PullMessageResponse__Output[]; code: number }> {
    const { path, request, reply } = MESSAGING.pullMessage;
    const asked = { group: GROUP, messageQueue: QUEUE, batchSize: 32, ...more };
    const deadline = Date.now() + withinMs;
    const call = client.makeServerStreamRequest(path, request.encode, reply.decode, asked, metadata, {
      deadline,
    });
    const frames: PullMessageResponse__Output[] = [];
    call.on("data", (frame) => frames.push(frame)).on("error", () => {});
    const [{ code }] = (await once(call, "status")) as [StatusObject];
    return { frames, code };
  }
});
