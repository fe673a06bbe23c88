import { expect } from "chai";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { failure } from "../support/refusal.js";
import { aborted, door, ECHO, type EchoNetwork, expectError, UNSERVED } from "./echo-network.js";

/** Unary calls of every network. */
export function describeUnary(network: () => EchoNetwork): void {
  describe("unary calls", () => {
    it("carry the request there and the reply back", async () => {
      const channel = await network().connected({ ask: (request) => `${request} to you` });
      expect(await channel.unary(ECHO.ask, "good day")).to.equal("good day to you");
    });

    it("may answer nothing at all", async () => {
      const channel = await network().connected({ ask: async () => "" });
      expect(await channel.unary(ECHO.ask, "")).to.equal("");
    });

    it("run side by side and answer each to its own caller", async () => {
      const channel = await network().connected({ ask: async (request) => request.toUpperCase() });
      const words = Array.from({ length: 50 }, (_, i) => `word ${i}`);
      const replies = await Promise.all(words.map((word) => channel.unary(ECHO.ask, word)));
      expect(replies).to.deep.equal(words.map((word) => word.toUpperCase()));
    });

    it("fail with the handler's error, whole: code, sentence, sent and hint", async () => {
      const channel = await network().connected({
        ask: () => {
          throw new LogwheelError("THROTTLED", "zu viel: 10 % über dem Limit 💧 \ud800", {
            retryAfterMs: 250,
            sent: "maybe",
          });
        },
      });
      const error = await failure(channel.unary(ECHO.ask, "x"));
      expectError(error, "THROTTLED", "maybe");
      expect(error.message).to.equal("zu viel: 10 % über dem Limit 💧 \ufffd");
      expect(error.details.retryAfterMs).to.equal(250);
    });

    it("fail with INTERNAL when the handler has a bug, thrown or rejected", async () => {
      const channel = await network().connected({
        ask: (request) => {
          if (request === "now") throw new TypeError("oops");
          return Promise.reject(new TypeError("oops"));
        },
      });
      expectError(await failure(channel.unary(ECHO.ask, "now")), "INTERNAL");
      expectError(await failure(channel.unary(ECHO.ask, "later")), "INTERNAL");
    });

    it("are refused when the server does not know the method", async () => {
      const channel = await network().connected({});
      expectError(await failure(channel.unary(UNSERVED, "x")), "UNSUPPORTED_VERSION");
    });

    it("fail with BAD_REQUEST when the request cannot be encoded or decoded", async () => {
      const channel = await network().connected({ ask: () => "fine" });
      expectError(await failure(channel.unary(ECHO.ask, "unsayable")), "BAD_REQUEST", "no");
      expectError(await failure(channel.unary(ECHO.ask, "nonsense")), "BAD_REQUEST");
    });

    it("fail with PROTOCOL when the reply makes no sense", async () => {
      const channel = await network().connected({ ask: () => "nonsense" });
      expectError(await failure(channel.unary(ECHO.ask, "x")), "PROTOCOL", "maybe");
    });

    it("end with TIMEOUT, and the handler's signal says so", async () => {
      const gone = door();
      const channel = await network().connected({
        ask: async (_request, call) => {
          await aborted(call.signal);
          gone.open();
          return "too late";
        },
      });
      expectError(await failure(channel.unary(ECHO.ask, "x", { timeoutMs: 60 })), "TIMEOUT", "maybe");
      await gone.opened;
    });

    it("end with ABORTED when the caller's signal aborts, and the handler's signal says so", async () => {
      const called = door();
      const gone = door();
      const channel = await network().connected({
        ask: async (_request, call) => {
          called.open();
          await aborted(call.signal);
          gone.open();
          return "too late";
        },
      });
      const caller = new AbortController();
      const failing = failure(channel.unary(ECHO.ask, "x", { signal: caller.signal }));
      await called.opened;
      caller.abort();
      expectError(await failing, "ABORTED", "maybe");
      await gone.opened;
    });

    it("are not sent when the signal has aborted before", async () => {
      let calls = 0;
      const channel = await network().connected({ ask: () => `${++calls}` });
      const error = await failure(channel.unary(ECHO.ask, "x", { signal: AbortSignal.abort() }));
      expectError(error, "ABORTED", "no");
      expect(await channel.unary(ECHO.ask, "x")).to.equal("1");
    });

    it("fail with BROKER_UNAVAILABLE, surely not sent, when nothing listens", async () => {
      const server = await network().serve({});
      await server.stop(0);
      const channel = network().connect(server.address);
      expectError(await failure(channel.unary(ECHO.ask, "x")), "BROKER_UNAVAILABLE", "no");
      expectError(await failure(channel.unary(ECHO.ask, "x")), "BROKER_UNAVAILABLE", "no");
    });
  });
}
