import { expect } from "chai";
import { settle } from "../../client/testing/test-clock.js";
import { Recorder } from "../support/recorder.js";
import { failure } from "../support/refusal.js";
import { aborted, door, ECHO, type EchoNetwork, expectError } from "./echo-network.js";

/** Servers and closed channels of every network. */
export function describeServers(network: () => EchoNetwork): void {
  describe("servers", () => {
    it("end streams with BROKER_STOPPING, let running calls finish and then take no more", async () => {
      const called = door();
      const finish = door();
      const server = await network().serve({
        ask: async () => {
          called.open();
          await finish.opened;
          return "finished";
        },
        talk: (stream) => stream.listen({ message: (m) => stream.write(m), close() {} }),
      });
      const channel = network().connect(server.address);
      const stream = channel.open(ECHO.talk);
      const client = new Recorder(stream);
      stream.write("hello");
      await client.until(() => client.messages.length === 1);
      expect(server.connections()).to.equal(1);
      const asking = channel.unary(ECHO.ask, "x");
      await called.opened;
      const stopped = server.stop(60_000);
      expect(server.stop(0)).to.equal(stopped);
      await client.over();
      expectError(client.error, "BROKER_STOPPING", "no");
      finish.open();
      expect(await asking).to.equal("finished");
      await stopped;
      const code = (await failure(channel.unary(ECHO.ask, "x"))).code;
      expect(code).to.be.oneOf(["BROKER_UNAVAILABLE", "BROKER_STOPPING"]);
    });

    it("drop what has not finished when the grace is over", async () => {
      const called = door();
      const gone = door();
      const server = await network().serve({
        ask: async (_request, call) => {
          called.open();
          await aborted(call.signal);
          gone.open();
          return "never";
        },
      });
      const failing = failure(network().connect(server.address).unary(ECHO.ask, "x"));
      await called.opened;
      await server.stop(30);
      expectError(await failing, "CONNECTION_LOST", "maybe");
      await gone.opened;
    });

    it("refuse an address that is taken", async () => {
      const { address } = await network().serve({});
      expectError(await failure(network().serve({}, address)), "CONFLICT");
    });

    it("are found again by the same channel after a restart", async () => {
      const first = await network().serve({ ask: () => "first" });
      const channel = network().connect(first.address);
      expect(await channel.unary(ECHO.ask, "?")).to.equal("first");
      await first.stop(0);
      expect((await failure(channel.unary(ECHO.ask, "?"))).sent).to.be.oneOf(["no", "maybe"]);
      await network().serve({ ask: () => "second" }, first.address);
      let reply = "";
      while (reply === "") {
        await settle();
        reply = await channel.unary(ECHO.ask, "?").catch(() => "");
      }
      expect(reply).to.equal("second");
    });
  });

  describe("a closed channel", () => {
    it("fails what is under way and whatever comes after", async () => {
      const called = door();
      const channel = await network().connected({
        ask: async (_request, call) => {
          called.open();
          await aborted(call.signal);
          return "never";
        },
        talk: (stream) => stream.listen({ message() {}, close() {} }),
      });
      const client = new Recorder(channel.open(ECHO.talk));
      const failing = failure(channel.unary(ECHO.ask, "x"));
      await called.opened;
      channel.close();
      expectError(await failing, "CLOSED", "maybe");
      await client.over();
      expectError(client.error, "CLOSED");
      expectError(await failure(channel.unary(ECHO.ask, "x")), "CLOSED", "no");
      const after = new Recorder(channel.open(ECHO.talk));
      await after.over();
      expectError(after.error, "CLOSED", "no");
    });
  });
}
