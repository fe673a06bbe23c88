import { unzipSync } from "node:zlib";
import { Encoding } from "../../proto/gen/logwheel/v1/Encoding.js";
import { LogwheelError } from "../../proto/kernel/errors.js";

/** What a compressed body may unfold to, so that a small message cannot fill the memory. */
const INFLATED_BYTES_MAX = 64 << 20;

/** A body as its producer gave it. Throws CODEC for an unknown encoding, bytes that do not inflate, or far too many. */
export function plainBody(bytes: Buffer, encoding: number): Buffer {
  if (encoding === Encoding.ENCODING_NONE) return bytes;
  if (encoding !== Encoding.ENCODING_ZLIB && encoding !== Encoding.ENCODING_GZIP)
    throw new LogwheelError(
      "CODEC",
      `the body has the encoding ${encoding}, which this version does not know`,
    );
  try {
    // By its first bytes: what RocketMQ's clients call gzip may be a zlib stream.
    return unzipSync(bytes, { maxOutputLength: INFLATED_BYTES_MAX });
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LogwheelError("CODEC", `the compressed body cannot be read: ${why}`, { cause: thrown });
  }
}
