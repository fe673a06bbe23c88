import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { HEALTH, Health } from "../../../proto/kernel/health.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { MemoryNetwork } from "../../../proto/kernel/memory-channel.js";
import { Recorder } from "../../support/recorder.js";

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

describe("Health", () => {
  function start() {
    const network = new MemoryNetwork({ clock: new TestClock(), logger: silentLogger });
    const health = new Health(["logwheel.v1.Broker"]);
    network.serve("a:1", [health.served]);
    return { health, channel: network.connect("a:1") };
  }

  it("serves nothing before it is said so, then the whole server and each service", async () => {
    const { health, channel } = start();
    for (const service of ["", "logwheel.v1.Broker", "grpc.health.v1.Health"]) {
      health.serving = false;
      expect((await channel.unary(HEALTH.check, { service })).status).to.equal(NOT_SERVING);
      health.serving = true;
      expect((await channel.unary(HEALTH.check, { service })).status).to.equal(SERVING);
    }
  });

  it("answers NOT_FOUND for a service that is not served, and a watcher that it is unknown", async () => {
    const { channel } = start();
    const error = await channel.unary(HEALTH.check, { service: "other" }).catch((thrown: unknown) => thrown);
    expect(LogwheelError.is(error, "SERVICE_NOT_FOUND")).to.equal(true);
    const stream = channel.open(HEALTH.watch);
    const watcher = new Recorder(stream);
    stream.write({ service: "other" });
    await watcher.until(() => watcher.messages.length === 1);
    expect(watcher.messages[0]?.status).to.equal(SERVICE_UNKNOWN);
  });

  it("tells watchers the state now and at every change, once each", async () => {
    const { health, channel } = start();
    const stream = channel.open(HEALTH.watch);
    const watcher = new Recorder(stream);
    stream.write({ service: "" });
    stream.end();
    await settle();
    health.serving = false;
    health.serving = true;
    health.serving = true;
    await settle();
    health.serving = false;
    await settle();
    expect(watcher.messages.map(({ status }) => status)).to.deep.equal([NOT_SERVING, SERVING, NOT_SERVING]);
  });

  it("refuses a second request on a watch", async () => {
    const { channel } = start();
    const stream = channel.open(HEALTH.watch);
    const watcher = new Recorder(stream);
    stream.write({ service: "" });
    stream.write({ service: "" });
    await watcher.over();
    expect(LogwheelError.is(watcher.error, "BAD_REQUEST")).to.equal(true);
  });
});
