import { expect } from "chai";
import type {
  CallContext,
  Channel,
  Codec,
  Connect,
  Method,
  Served,
  Stream,
} from "../../proto/kernel/channel.js";
import { type ErrorCode, LogwheelError } from "../../proto/kernel/errors.js";
import type { Listening } from "../../proto/kernel/listening.js";
import { settle } from "../support/manual-clock.js";
import { Recorder } from "../support/recorder.js";

/** A network to be held against the contract, and its end. */
export interface ChannelUnderTest {
  readonly connect: Connect;
  /** Serves at an address, or at any. */
  serve(served: readonly Served[], address?: string): Promise<Listening>;
  close(): Promise<void>;
}

const text: Codec<string> = {
  encode: (value) => {
    if (value === "unsayable") throw new LogwheelError("BAD_REQUEST", "cannot be encoded");
    return Buffer.from(value);
  },
  decode: (bytes) => {
    const value = bytes.toString();
    if (value === "nonsense") throw new LogwheelError("BAD_REQUEST", "no text of this kind");
    return value;
  },
};
const raw: Codec<Buffer> = { encode: (bytes) => bytes, decode: (bytes) => bytes };

const ECHO = {
  ask: { path: "/test.Echo/Ask", kind: "unary", request: text, reply: text },
  talk: { path: "/test.Echo/Talk", kind: "stream", request: text, reply: text },
  pour: { path: "/test.Echo/Pour", kind: "stream", request: raw, reply: raw },
} as const satisfies Record<string, Method<never, unknown, never, unknown>>;

const UNSERVED = { path: "/test.Echo/Unserved", kind: "unary", request: text, reply: text } as const;

type Talk = Stream<string, string>;

interface EchoHandlers {
  ask?: (request: string, call: CallContext) => Promise<string> | string;
  talk?: (stream: Talk, call: CallContext) => void;
  pour?: (stream: Stream<Buffer, Buffer>, call: CallContext) => void;
}

function echo(handlers: EchoHandlers): Served[] {
  const unused = (): never => {
    throw new Error("not expected");
  };
  return [
    { name: "test.Echo", service: ECHO, handlers: { ask: unused, talk: unused, pour: unused, ...handlers } },
  ];
}

