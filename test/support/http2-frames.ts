import { connect, type Socket } from "node:net";
import { parseAddress } from "../../proto/kernel/address.js";

/** Frame types of HTTP/2 (https://www.rfc-editor.org/rfc/rfc9113#section-6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const END_HEADERS = 4;

/** One frame in bytes. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The header block of a gRPC call, without compression, so that it means the same anywhere. */
export function callHeaders(path: string): Buffer {
  const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);
  return Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04]),
    text(path),
    Buffer.from([0x01]),
    text("broker"),
    Buffer.from([0x0f, 0x10]),
    text("application/grpc"),
    Buffer.from([0x00]),
    text("te"),
    text("trailers"),
  ]);
}

/** A caller that keeps no rule of HTTP/2 unless it is told to. */
export class RudePeer {
  readonly socket: Socket;
  /** Whether the server has ended the connection. */
  closed = false;
  #nextStream = 1;

  constructor(address: string, preface = true) {
    this.socket = connect(parseAddress(address));
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.resume();
    if (preface) this.socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FRAME.settings, 0, 0)]));
  }

  /** Opens a call; returns the number of its stream. */
  open(path: string): { readonly stream: number; readonly bytes: Buffer } {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    return { stream, bytes: frame(FRAME.headers, END_HEADERS, stream, callHeaders(path)) };
  }

  /** Writes as fast as the server reads; ends early when it has had enough. */
  async flood(count: number, bytes: (index: number) => Buffer): Promise<void> {
    const BATCH = 500;
    for (let from = 0; from < count && !this.closed; from += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => bytes(from + i));
      await new Promise<void>((resolve) => {
        if (this.closed) return resolve();
        this.socket.once("close", resolve);
        this.socket.write(Buffer.concat(batch), () => {
          this.socket.off("close", resolve);
          resolve();
        });
      });
    }
  }

  end(): void {
    this.socket.destroy();
  }
}
