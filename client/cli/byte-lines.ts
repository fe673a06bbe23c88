import { LogwheelError } from "../../proto/kernel/errors.js";

/** The most that a message's body may have, and so the most that is held of a line. */
const LINE_BYTES_MAX = 4 << 20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Splits what was piped in at line feeds, with or without a carriage return before them, and nowhere else: a line is bytes
 * and need not be text. The last one may end without a line feed. MESSAGE_TOO_LARGE for a line that no message can hold.
 */
export async function* byteLines(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const begun: Buffer[] = [];
  let begunBytes = 0;
  let number = 1;
  const grow = (part: Buffer): void => {
    begun.push(part);
    begunBytes += part.length;
    // One more for the carriage return, which is no part of the line.
    if (begunBytes > LINE_BYTES_MAX + 1) throw tooLong(number);
  };
  const line = (): Buffer => {
    const bytes = begun.length === 1 ? begun[0]! : Buffer.concat(begun);
    begun.length = begunBytes = 0;
    number++;
    return bytes;
  };
  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      grow(chunk.subarray(from, end));
      yield withoutReturn(line());
      from = end + 1;
    }
    if (from < chunk.length) grow(chunk.subarray(from));
  }
  if (begunBytes > 0) yield line();
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

function tooLong(number: number): LogwheelError {
  return new LogwheelError(
    "MESSAGE_TOO_LARGE",
    `line ${number} of the input has more than ${LINE_BYTES_MAX} bytes, the most that a message takes`,
  );
}
