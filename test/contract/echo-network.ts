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

/** The methods that are tried. */
export const ECHO = {
  ask: { path: "/test.Echo/Ask", kind: "unary", request: text, reply: text },
  talk: { path: "/test.Echo/Talk", kind: "stream", request: text, reply: text },
  pour: { path: "/test.Echo/Pour", kind: "stream", request: raw, reply: raw },
} as const satisfies Record<string, Method<never, unknown, never, unknown>>;

/** A method that no server of the suite has. */
export const UNSERVED = { path: "/test.Echo/Unserved", kind: "unary", request: text, reply: text } as const;

type Talk = Stream<string, string>;

/** What a server of the suite does; a call without a handler fails the test. */
export interface EchoHandlers {
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
export function door<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Holds an error against a code and, if given, whether something may have been sent. */
export function expectError(error: Error | null, code: ErrorCode, sent?: string): void {
  expect(error, `an error with code ${code}`).to.be.instanceOf(LogwheelError);
  const known = error as LogwheelError;
  expect(known.code, known.message).to.equal(code);
  if (sent !== undefined) expect(known.sent).to.equal(sent);
}

/** A network under test with the servers and channels of one test. */
export class EchoNetwork {
  readonly #network: ChannelUnderTest;
  readonly #channels: Channel[] = [];
  readonly #servers: Listening[] = [];

  constructor(network: ChannelUnderTest) {
    this.#network = network;
  }

  async serve(handlers: EchoHandlers, address?: string): Promise<Listening> {
    const server = await this.#network.serve(echo(handlers), address);
    this.#servers.push(server);
    return server;
  }

  connect(address: string): Channel {
    const channel = this.#network.connect(address);
    this.#channels.push(channel);
    return channel;
  }

  /** A channel to a new server. */
  async connected(handlers: EchoHandlers): Promise<Channel> {
    return this.connect((await this.serve(handlers)).address);
  }

  async close(): Promise<void> {
    for (const channel of this.#channels) channel.close();
    await Promise.all(this.#servers.map((server) => server.stop(0)));
    await this.#network.close();
  }
}
