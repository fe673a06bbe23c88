import { expect } from "chai";
import type { Codec, Stream } from "../../../proto/kernel/channel.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { type Logger, silentLogger } from "../../../proto/kernel/logger.js";
import { Router } from "../../../proto/kernel/router.js";

const text: Codec<string> = { encode: (value) => Buffer.from(value), decode: (bytes) => bytes.toString() };
const SERVICE = {
  ask: { path: "/t.T/Ask", kind: "unary", request: text, reply: text },
  talk: { path: "/t.T/Talk", kind: "stream", request: text, reply: text },
} as const;
const call = { peer: "here", signal: new AbortController().signal, header: () => undefined };

describe("Router", () => {
  function route(handlers: object) {
    const logged: object[] = [];
    const logger: Logger = { ...silentLogger, error: (fields) => void logged.push(fields) };
    const router = new Router(
      [{ name: "t.T", service: SERVICE, handlers: handlers as Record<string, unknown> }],
      logger,
    );
    return { router, logged, ask: router.routes.get("/t.T/Ask")!, talk: router.routes.get("/t.T/Talk")! };
  }

  it("refuses to begin without a handler for every method", () => {
    expect(() => route({ ask: () => "" })).to.throw(/t\.T has no handler for talk/);
  });

  it("keeps handlers bound to what they belong to", async () => {
    class Handlers {
      readonly #greeting = "hi ";
      ask(request: string): string {
        return this.#greeting + request;
      }
      talk(): void {}
    }
    const { router, ask } = route(new Handlers());
    expect((await router.unary(ask, Buffer.from("you"), call)).toString()).to.equal("hi you");
  });

  it("logs bugs with their method and the thrown thing, and nothing that callers are told", async () => {
    const bug = new TypeError("oops");
    const { router, logged, ask } = route({
      ask: (request: string) => {
        throw request === "bug" ? bug : new LogwheelError("THROTTLED", "later");
      },
      talk: () => {},
    });
    for (const [request, code] of [
      ["bug", "INTERNAL"],
      ["x", "THROTTLED"],
    ] as const) {
      const thrown = await router.unary(ask, Buffer.from(request), call).catch((error: unknown) => error);
      expect(LogwheelError.is(thrown, code)).to.equal(true);
    }
    expect(logged).to.deep.equal([{ err: bug, method: "/t.T/Ask" }]);
  });

  it("fails a stream with what its handler threw", () => {
    const { router, talk } = route({
      ask: () => "",
      talk: () => {
        throw new LogwheelError("THROTTLED", "later");
      },
    });
    const failures: Error[] = [];
    const stream = { fail: (error: Error) => void failures.push(error) } as unknown as Stream<Buffer, Buffer>;
    router.stream(talk, stream, call);
    expect(LogwheelError.is(failures[0], "THROTTLED")).to.equal(true);
  });
});
