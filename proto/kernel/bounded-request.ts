import type { Codec } from "./channel.js";
import { LogwheelError } from "./errors.js";
import { REQUEST_BYTES_MAX } from "./limits.js";
import { WIRE, WireReader } from "./wire.js";

/** Tags of what carries bodies: the messages of a request of RocketMQ, and the body of each. */
const MESSAGES = (1 << 3) | WIRE.BYTES;
const BODY = (4 << 3) | WIRE.BYTES;

/**
 * The codec for requests whose bytes, bodies of messages aside where they carry some, are no more than is allowed: decoded
 * they take a hundred times as much at worst, and the process for as long as that takes.
 */
export function bounded<In, Out>(name: string, codec: Codec<In, Out>, carriesBodies = false): Codec<In, Out> {
  return {
    encode: codec.encode,
    decode(bytes) {
      if (bytes.length > REQUEST_BYTES_MAX) {
        const beside = carriesBodies ? bytes.length - bodyBytes(bytes) : bytes.length;
        if (beside > REQUEST_BYTES_MAX)
          throw new LogwheelError(
            "BAD_REQUEST",
            `a ${name} has ${beside} bytes${carriesBodies ? " beside bodies" : ""}; ${REQUEST_BYTES_MAX} are allowed: send less at once`,
          );
      }
      return codec.decode(bytes);
    },
  };
}

function bodyBytes(bytes: Buffer): number {
  const reader = new WireReader().reset(bytes, 0, bytes.length);
  const inner = new WireReader();
  let sum = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag !== MESSAGES) {
      reader.skip(tag);
      continue;
    }
    const end = reader.block();
    inner.reset(bytes, reader.at, end);
    reader.at = end;
    while (inner.at < inner.end) {
      const field = inner.tag();
      const from = inner.at;
      inner.skip(field);
      if (field === BODY) sum += inner.at - from;
    }
  }
  return sum;
}
