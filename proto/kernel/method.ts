import type { Codec, Method } from "./channel.js";
import { LogwheelError } from "./errors.js";
import { REGISTER_FIELDS_MAX, REQUEST_BYTES_MAX } from "./limits.js";
import { protoCodec } from "./proto-codec.js";
import { checkFieldCount } from "./wire.js";

/** Package of all services. */
export const PACKAGE = "logwheel.v1";

/** A message that is decoded into objects. */
export function of<In extends object, Out extends object>(
  message: string,
  from: string = PACKAGE,
): Codec<In, Out> {
  return protoCodec<In, Out>(`${from}.${message}`);
}

/** A request that is decoded into objects. They take a hundred times the room of their bytes, at worst. */
export function asked<In extends object, Out extends object>(message: string): Codec<In, Out> {
  const { encode, decode } = of<In, Out>(message);
  return {
    encode,
    decode(bytes) {
      if (bytes.length <= REQUEST_BYTES_MAX) return decode(bytes);
      throw new LogwheelError(
        "BAD_REQUEST",
        `a ${message} has ${bytes.length} bytes; ${REQUEST_BYTES_MAX} are allowed: ask for less at once`,
      );
    },
  };
}

/** A broker tells all its topics at once, so that only their number is limited. */
export function told<In extends object, Out extends object>(message: string): Codec<In, Out> {
  const { encode, decode } = of<In, Out>(message);
  return {
    encode,
    decode(bytes) {
      checkFieldCount(bytes, REGISTER_FIELDS_MAX);
      return decode(bytes);
    },
  };
}

/** A method with one request and one reply. */
export function unary<Q, QOut, R, ROut>(
  path: string,
  request: Codec<Q, QOut>,
  reply: Codec<R, ROut>,
): Method<Q, QOut, R, ROut> & { kind: "unary" } {
  return { path: `/${PACKAGE}.${path}`, kind: "unary", request, reply };
}

/** A method with a stream each way. */
export function stream<Q, QOut, R, ROut>(
  path: string,
  request: Codec<Q, QOut>,
  reply: Codec<R, ROut>,
): Method<Q, QOut, R, ROut> & { kind: "stream" } {
  return { path: `/${PACKAGE}.${path}`, kind: "stream", request, reply };
}
