import { once } from "node:events";
import { type ClientHttp2Session, constants, connect as http2Connect } from "node:http2";
import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import { type Clock, systemClock } from "../../../proto/kernel/clock.js";
import { AddressGuard, type ServeLimits } from "../../../proto/kernel/grpc-guards.js";
import { TlsDoor, tlsProblem } from "../../../proto/kernel/grpc-tls.js";
import type { Listening } from "../../../proto/kernel/listening.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { CERTIFICATE, KEY, OTHER_KEY } from "../../support/certificate.js";
import { BYTES, closing, framed, GrpcPeers, request } from "../../support/grpc-peers.js";

const IDENTITY = { cert: CERTIFICATE, key: KEY };
const TRUST = { ca: CERTIFICATE, servername: "localhost" };
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

describe("a port with TLS", () => {
  let peers: GrpcPeers;

  beforeEach(() => {
    peers = new GrpcPeers();
  });

  afterEach(() => peers.close());

  const start = (limits: Partial<ServeLimits> = {}, clock: Clock = systemClock): Promise<Listening> =>
    peers.start({}, { tls: IDENTITY, limits, clock });

  /** A TLS connection of which only the handshake is made. */
  function shaken(server: Listening, ALPNProtocols?: string[]): TLSSocket {
    const how = { ...TRUST, host: "127.0.0.1", port: server.port, ...(ALPNProtocols && { ALPNProtocols }) };
    const socket = connectTls(how);
    socket.on("error", () => {});
    socket.resume();
    peers.onClose(() => socket.destroy());
    return socket;
  }

  function serves(session: ClientHttp2Session): Promise<boolean> {
    return new Promise((resolve) => {
      session.once("remoteSettings", () => resolve(true));
      session.once("close", () => resolve(false));
    });
  }

  function echoed(session: ClientHttp2Session, bytes: Buffer): Promise<Buffer> {
    const stream = request(session, "/t.T/Ask");
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.end(framed(bytes));
    return closing(stream).then(() => Buffer.concat(chunks).subarray(5));
  }

  it("serves clients of the library that verify the certificate", async () => {
    const server = await start();
    const address = server.address.replace("127.0.0.1", "localhost");
    const client = new grpc.Client(address, grpc.credentials.createSsl(Buffer.from(CERTIFICATE)));
    peers.onClose(() => client.close());
    const asIs = (bytes: Buffer): Buffer => bytes;
    const answer = await new Promise((resolve, reject) => {
      client.makeUnaryRequest("/t.T/Ask", asIs, asIs, Buffer.from("hello"), (error, reply) =>
        error === null ? resolve(String(reply)) : reject(error),
      );
    });
    expect(answer).to.equal("hello");
  });

  it("serves plain clients and those with TLS at once, streams and large messages too", async () => {
    const server = await start();
    const plain = peers.session(server);
    const secure = peers.session(server, TRUST);
    const megabytes = Buffer.alloc(3 << 20, "m");
    const answers = await Promise.all(
      [plain, secure, plain, secure].map((session) => echoed(session, megabytes)),
    );
    for (const answer of answers) expect(answer.equals(megabytes)).to.equal(true);
    expect(server.connections()).to.equal(2);
    const stream = peers.channel(server).open(BYTES.talk);
    const heard: string[] = [];
    await new Promise<void>((resolve) => {
      stream.listen({
        message: (message) => {
          heard.push(message.toString());
          stream.end();
        },
        close: () => resolve(),
      });
      stream.write(Buffer.from("plain"));
    });
    expect(heard).to.deep.equal(["plain"]);
  });

  it("takes a plain client whose first bytes come one by one", async () => {
    const server = await start();
    const socket = peers.socket(server);
    socket.setNoDelay();
    const answered = once(socket, "data");
    for (const byte of Buffer.concat([Buffer.from(PREFACE), Buffer.from("000000040000000000", "hex")])) {
      socket.write(Uint8Array.of(byte));
      await settle();
    }
    await answered;
    expect(server.connections()).to.equal(1);
  });

  it("closes connections that say nothing, before a byte, in the handshake and after it", async () => {
    const clock = new TestClock();
    const server = await start({}, clock);
    const silent = peers.socket(server);
    const halting = peers.socket(server);
    halting.write(Uint8Array.of(0x16, 3, 1));
    const mute = shaken(server, ["h2"]);
    await once(mute, "secureConnect");
    const alive = [peers.session(server), peers.session(server, TRUST)];
    await Promise.all(alive.map((session) => once(session, "remoteSettings")));
    // The three, and one for each that lives.
    while (server.connections() < 3) await settle();
    const closed = Promise.all([silent, halting, mute].map((each) => once(each, "close")));
    await clock.advance(9_000);
    expect([silent.closed, halting.closed, mute.closed]).to.deep.equal([false, false, false]);
    await clock.advance(1_000);
    await closed;
    expect(await echoed(alive[1]!, Buffer.from("on"))).to.deep.equal(Buffer.from("on"));
    expect(await echoed(alive[0]!, Buffer.from("on"))).to.deep.equal(Buffer.from("on"));
  });

  const garbage: [what: string, bytes: Buffer][] = [
    ["no handshake behind its first byte", Buffer.from("16030100050100000100", "hex")],
    ["a handshake of no version", Buffer.concat([Buffer.of(0x16), Buffer.alloc(600, 0xff)])],
    ["a request of HTTP/1", Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n")],
    ["zeroes", Buffer.alloc(100)],
  ];
  for (const [what, bytes] of garbage)
    it(`closes a connection with ${what}, and serves the others`, async () => {
      const server = await start();
      const secure = peers.session(server, TRUST);
      await once(secure, "remoteSettings");
      const socket = peers.socket(server);
      const closed = closing(socket);
      socket.write(bytes);
      await closed;
      expect(await echoed(secure, Buffer.from("on"))).to.deep.equal(Buffer.from("on"));
    });

  it("closes a connection that ends before its first byte", async () => {
    const server = await start();
    const socket = peers.socket(server);
    const closed = closing(socket);
    socket.end();
    await closed;
  });

  it("goes on after connections that are reset, before a byte, in the handshake, after it and in a call", async () => {
    const server = await start();
    const raw = [peers.socket(server), peers.socket(server), peers.socket(server), peers.socket(server)];
    const [, halting, mute, calling] = raw as [Socket, Socket, Socket, Socket];
    await Promise.all(raw.map((socket) => once(socket, "connect")));
    halting.write(Uint8Array.of(0x16, 3, 1));
    const over = (socket: Socket): TLSSocket => {
      const secure = connectTls({ ...TRUST, socket, ALPNProtocols: ["h2"] });
      secure.on("error", () => {});
      return secure;
    };
    await once(over(mute), "secureConnect");
    const session = http2Connect("https://localhost", { createConnection: () => over(calling) });
    session.on("error", () => {});
    const stream = request(session, "/t.T/Talk");
    stream.write(framed(Buffer.from("x")));
    await once(stream, "response");
    for (const socket of raw) socket.resetAndDestroy();
    while (server.connections() > 0) await settle();
    expect(await echoed(peers.session(server, TRUST), Buffer.from("on"))).to.deep.equal(Buffer.from("on"));
  });

  it("closes TLS connections for anything but HTTP/2", async () => {
    const server = await start();
    const told: Buffer[] = [];
    const others = [shaken(server), shaken(server, ["http/1.1"])];
    for (const socket of others) socket.on("data", (bytes: Buffer) => told.push(bytes));
    await Promise.all(others.map(closing));
    expect(told).to.deep.equal([]);
    expect(server.connections()).to.equal(0);
  });

  it("holds the limits for both kinds", async () => {
    const server = await start({ connectionsMax: 2, streamsMax: 3 });
    const secure = peers.session(server, TRUST);
    await once(secure, "remoteSettings");
    expect(secure.remoteSettings.maxConcurrentStreams).to.equal(3);
    await once(peers.session(server), "remoteSettings");
    await Promise.all([closing(peers.socket(server)), closing(shaken(server, ["h2"]))]);
    const large = request(secure, "/t.T/Ask", { "x-large": "a".repeat(17 << 10) });
    large.resume();
    await closing(large);
    expect(large.rstCode).to.equal(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(server.connections()).to.equal(2);
    secure.destroy();
    while (!(await serves(peers.session(server, TRUST)))) await settle();
  });

  it("does not wait for silent connections when it stops", async () => {
    const server = await start({}, new TestClock());
    const socket = peers.socket(server);
    const halting = peers.socket(server);
    halting.write(Uint8Array.of(0x16));
    await Promise.all([once(socket, "connect"), once(halting, "connect")]);
    await echoed(peers.session(server, TRUST), Buffer.from("they were accepted before"));
    const closed = Promise.all([closing(socket), closing(halting)]);
    peers.onClose(() => closed);
    void server.stop(60_000);
    await closed;
  });
});

describe("the door of a port with TLS", () => {
  function fixture() {
    const clock = new TestClock();
    const addresses = new AddressGuard(2, silentLogger);
    const door = new TlsDoor({ identity: IDENTITY, addresses, clock, newcomerMs: 10 });
    const served: unknown[] = [];
    let port = 0;
    const connect = (remoteAddress: string | undefined): PassThrough => {
      const socket = Object.assign(new PassThrough(), { remoteAddress, remotePort: ++port });
      door.meet(socket as unknown as Socket, (ready) => served.push(ready));
      return socket;
    };
    return { clock, door, served, connect };
  }

  it("counts newcomers for their address until they are served or gone", async () => {
    const { clock, served, connect } = fixture();
    const before = clock.waiting;
    const [first, second, third] = [connect("10.0.0.1"), connect("10.0.0.1"), connect("10.0.0.1")];
    expect([first, second, third].map(({ destroyed }) => destroyed)).to.deep.equal([false, false, true]);
    expect(connect("10.0.0.2").destroyed).to.equal(false);
    first.write(PREFACE);
    await once(first, "readable");
    expect(served).to.deep.equal([first]);
    expect(first.read().toString()).to.equal(PREFACE);
    expect(connect("10.0.0.1").destroyed).to.equal(false);
    expect(connect("10.0.0.1").destroyed).to.equal(true);
    await clock.advance(10);
    expect([first.destroyed, second.destroyed]).to.deep.equal([false, true]);
    await settle();
    expect(connect("10.0.0.1").destroyed).to.equal(false);
    expect(clock.waiting).to.equal(before + 1);
  });

  it("has nothing to do with a connection that is over before it is met", () => {
    const { clock, connect } = fixture();
    const before = clock.waiting;
    expect(connect(undefined).destroyed).to.equal(true);
    expect(clock.waiting).to.equal(before);
  });
});

describe("a certificate and its key", () => {
  it("can be used, or it is said why not", () => {
    expect(tlsProblem(IDENTITY)).to.equal(null);
    expect(tlsProblem({ cert: CERTIFICATE, key: OTHER_KEY })).to.match(/key values mismatch/i);
    for (const text of ["", "no PEM", CERTIFICATE.slice(0, 200)]) {
      expect(tlsProblem({ cert: text, key: KEY })).to.be.a("string");
      expect(tlsProblem({ cert: CERTIFICATE, key: text })).to.be.a("string");
    }
  });
});
