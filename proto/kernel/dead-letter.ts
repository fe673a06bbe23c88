import type { DeadLetter__Output, DeadLetter as WireDeadLetter } from "../gen/logwheel/v1/DeadLetter.js";
import { DeadReason } from "../gen/logwheel/v1/DeadReason.js";
import { protoCodec } from "./proto-codec.js";
import { varintSize, WireReader, writeVarint } from "./wire.js";

/** Values of `DeadReason` in message.proto. */
export const DEAD_REASON = {
  attempts: DeadReason.DEAD_REASON_ATTEMPTS,
  rejected: DeadReason.DEAD_REASON_REJECTED,
  expired: DeadReason.DEAD_REASON_EXPIRED,
  retention: DeadReason.DEAD_REASON_RETENTION,
} as const;

/** Why a message is a dead letter, by name. */
export type DeadReasonName = keyof typeof DEAD_REASON;

export type DeadReasonNumber = (typeof DEAD_REASON)[DeadReasonName];

/** The name of a reason; "unknown" for one of a newer version. */
export function deadReasonName(reason: number): DeadReasonName | "unknown" {
  for (const name in DEAD_REASON)
    if (DEAD_REASON[name as DeadReasonName] === reason) return name as DeadReasonName;
  return "unknown";
}

/** Tag of `dead_letter` in `logwheel.v1.Message`. */
export const DEAD_LETTER_TAG = 0x5a;

const codec = protoCodec<WireDeadLetter, DeadLetter__Output>("logwheel.v1.DeadLetter");

/** An encoded `DeadLetter`. */
export function readDeadLetter(bytes: Buffer): DeadLetter__Output {
  return codec.decode(bytes);
}

/** The encoded message with this as its `dead_letter`, in place of one that it has; every other byte stays as it is. */
export function withDeadLetter(message: Buffer, letter: WireDeadLetter): Buffer {
  const plain = withoutDeadLetter(message);
  const encoded = codec.encode(letter);
  const bytes = Buffer.allocUnsafe(plain.length + 1 + varintSize(encoded.length) + encoded.length);
  bytes.set(plain);
  bytes[plain.length] = DEAD_LETTER_TAG;
  bytes.set(encoded, writeVarint(bytes, plain.length + 1, encoded.length));
  return bytes;
}

/** The encoded message without its `dead_letter`: as its producer sent it. */
export function withoutDeadLetter(message: Buffer): Buffer {
  const reader = new WireReader().reset(message, 0, message.length);
  const parts: Buffer[] = [];
  let from = 0;
  while (reader.at < reader.end) {
    const start = reader.at;
    const tag = reader.tag();
    reader.skip(tag);
    if (tag !== DEAD_LETTER_TAG) continue;
    parts.push(message.subarray(from, start));
    from = reader.at;
  }
  return from === 0 ? message : Buffer.concat([...parts, message.subarray(from)]);
}
