import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import type { CallContext, Codec } from "../../../proto/kernel/channel.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { LocalChannel } from "../../../proto/kernel/local-channel.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { MemoryNetwork } from "../../../proto/kernel/memory-channel.js";
import { Router } from "../../../proto/kernel/router.js";
import { codeOf } from "../../support/refusal.js";

const text: Codec<string> = {
  encode: (value) => Buffer.from(value),
  decode: (bytes) => {
    if (bytes.includes("\0")) throw new LogwheelError("BAD_REQUEST", "no text");
    return bytes.toString();
  },
};
const ASK = { path: "/t.T/Ask", kind: "unary", request: text, reply: text } as const;
const TALK = { path: "/t.T/Talk", kind: "stream", request: text, reply: text } as const;
const OTHER = { ...ASK, path: "/t.T/Other" };

describe("LocalChannel", () => {
  const clock = new TestClock();
  let answer: (request: string, call: CallContext) => Promise<string> | string;
  let channel: LocalChannel;

  beforeEach(() => {
    const served = [
      {
        name: "t.T",
        service: { ask: ASK, talk: TALK },
        handlers: {
          ask: (request: string, call: CallContext) => answer(request, call),
          talk: (stream: { end(): void; listen(events: object): void }) => {
            stream.listen({ message() {}, close() {} });
            stream.end();
          },
        },
      },
    ];
    const network = new MemoryNetwork({ clock, logger: silentLogger });
    network.serve("here:0", served);
    const router = new Router(served, silentLogger);
    channel = new LocalChannel({ address: "here:0", router, clock, streams: network.connect("here:0") });
  });

  it("answers what the handler says, by way of its codecs", async () => {
    answer = (request, { peer, header }) => `${request} of ${peer} ${header("a")}`;
    expect(await channel.unary(ASK, "x")).to.equal("x of local undefined");
    expect(await codeOf(channel.unary(ASK, "\0"))).to.equal("BAD_REQUEST");
    answer = () => "\0";
    expect(await codeOf(channel.unary(ASK, "x"))).to.equal("PROTOCOL");
  });

  it("refuses what the handler refuses, what nobody serves, and what cannot be written", async () => {
    answer = async () => {
      throw new LogwheelError("DISK_FULL", "full");
    };
    expect(await codeOf(channel.unary(ASK, "x"))).to.equal("DISK_FULL");
    expect(await codeOf(channel.unary(OTHER, "x"))).to.equal("UNSUPPORTED_VERSION");
    const request = {
      ...text,
      encode: () => {
        throw new LogwheelError("BAD_REQUEST", "no");
      },
    };
    expect(await codeOf(channel.unary({ ...ASK, request }, "x"))).to.equal("BAD_REQUEST");
  });

  it("waits as long as its caller does, and not for one that has gone", async () => {
    let given: AbortSignal | undefined;
    answer = (_, { signal }) => {
      given = signal;
      return new Promise(() => {});
    };
    const slow = codeOf(channel.unary(ASK, "x", { timeoutMs: 1_000 }));
    await clock.advance(1_000);
    expect(await slow).to.equal("TIMEOUT");
    const caller = new AbortController();
    const gone = codeOf(channel.unary(ASK, "x", { signal: caller.signal }));
    expect(given?.aborted).to.equal(false);
    caller.abort();
    expect(await gone).to.equal("ABORTED");
    expect(given?.aborted).to.equal(true);
    given = undefined;
    expect(await codeOf(channel.unary(ASK, "x", { signal: caller.signal }))).to.equal("ABORTED");
    expect(given).to.equal(undefined);
    answer = (request) => request;
    expect(await channel.unary(ASK, "y", { timeoutMs: 1_000 })).to.equal("y");
    expect(clock.waiting).to.equal(0);
  });

  it("opens streams in the network, and ends with it", async () => {
    const ended = await new Promise((resolve) =>
      channel.open(TALK).listen({ message() {}, end: () => resolve("ended"), close() {} }),
    );
    expect(ended).to.equal("ended");
    channel.close();
    expect(await codeOf(channel.unary(ASK, "x"))).to.equal("CLOSED");
  });
});
