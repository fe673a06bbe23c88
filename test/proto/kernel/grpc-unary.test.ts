import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { expect } from "chai";
import { settle } from "../../../client/testing/test-clock.js";
import type { CallContext } from "../../../proto/kernel/channel.js";
import { systemClock } from "../../../proto/kernel/clock.js";
import { Deadlines } from "../../../proto/kernel/grpc-deadlines.js";
import { UnaryCall } from "../../../proto/kernel/grpc-unary.js";
import type { Listening } from "../../../proto/kernel/listening.js";
import type { Route } from "../../../proto/kernel/router.js";
import { BYTES, framed, GrpcPeers, request } from "../../support/grpc-peers.js";
import { FRAME, frame, RudePeer } from "../../support/http2-frames.js";
import { Http2Peer } from "../../support/http2-peer.js";
import { until } from "../../support/until.js";

const OK = "0";
const INVALID_ARGUMENT = "3";
const DEADLINE_EXCEEDED = "4";
const UNIMPLEMENTED = "12";
const INTERNAL = "13";

const END_STREAM = 1;
/** A type of frames that there is not. */
const UNKNOWN = 77;

describe("unary calls on the wire", () => {
  let peers: GrpcPeers;
  let server: Listening;
  let client: ClientHttp2Session;
  let asked: CallContext[];
  let hang: boolean;

  beforeEach(async () => {
    peers = new GrpcPeers();
    asked = [];
    hang = false;
    server = await peers.start({
      ask: (bytes, call) => {
        asked.push(call);
        return hang ? new Promise<Buffer>(() => {}) : bytes;
      },
    });
    client = peers.session(server);
  });

  afterEach(() => peers.close());

  /** Headers, body and trailers of the answer to what is sent in these pieces. */
  async function answer(
    pieces: readonly Uint8Array[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: unknown; message: string; body: string; headers: IncomingHttpHeaders }> {
    const stream: ClientHttp2Stream = request(client, BYTES.ask.path, headers);
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A refusal is all headers.
    const sent: IncomingHttpHeaders[] = [];
    for (const event of ["response", "trailers"]) stream.on(event, (block) => sent.push(block));
    const over = once(stream, "close");
    for (const piece of pieces) stream.write(piece);
    stream.end();
    await over;
    const [response, trailers] = [sent[0]!, sent.at(-1)!];
    return {
      status: String(trailers["grpc-status"]),
      message: decodeURI(String(trailers["grpc-message"] ?? "")),
      body: Buffer.concat(chunks).toString(),
      headers: response,
    };
  }

  it("are answered with one message, a status and the version of the protocol", async () => {
    const { status, body, headers } = await answer([framed(Buffer.from("hello"))]);
    expect({ status, body }).to.deep.equal({ status: OK, body: "\0\0\0\0\x05hello" });
    expect(headers).to.include({
      "content-type": "application/grpc+proto",
      "logwheel-protocol": "1",
      "grpc-accept-encoding": "identity",
    });
    expect(headers[":status"]).to.equal(200);
  });

  it("may come a byte at a time, and be empty", async () => {
    const bytes = [...framed(Buffer.from("abc"))].map((byte) => Buffer.of(byte));
    expect((await answer(bytes)).body).to.equal("\0\0\0\0\x03abc");
    expect((await answer([framed(Buffer.alloc(0))])).body).to.equal("\0\0\0\0\0");
  });

  it("tell their handlers who calls, and with what headers", async () => {
    await answer([framed(Buffer.from("x"))], { "x-mq-namespace": "shop" });
    expect(asked[0]!.peer).to.match(/^127\.0\.0\.1:\d+$/);
    expect(asked[0]!.header("x-mq-namespace")).to.equal("shop");
    expect(asked[0]!.header("x-mq-client-id")).to.equal(undefined);
    expect(asked[0]!.signal.aborted).to.equal(true);
  });

  it("are refused without a message, with two, with a part of one, with a compressed one and with one that is too large", async () => {
    const one = framed(Buffer.from("x"));
    expect(await answer([])).to.include({
      status: UNIMPLEMENTED,
      message: "/t.T/Ask takes one message, and none came",
    });
    for (const cut of [[one.subarray(0, 3)], [one.subarray(0, 5)], [one, Buffer.of(0)]])
      expect(await answer(cut)).to.include({
        status: INVALID_ARGUMENT,
        message: "the call ends in the middle of a message",
      });
    expect(await answer([one, one])).to.include({
      status: UNIMPLEMENTED,
      message: "/t.T/Ask takes one message, and a second one came",
    });
    const compressed = await answer([Buffer.from("010000000178", "hex")]);
    expect(compressed.status).to.equal(UNIMPLEMENTED);
    expect(compressed.message).to.include("compressed messages are not taken");
    const large = await answer([Buffer.from("00ffffffff", "hex")]);
    expect(large.status).to.equal(INVALID_ARGUMENT);
    expect(large.message).to.include("larger than");
    expect(asked).to.deep.equal([]);
  });

  it("end when the time of their caller is over, and their handlers hear of it", async () => {
    hang = true;
    const { status } = await answer([framed(Buffer.from("x"))], { "grpc-timeout": "20m" });
    expect(status).to.equal(DEADLINE_EXCEEDED);
    expect(asked[0]!.signal.aborted).to.equal(true);
  });

  it("are refused with a time that is none, and taken with one that no timer can count", async () => {
    const bytes = framed(Buffer.from("x"));
    expect(await answer([bytes], { "grpc-timeout": "soon" })).to.include({
      status: INTERNAL,
      message: 'grpc-timeout is "soon", which is no time',
    });
    expect(await answer([bytes], { "grpc-timeout": "99999999H" })).to.include({ status: OK });
  });

  it("end for their handlers when the caller goes", async () => {
    hang = true;
    const stream = request(client, BYTES.ask.path);
    stream.end(framed(Buffer.from("x")));
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const { signal } = asked[0]!;
    const aborted = once(signal, "abort");
    stream.close(8);
    await aborted;
    expect(signal.reason).to.have.property("code", "CLOSED");
  });

  it("are not begun when the caller gives them up before they have ended", async () => {
    const peer = new RudePeer(server.address);
    const begun = (): { stream: number; bytes: Buffer } => {
      const { stream, bytes } = peer.open(BYTES.ask.path);
      const data = frame(FRAME.data, 0, stream, framed(Buffer.from("x")));
      return { stream, bytes: Buffer.concat([bytes, data]) };
    };
    const whole = (): Buffer => {
      const { stream, bytes } = begun();
      return Buffer.concat([bytes, frame(FRAME.data, END_STREAM, stream)]);
    };
    const reset = ({ stream }: { stream: number }, code: number): Buffer =>
      frame(FRAME.reset, 0, stream, Buffer.of(0, 0, 0, code));
    const [cancelled, dropped, late] = [begun(), begun(), begun()];
    const atOnce = [cancelled.bytes, reset(cancelled, 8), dropped.bytes, reset(dropped, 0)];
    peer.socket.write(Buffer.concat([...atOnce, late.bytes, whole()]));
    await until("a call is begun", () => asked.length > 0);
    peer.socket.write(Buffer.concat([reset(late, 8), whole()]));
    await until("a call is begun", () => asked.length > 1);
    await settle();
    expect(asked).to.have.length(2);
    peer.end();
  });

  it("count as held while they are whole and their callers do not end them", async () => {
    const limited = await peers.start({}, { limits: { heldBytesMax: 2_500_000 } });
    const rude = peers.session(limited);
    const closed = new Promise((resolve) => rude.once("close", resolve));
    const body = framed(Buffer.alloc(1_000_000));
    const ask = async (bytes: Buffer): Promise<void> => {
      const stream = request(rude, BYTES.ask.path).resume();
      stream.end(bytes);
      await once(stream, "trailers");
    };
    const leave = (): Promise<void> =>
      new Promise((resolve) => request(rude, BYTES.ask.path).write(body, () => resolve()));
    for (let ended = 0; ended < 3; ended++) await ask(body);
    await leave();
    await leave();
    await ask(Buffer.alloc(5));
    expect(limited.connections()).to.equal(1);
    await leave();
    await closed;
  });

  it("keep nothing of what came with them while they wait for their end", async () => {
    const asked: Buffer[] = [];
    const deps = {
      ...{ clock: systemClock, deadlines: new Deadlines(systemClock) },
      ...{ receiveBytesMax: 10, readMs: 1, stalledMs: 1 },
      answer: async (_route: Route, bytes: Buffer) => {
        asked.push(bytes);
        return bytes;
      },
    };
    const route = { method: BYTES.ask, handler: () => {} };
    const peer = new Http2Peer({}, (stream) => void new UnaryCall(stream, route, "peer", deps));
    await peer.greet();
    const one = framed(Buffer.from("x"));
    const company = frame(UNKNOWN, 0, 0, Buffer.alloc(10_000));
    for (const [stream, pieces] of [
      [1, [one]],
      [3, [one.subarray(0, 3), one.subarray(3)]],
    ] as const) {
      peer.open(stream);
      for (const piece of pieces) peer.send(frame(FRAME.data, 0, stream, piece), company);
      peer.send(frame(FRAME.data, END_STREAM, stream));
    }
    expect(asked.map((bytes) => bytes.toString())).to.deep.equal(["x", "x"]);
    for (const bytes of asked) expect(bytes.buffer.byteLength).to.be.below(10_000);
    await peer.seen();
    expect(peer.heldBytes).to.equal(0);
  });

  it("are given up when their callers do not read the answer", async () => {
    const limits = { stalledMs: 100 };
    const large = await peers.start({ ask: () => Buffer.alloc(64_000) }, { limits });
    const deaf = connect(`http://${large.address}`, { settings: { initialWindowSize: 0 } });
    deaf.on("error", () => {});
    peers.onClose(() => deaf.destroy());
    await once(deaf, "localSettings");
    const stream = request(deaf, BYTES.ask.path);
    stream.end(framed(Buffer.from("x")));
    await once(stream, "close");
    expect(stream.rstCode).to.equal(8);
    expect(large.connections()).to.equal(1);
  });

  it("are refused with another content type or method", async () => {
    const statusOf = async (headers: OutgoingHttpHeaders): Promise<unknown> => {
      const stream = client.request({ ":path": BYTES.ask.path, ":method": "POST", ...headers });
      stream.end("x");
      const [response] = await once(stream, "response");
      return response[":status"];
    };
    expect(await statusOf({ "content-type": "text/plain" })).to.equal(415);
    expect(await statusOf({ "content-type": "application/grpc-web+proto" })).to.equal(415);
    expect(await statusOf({ "content-type": "application/grpc;proto" })).to.equal(200);
    expect(await statusOf({ "content-type": "application/grpc", ":method": "PUT" })).to.equal(405);
  });
});
