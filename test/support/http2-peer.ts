import { settle } from "../../client/testing/test-clock.js";
import { Connection, type ConnectionLimits, type ConnectionOwner } from "../../proto/http2/connection.js";
import { encodeHeaders } from "../../proto/http2/hpack-encoder.js";
import { ChunkPool } from "../../proto/http2/output.js";
import type { Http2Stream } from "../../proto/http2/stream.js";
import { FRAME, frame } from "./http2-frames.js";

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Limits like those of servers, in small. */
export const LIMITS: ConnectionLimits = {
  streamsMax: 4,
  windowBytes: 1 << 20,
  frameBytesMax: 16 << 10,
  headerBytesMax: 8 << 10,
  resetsMax: 20,
  resetsPerSecond: 10,
  idleMs: 120_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
};

/** A frame that the server has written. */
export interface SeenFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const TYPES = Object.entries(FRAME);

/** The frame in few words, such as `data 1 5` for five bytes on the first stream. */
export function described({ type, stream, payload }: SeenFrame): string {
  const name = TYPES.find(([, number]) => number === type)?.[0] ?? String(type);
  if (name === "reset") return `reset ${stream} ${payload.readUInt32BE(0)}`;
  if (name === "goAway") return `goAway ${payload.readUInt32BE(0)} ${payload.readUInt32BE(4)}`;
  if (name === "windowUpdate") return `windowUpdate ${stream} ${payload.readUInt32BE(0)}`;
  return `${name} ${stream}${name === "data" ? ` ${payload.length}` : ""}`;
}

/** Four bytes, as most frames want their numbers. */
export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The head of a call. */
export const CALL = encodeHeaders([
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/t.T/Ask"],
]);

/** One connection without a network: its client is the test, and its streams say what happens to them in `heard`. */
export class Http2Peer implements ConnectionOwner {
  readonly connection: Connection;
  readonly streams: Http2Stream[] = [];
  readonly heard: string[] = [];
  readonly failures: unknown[] = [];
  nowMs = 0;
  heldBytes = 0;
  /** What the server has done to its socket. */
  ended = false;
  destroyed = false;
  /** Whether the socket takes nothing more. */
  stuck = false;
  readonly #onCall: (stream: Http2Stream) => void;
  readonly #told = new Map<string, (value: never) => void>();
  #waiting: (() => void)[] = [];
  #written: Buffer[] = [];

  constructor(limits: Partial<ConnectionLimits> = {}, onCall: (stream: Http2Stream) => void = () => {}) {
    this.#onCall = onCall;
    this.connection = new Connection({
      socket: {
        on: (event: string, told: (value: never) => void) => this.#told.set(event, told),
        write: (bytes: Buffer, written: () => void) => this.#write(bytes, written),
        end: () => {
          this.ended = true;
        },
        destroy: () => this.#destroy(),
      },
      client: "test",
      limits: { ...LIMITS, ...limits },
      pool: new ChunkPool(),
      owner: this,
    });
  }

  /** Says hello; forgets what is answered. */
  async greet(settings: Buffer = Buffer.alloc(0)): Promise<void> {
    this.send(PREFACE, frame(FRAME.settings, 0, 0, settings));
    await this.seen();
  }

  send(...parts: readonly Buffer[]): void {
    this.#told.get("data")?.(Buffer.concat(parts) as never);
  }

  /** Opens a call. */
  open(stream: number, flags = 0): void {
    this.send(frame(FRAME.headers, END_HEADERS | flags, stream, CALL));
  }

  /** What the server has written since the last look, in few words. */
  async seen(): Promise<string[]> {
    return (await this.frames()).map(described);
  }

  async frames(): Promise<SeenFrame[]> {
    await settle();
    const bytes = Buffer.concat(this.#written);
    this.#written = [];
    const found: SeenFrame[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 9 + bytes.readUIntBE(at, 3);
      const payload = bytes.subarray(at + 9, end);
      found.push({
        type: bytes[at + 3]!,
        flags: bytes[at + 4]!,
        stream: bytes.readUInt32BE(at + 5),
        payload,
      });
      at = end;
    }
    return found;
  }

  /** The socket takes what it was given. */
  unstick(): void {
    this.stuck = false;
    for (const written of this.#waiting.splice(0)) written();
  }

  now(): number {
    return this.nowMs;
  }

  met(): void {
    this.heard.push("met");
  }

  call(stream: Http2Stream): void {
    const { id } = stream;
    this.streams.push(stream);
    stream.attach({
      data: (bytes, start, end) => this.heard.push(`data ${id} ${bytes.toString("latin1", start, end)}`),
      told() {},
      end: () => this.heard.push(`end ${id}`),
      progress: () => {},
      closed: (code) => this.heard.push(`closed ${id} ${code}`),
    });
    this.#onCall(stream);
  }

  held(_connection: Connection, bytes: number): void {
    this.heldBytes += bytes;
  }

  closed(): void {
    this.heard.push("closed");
  }

  failed(thrown: unknown): void {
    this.failures.push(thrown);
  }

  #write(bytes: Buffer, written: () => void): boolean {
    this.#written.push(Buffer.from(bytes));
    if (this.stuck) this.#waiting.push(written);
    else queueMicrotask(written);
    return true;
  }

  #destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    queueMicrotask(() => this.#told.get("close")?.(undefined as never));
  }
}