/** A promise with its ends outside. */
function door<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function failure(promise: Promise<unknown>): Promise<LogwheelError> {
  try {
    await promise;
  } catch (thrown) {
    if (LogwheelError.is(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("it did not fail");
}

function expectError(error: Error | null, code: ErrorCode, sent?: string): void {
  expect(error, `an error with code ${code}`).to.be.instanceOf(LogwheelError);
  const known = error as LogwheelError;
  expect(known.code, known.message).to.equal(code);
  if (sent !== undefined) expect(known.sent).to.equal(sent);
}

/** What every network must do. `make` sets up an empty one. */
export function describeChannel(name: string, make: () => Promise<ChannelUnderTest>): void {
  describe(`Channel contract: ${name}`, () => {
    let network: ChannelUnderTest;
    const open: Channel[] = [];
    const listening: Listening[] = [];

    beforeEach(async () => {
      network = await make();
    });

    afterEach(async () => {
      for (const channel of open.splice(0)) channel.close();
      await Promise.all(listening.splice(0).map((server) => server.stop(0)));
      await network.close();
    });

    async function serve(handlers: EchoHandlers, address?: string): Promise<Listening> {
      const server = await network.serve(echo(handlers), address);
      listening.push(server);
      return server;
    }

    function connect(address: string): Channel {
      const channel = network.connect(address);
      open.push(channel);
      return channel;
    }

    async function connected(handlers: EchoHandlers): Promise<Channel> {
      return connect((await serve(handlers)).address);
    }

    describe("unary calls", () => {
      it("carry the request there and the reply back", async () => {
        const channel = await connected({ ask: (request) => `${request} to you` });
        expect(await channel.unary(ECHO.ask, "good day")).to.equal("good day to you");
      });

      it("may answer nothing at all", async () => {
        const channel = await connected({ ask: async () => "" });
        expect(await channel.unary(ECHO.ask, "")).to.equal("");
      });

      it("run side by side and answer each to its own caller", async () => {
        const channel = await connected({ ask: async (request) => request.toUpperCase() });
        const words = Array.from({ length: 50 }, (_, i) => `word ${i}`);
        const replies = await Promise.all(words.map((word) => channel.unary(ECHO.ask, word)));
        expect(replies).to.deep.equal(words.map((word) => word.toUpperCase()));
      });

      it("fail with the handler's error, whole: code, sentence, sent and hint", async () => {
        const channel = await connected({
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
        const channel = await connected({
          ask: (request) => {
            if (request === "now") throw new TypeError("oops");
            return Promise.reject(new TypeError("oops"));
          },
        });
        expectError(await failure(channel.unary(ECHO.ask, "now")), "INTERNAL");
        expectError(await failure(channel.unary(ECHO.ask, "later")), "INTERNAL");
      });

      it("are refused when the server does not know the method", async () => {
        const channel = await connected({});
        expectError(await failure(channel.unary(UNSERVED, "x")), "UNSUPPORTED_VERSION");
      });

      it("fail with BAD_REQUEST when the request cannot be encoded or decoded", async () => {
        const channel = await connected({ ask: () => "fine" });
        expectError(await failure(channel.unary(ECHO.ask, "unsayable")), "BAD_REQUEST", "no");
        expectError(await failure(channel.unary(ECHO.ask, "nonsense")), "BAD_REQUEST");
      });

      it("fail with PROTOCOL when the reply makes no sense", async () => {
        const channel = await connected({ ask: () => "nonsense" });
        expectError(await failure(channel.unary(ECHO.ask, "x")), "PROTOCOL", "maybe");
      });

      it("end with TIMEOUT, and the handler's signal says so", async () => {
        const gone = door();
        const channel = await connected({
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
        const channel = await connected({
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
        const channel = await connected({ ask: () => `${++calls}` });
        const error = await failure(channel.unary(ECHO.ask, "x", { signal: AbortSignal.abort() }));
        expectError(error, "ABORTED", "no");
        expect(await channel.unary(ECHO.ask, "x")).to.equal("1");
      });

      it("fail with BROKER_UNAVAILABLE, surely not sent, when nothing listens", async () => {
        const server = await serve({});
        await server.stop(0);
        const channel = connect(server.address);
        expectError(await failure(channel.unary(ECHO.ask, "x")), "BROKER_UNAVAILABLE", "no");
        expectError(await failure(channel.unary(ECHO.ask, "x")), "BROKER_UNAVAILABLE", "no");
      });
    });

    describe("streams", () => {
      it("carry messages both ways in their order and close well after both ended", async () => {
        const server = door<Recorder<string>>();
        const channel = await connected({
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
        const channel = await connected({
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
        const channel = await connected({
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
        const channel = await connected({
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
        const channel = await connected({
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
        const channel = await connected({
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
        const channel = await connected({
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
        const channel = await connected({
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
        const channel = await connected({ talk: (stream) => stream.listen({ message() {}, close() {} }) });
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
        const server = await serve({});
        await server.stop(0);
        const channel = connect(server.address);
        for (let i = 0; i < 2; i++) {
          const client = new Recorder(channel.open(ECHO.talk));
          await client.over();
          expectError(client.error, "BROKER_UNAVAILABLE", "no");
        }
      });

      it("hold back what comes while paused, and then deliver it in order", async () => {
        const wrote = door();
        const channel = await connected({
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
        const channel = await connected({
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
        const channel = await connected({
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

    describe("servers", () => {
      it("end streams with BROKER_STOPPING, let running calls finish and then take no more", async () => {
        const called = door();
        const finish = door();
        const server = await serve({
          ask: async () => {
            called.open();
            await finish.opened;
            return "finished";
          },
          talk: (stream) => stream.listen({ message: (m) => stream.write(m), close() {} }),
        });
        const channel = connect(server.address);
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
        const server = await serve({
          ask: async (_request, call) => {
            called.open();
            await aborted(call.signal);
            gone.open();
            return "never";
          },
        });
        const failing = failure(connect(server.address).unary(ECHO.ask, "x"));
        await called.opened;
        await server.stop(30);
        expectError(await failing, "CONNECTION_LOST", "maybe");
        await gone.opened;
      });

      it("refuse an address that is taken", async () => {
        const { address } = await serve({});
        expectError(await failure(serve({}, address)), "CONFLICT");
      });

      it("are found again by the same channel after a restart", async () => {
        const first = await serve({ ask: () => "first" });
        const channel = connect(first.address);
        expect(await channel.unary(ECHO.ask, "?")).to.equal("first");
        await first.stop(0);
        expect((await failure(channel.unary(ECHO.ask, "?"))).sent).to.be.oneOf(["no", "maybe"]);
        await serve({ ask: () => "second" }, first.address);
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
        const channel = await connected({
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
  });
}
