import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import type { Codec } from "../../../proto/kernel/channel.js";
import { systemClock } from "../../../proto/kernel/clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { MemoryNetwork } from "../../../proto/kernel/memory-channel.js";
import { describeChannel } from "../../contract/channel.js";
import { Recorder } from "../../support/recorder.js";

describeChannel("memory", async () => {
  const network = new MemoryNetwork({ clock: systemClock, logger: silentLogger });
  let port = 1;
  return {
    connect: network.connect,
    serve: async (served, address) => network.serve(address ?? `server:${port++}`, served),
    close: async () => {},
  };
});

describe("MemoryNetwork", () => {
  const text: Codec<string> = { encode: (value) => Buffer.from(value), decode: (bytes) => bytes.toString() };
  const SERVICE = {
    ask: { path: "/t.T/Ask", kind: "unary", request: text, reply: text },
    talk: { path: "/t.T/Talk", kind: "stream", request: text, reply: text },
  } as const;

  it("breaks calls and streams at a cut, refuses new ones, and works again when healed", async () => {
    const network = new MemoryNetwork({ clock: new TestClock(), logger: silentLogger });
    const handlers = {
      ask: (request: string) => (request === "wait" ? new Promise<string>(() => {}) : "there"),
      talk: (stream: { listen(events: object): void }) => stream.listen({ message() {}, close() {} }),
    };
    network.serve("a:1", [{ name: "t.T", service: SERVICE, handlers }]);
    const channel = network.connect("a:1");
    const client = new Recorder(channel.open(SERVICE.talk));
    const waiting = channel.unary(SERVICE.ask, "wait").catch((thrown: unknown) => thrown);
    network.cut("a:1");
    await client.over();
    expect(LogwheelError.is(client.error, "CONNECTION_LOST")).to.equal(true);
    expect(LogwheelError.is(await waiting, "CONNECTION_LOST")).to.equal(true);
    const refused = await channel.unary(SERVICE.ask, "x").catch((thrown: unknown) => thrown);
    expect(LogwheelError.is(refused, "BROKER_UNAVAILABLE")).to.equal(true);
    network.heal("a:1");
    expect(await channel.unary(SERVICE.ask, "x")).to.equal("there");
  });

  it("lets timers run however busy its streams are", async () => {
    const network = new MemoryNetwork({ clock: systemClock, logger: silentLogger });
    let turns = 0;
    const handlers = {
      ask: () => "",
      talk: (stream: { write(m: string): boolean; listen(events: object): void }) =>
        stream.listen({ message: (m: string) => stream.write(m), close() {} }),
    };
    network.serve("a:1", [{ name: "t.T", service: SERVICE, handlers }]);
    const stream = network.connect("a:1").open(SERVICE.talk);
    const client: Recorder<string> = new Recorder(stream, { message: () => stream.write(`${++turns}`) });
    stream.write("go");
    await systemClock.sleep(5);
    expect(turns).to.be.above(100);
    stream.fail(new LogwheelError("ABORTED", "enough"));
    await client.over();
  });
});
