import { crc32 } from "node:zlib";
import { LogwheelError } from "../../proto/kernel/errors.js";

const CRC_BYTES = 4;

/** A value with a CRC-32 over its key and itself behind it, big-endian. */
export function checkedValue(key: Buffer, value: Buffer): Buffer {
  const checked = Buffer.allocUnsafe(value.length + CRC_BYTES);
  value.copy(checked);
  checked.writeUInt32BE(crc32(value, crc32(key)), value.length);
  return checked;
}

/** The value without it. LOG_CORRUPT if key or value are not what was written. */
export function uncheckedValue(key: Buffer, checked: Buffer): Buffer {
  const length = checked.length - CRC_BYTES;
  const value = checked.subarray(0, Math.max(0, length));
  if (length >= 0 && crc32(value, crc32(key)) === checked.readUInt32BE(length)) return value;
  throw new LogwheelError("LOG_CORRUPT", `what stands at key ${key.toString("hex")} is not what was written`);
}
