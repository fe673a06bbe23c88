import { expect } from "chai";
import { settle } from "../../client/testing/test-clock.js";
import type { Stream } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { Recorder } from "../support/recorder.js";
import { aborted, door, ECHO, type EchoNetwork, expectError } from "./echo-network.js";

/** Streams of every network. */
export function describeStreams(network: () => EchoNetwork): void {
  describe("streams", () => {
    it("carry messages both ways in their order and close well after both ended", async () => {
      const server = door<Recorder<string>>();
      const channel = await network().connected({
        talk: (stream) => {
          server.open(
            new Recorder(stream, {
              message: (message) => stream.write(`re: ${message}`),
              end: () => stream.end(),
            }),
          );
        },
      });
      const stream = channel.open(ECHO.talk);
      const client = new Recorder(stream);
      for (let i = 0; i < 5; i++) stream.write(`${i}`);
      stream.end();
      await client.over();
      const heard = await server.opened;
      await heard.over();
      expect(client.happened).to.deep.equal([
        ...[0, 1, 2, 3, 4].map((i) => `message re: ${i}`),
        "end",
        "close",
      ]);
      expect(client.error).to.equal(null);
      expect(heard.messages).to.deep.equal(["0", "1", "2", "3", "4"]);
      expect(heard.error).to.equal(null);
      expect(heard.happened.at(-1)).to.equal("close");
    });

    it("deliver nothing in the turn in which it was written", async () => {
      const channel = await network().connected({
        talk: (stream) => stream.listen({ message: (m) => stream.write(m), close: () => {} }),
      });
      const stream = channel.open(ECHO.talk);
      const client = new Recorder(stream);
      stream.write("a");
      expect(client.happened).to.deep.equal([]);
      await client.until(() => client.messages.length === 1);
    });

    it("close well when the server ends while the client has not, and hear nothing more", async () => {
      const heard = door<Recorder<string>>();
      const channel = await network().connected({
        talk: (stream) => {
          heard.open(new Recorder(stream));
          stream.write("last words");
          stream.end();
          expect(stream.write("ignored")).to.equal(false);
        },
      });
      const stream = channel.open(ECHO.talk);
      const client = new Recorder(stream);
      await client.over();
      expect(client.happened).to.deep.equal(["message last words", "end", "close"]);
      expect(client.error).to.equal(null);
      expect(stream.write("ignored")).to.equal(false);
      const server = await heard.opened;
      await server.over();
      expect(server.error).to.equal(null);
    });

    it("bring what the server wrote before the error that it failed with", async () => {
      const heard = door<Recorder<string>>();
      const channel = await network().connected({
        talk: (stream) => {
          heard.open(new Recorder(stream));
          stream.write("one");
          stream.write("two");
          stream.fail(new LogwheelError("NOT_ASSIGNED", "moved", { sent: "maybe" }));
        },
      });
      const client = new Recorder(channel.open(ECHO.talk));
      await client.over();
      expect(client.messages).to.deep.equal(["one", "two"]);
      expectError(client.error, "NOT_ASSIGNED", "maybe");
      const server = await heard.opened;
      await server.over();
      expectError(server.error, "NOT_ASSIGNED");
    });

    it("tell the server when the client fails, by close and by signal", async () => {
      const heard = door<Recorder<string>>();
      const gone = door();
      const channel = await network().connected({
        talk: (stream, call) => {
          heard.open(new Recorder(stream));
          aborted(call.signal).then(gone.open, gone.open);
        },
      });
      const stream = channel.open(ECHO.talk);
      const client = new Recorder(stream);
      stream.write("hello");
      const server = await heard.opened;
      await server.until(() => server.messages.length === 1);
      stream.fail(new LogwheelError("CLOSED", "enough"));
      await client.over();
      await server.over();
      await gone.opened;
      expectError(client.error, "CLOSED");
      expectError(server.error, "CONNECTION_LOST");
      expect(client.happened.filter((what) => what === "close").length).to.equal(1);
    });

    it("fail with INTERNAL when the handler throws, or its listener later", async () => {
      const channel = await network().connected({
        talk: (stream) => {
          stream.listen({
            message: (message) => {
              if (message === "bug") throw new TypeError("oops");
            },
            close: () => {},
          });
        },
        pour: () => {
          throw new TypeError("oops");
        },
      });
      const thrown = new Recorder(channel.open(ECHO.pour));
      await thrown.over();
      expectError(thrown.error, "INTERNAL");
      const stream = channel.open(ECHO.talk);
      const client = new Recorder(stream);
      stream.write("fine");
      stream.write("bug");
      await client.over();
      expectError(client.error, "INTERNAL");
    });

    it("fail with BAD_REQUEST when a message cannot be decoded, PROTOCOL when the client cannot", async () => {
      const channel = await network().connected({
        talk: (stream) => stream.listen({ message: () => stream.write("nonsense"), close: () => {} }),
      });
      for (const [message, code] of [
        ["nonsense", "BAD_REQUEST"],
        ["fine", "PROTOCOL"],
        ["unsayable", "BAD_REQUEST"],
      ] as const) {
        const stream = channel.open(ECHO.talk);
        const client = new Recorder(stream);
        stream.write(message);
        await client.over();
        expectError(client.error, code);
      }
    });

    it("stop at a listener's own exception on the client, and nowhere else", async () => {
      const channel = await network().connected({
        talk: (stream) => stream.listen({ message: (m) => stream.write(m), close: () => {} }),
        ask: () => "alive",
      });
      const stream = channel.open(ECHO.talk);
      const client = new Recorder(stream, {
        message: () => {
          throw new TypeError("oops");
        },
      });
      stream.write("a");
      await client.over();
      expectError(client.error, "INTERNAL");
      expect(await channel.unary(ECHO.ask, "?")).to.equal("alive");
    });

    it("end with TIMEOUT and with ABORTED as unary calls do", async () => {
      const channel = await network().connected({
        talk: (stream) => stream.listen({ message() {}, close() {} }),
      });
      const slow = new Recorder(channel.open(ECHO.talk, { timeoutMs: 60 }));
      await slow.over();
      expectError(slow.error, "TIMEOUT");
      const caller = new AbortController();
      const stopped = new Recorder(channel.open(ECHO.talk, { signal: caller.signal }));
      await settle();
      caller.abort();
      await stopped.over();
      expectError(stopped.error, "ABORTED");
      const never = new Recorder(channel.open(ECHO.talk, { signal: AbortSignal.abort() }));
      await never.over();
      expectError(never.error, "ABORTED", "no");
    });

    it("fail with BROKER_UNAVAILABLE when nothing listens", async () => {
      const server = await network().serve({});
      await server.stop(0);
      const channel = network().connect(server.address);
      for (let i = 0; i < 2; i++) {
        const client = new Recorder(channel.open(ECHO.talk));
        await client.over();
        expectError(client.error, "BROKER_UNAVAILABLE", "no");
      }
    });

    it("hold back what comes while paused, and then deliver it in order", async () => {
      const wrote = door();
      const channel = await network().connected({
        talk: (stream) => {
          stream.listen({ message() {}, close() {} });
          for (let i = 0; i < 40; i++) stream.write(`${i}`);
          stream.end();
          wrote.open();
        },
      });
      const stream = channel.open(ECHO.talk);
      stream.pause();
      const client = new Recorder(stream);
      await wrote.opened;
      for (let turn = 0; turn < 20; turn++) await settle();
      expect(client.happened).to.deep.equal([]);
      stream.resume();
      await client.over();
      expect(client.messages).to.deep.equal(Array.from({ length: 40 }, (_, i) => `${i}`));
      expect(client.error).to.equal(null);
    });

    it("push back on a writer whose other side reads nothing, and drain when it does", async () => {
      const reading = door<Stream<Buffer, Buffer>>();
      const poured = { bytes: 0 };
      const channel = await network().connected({
        pour: (stream) => {
          stream.pause();
          stream.listen({
            message: (bytes) => {
              poured.bytes += bytes.length;
            },
            end: () => stream.end(),
            close: () => {},
          });
          reading.open(stream);
        },
      });
      const stream = channel.open(ECHO.pour);
      const client = new Recorder(stream);
      const chunk = Buffer.alloc(256 << 10, 1);
      let written = 0;
      for (let more = true; more; written += chunk.length) {
        more = stream.write(chunk);
        expect(written, "written without push-back").to.be.below(64 << 20);
      }
      (await reading.opened).resume();
      await client.until(() => client.happened.includes("drain"));
      stream.end();
      await client.over();
      expect(client.error).to.equal(null);
      expect(poured.bytes).to.equal(written);
    });

    it("take a buffer that the server writes before write returns", async () => {
      const channel = await network().connected({
        pour: (stream) => {
          stream.listen({ message() {}, close() {} });
          const reused = Buffer.alloc(64 << 10);
          for (let i = 0; i < 64; i++) stream.write(reused.fill(i));
          stream.end();
        },
      });
      const client = new Recorder(channel.open(ECHO.pour));
      await client.over();
      expect(client.messages.map((bytes) => [bytes[0], bytes.at(-1)])).to.deep.equal(
        Array.from({ length: 64 }, (_, i) => [i, i]),
      );
    });
  });
}
