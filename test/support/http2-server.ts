import { createServer, type Server } from "node:net";
import { performance } from "node:perf_hooks";
import { Connection, type ConnectionLimits, type ConnectionOwner } from "../../proto/http2/connection.js";
import { encodeHeaders } from "../../proto/http2/hpack-encoder.js";
import { ChunkPool } from "../../proto/http2/output.js";
import type { Http2Stream } from "../../proto/http2/stream.js";

const GREETING = encodeHeaders([[":status", "200"]]);
const END = encodeHeaders([["x-end", "1"]]);
const NOTHING = Buffer.alloc(0);

/** Limits like those of servers, with what a test wants otherwise. */
export const LIMITS: ConnectionLimits = {
  streamsMax: 128,
  windowBytes: 1 << 20,
  frameBytesMax: 16 << 10,
  headerBytesMax: 16 << 10,
  resetsMax: 800,
  resetsPerSecond: 33,
  idleMs: 120_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
};

/** A server that knows nothing of gRPC: it answers each request, once that has ended, with 200 and a body. */
export class Http2Server implements ConnectionOwner {
  readonly connections = new Set<Connection>();
  /** What must never happen: bugs that bytes of a client have found. */
  readonly failures: unknown[] = [];
  readonly #body: Buffer;
  readonly #server: Server;
  heldBytes = 0;

  constructor(body: Buffer, limits: Partial<ConnectionLimits> = {}) {
    this.#body = body;
    const pool = new ChunkPool();
    this.#server = createServer((socket) => {
      const client = String(socket.remotePort);
      this.connections.add(
        new Connection({ socket, client, limits: { ...LIMITS, ...limits }, pool, owner: this }),
      );
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as { port: number }).port;
  }

  stop(): void {
    this.#server.close();
    for (const connection of [...this.connections]) connection.destroy();
  }

  now(): number {
    return performance.now();
  }

  met(): void {}

  call(stream: Http2Stream): void {
    stream.attach({
      data: () => {},
      told: () => {},
      end: () => {
        stream.respond(GREETING);
        stream.write(NOTHING, this.#body);
        stream.end(END);
      },
      progress: () => {},
      closed: () => {},
    });
  }

  held(_connection: Connection, bytes: number): void {
    this.heldBytes += bytes;
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
  }

  failed(thrown: unknown): void {
    this.failures.push(thrown);
  }
}
