import {
  CODE,
  FRAME,
  FRAME_BYTES_DEFAULT,
  FRAME_BYTES_MOST,
  HEAD_BYTES,
  MOST_31,
  writeHead,
  writeInt,
} from "./frames.js";
import { TABLE_BYTES_DEFAULT } from "./hpack-table.js";

/** Numbers of settings (RFC 9113 6.5.2). */
const ID = {
  tableBytes: 1,
  enablePush: 2,
  streamsMax: 3,
  windowBytes: 4,
  frameBytesMax: 5,
  headerListBytesMax: 6,
} as const;

const ENTRY_BYTES = 6;

/** What is fixed before anybody says anything. */
export const WINDOW_BYTES_DEFAULT = 65_535;

/** What a server says of itself. */
export interface OwnSettings {
  readonly streamsMax: number;
  readonly windowBytes: number;
  readonly frameBytesMax: number;
  readonly headerBytesMax: number;
}

/** A server's SETTINGS frame. */
export function encodeSettings(own: OwnSettings): Buffer {
  const entries = [
    [ID.streamsMax, own.streamsMax],
    [ID.windowBytes, own.windowBytes],
    [ID.frameBytesMax, own.frameBytesMax],
    [ID.headerListBytesMax, own.headerBytesMax],
  ] as const;
  const frame = Buffer.alloc(HEAD_BYTES + entries.length * ENTRY_BYTES);
  let at = writeHead(frame, 0, entries.length * ENTRY_BYTES, FRAME.settings, 0, 0);
  for (const [id, value] of entries) {
    at = frame.writeUInt16BE(id, at);
    at = writeInt(frame, at, value);
  }
  return frame;
}

/** What a client has said of itself, as far as a server that pushes nothing and compresses by no table needs it. */
export class PeerSettings {
  windowBytes = WINDOW_BYTES_DEFAULT;
  frameBytesMax = FRAME_BYTES_DEFAULT;
  /** Its table of headers is smaller than what it began with: it waits for a header block that says so (RFC 7541 4.2). */
  tableShrunk = false;

  /** Takes the payload of a SETTINGS frame; the code of the error that it is, or null. */
  take(bytes: Buffer, start: number, end: number): number | null {
    if ((end - start) % ENTRY_BYTES !== 0) return CODE.frameSize;
    for (let at = start; at < end; at += ENTRY_BYTES) {
      const flaw = this.#set(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
      if (flaw !== null) return flaw;
    }
    return null;
  }

  #set(id: number, value: number): number | null {
    switch (id) {
      case ID.tableBytes:
        if (value < TABLE_BYTES_DEFAULT) this.tableShrunk = true;
        return null;
      case ID.enablePush:
        return value > 1 ? CODE.protocol : null;
      case ID.windowBytes:
        if (value > MOST_31) return CODE.flowControl;
        this.windowBytes = value;
        return null;
      case ID.frameBytesMax:
        if (value < FRAME_BYTES_DEFAULT || value > FRAME_BYTES_MOST) return CODE.protocol;
        this.frameBytesMax = value;
        return null;
      default:
        return null;
    }
  }
}
