import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { codeOf } from "../support/refusal.js";
import { ServerProcess } from "../support/server-process.js";

const CALL = { timeoutMs: 10_000 };

describe("clients of RocketMQ at a broker", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-rocketmq-off-"));
  });
  after(async () => {
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  for (const [flags, code] of [
    [[], "none"],
    [["--rocketmq", "false"], "UNSUPPORTED_VERSION"],
  ] as const)
    it(`are ${code === "none" ? "served" : `refused (${code})`} with ${flags.join(" ") || "no flags"}`, async () => {
      const data = join(folder, code);
      const args = [
        "server",
        "broker",
        "--data",
        data,
        "--listen",
        "127.0.0.1:0",
        "--segment-bytes",
        "16MiB",
      ];
      const broker = await ServerProcess.start([...args, "--namesrv", "127.0.0.1:1", ...flags]);
      const connect = grpcConnect({
        clock: systemClock,
        random: Math.random,
        logger: silentLogger,
        client: "test",
      });
      const channel = connect(broker.address());
      expect(await codeOf(channel.unary(ADMIN.describeBroker, {}, CALL))).to.equal("none");
      expect(await codeOf(channel.unary(MESSAGING.queryRoute, { topic: { name: "t" } }, CALL))).to.equal(
        code,
      );
      expect(await codeOf(channel.unary(ADMIN.listRocketmqClients, {}, CALL))).to.equal(
        code === "none" ? "none" : "CONFLICT",
      );
      channel.close();
    });
});
