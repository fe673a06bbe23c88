import type { Segment } from "./segment.js";

const WINDOW_BYTES = 1 << 20;

/**
 * What to do at a place in a segment: the bytes of the record there, to go on behind it; "more", when it does not lie
 * wholly in `bytes`; "stop".
 */
export type Step = (bytes: Buffer, view: DataView, at: number, logOffset: number) => number | "more" | "stop";

/**
 * Walks through a segment's records from log offset `from` on, reading it in windows of 1 MiB. Returns the log offset
 * at which `step` stopped, or the segment's end.
 */
export async function walk(segment: Segment, from: number, step: Step): Promise<number> {
  let buffer = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, segment.end - from));
  let place = from;
  while (place < segment.end) {
    const read = await segment.file.read(
      buffer.subarray(0, Math.min(buffer.length, segment.end - place)),
      place - segment.start,
    );
    const bytes = buffer.subarray(0, read);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    let answer: ReturnType<Step> = 0;
    while (at < bytes.length) {
      answer = step(bytes, view, at, place + at);
      if (typeof answer === "string") break;
      at += answer;
    }
    place += at;
    if (answer === "stop") return place;
    if (at > 0) continue;
    if (bytes.length < buffer.length) return place;
    buffer = Buffer.allocUnsafeSlow(buffer.length * 2);
  }
  return place;
}
