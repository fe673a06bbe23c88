import type { Receipt__Output } from "../gen/logwheel/v1/Receipt.js";
import { textSize, varintSize, WireReader, writeText, writeVarint } from "./wire.js";

/** Field of a `SendReply` and, repeated, of a `SendBatchReply`. */
const RECEIPT_TAG = 0x0a;

/** Field tags of `logwheel.v1.Receipt`. */
const RECEIPT = {
  MESSAGE_ID: 0x0a,
  QUEUE_ID: 0x10,
  QUEUE_OFFSET: 0x18,
  WRITTEN: 0x20,
  FLUSHED: 0x28,
  REPLICAS: 0x30,
  DUPLICATE: 0x38,
  DEFERRED: 0x40,
} as const;

/** All fields but the id, at most. */
const NUMBERS_BYTES_MAX = 32;

/** What was done with a message; fields that are absent are zeros. */
export type ReceiptInput = Partial<Receipt__Output>;

/** The bytes of a `SendReply` of one receipt, or of a `SendBatchReply`. */
export function encodeReceipts(receipts: readonly ReceiptInput[]): Buffer {
  let room = 0;
  for (const { messageId = "" } of receipts) room += NUMBERS_BYTES_MAX + 10 + textSize(messageId);
  const bytes = Buffer.allocUnsafe(room);
  let at = 0;
  for (const receipt of receipts) {
    bytes[at] = RECEIPT_TAG;
    const size = receiptSize(receipt);
    at = writeReceipt(receipt, bytes, writeVarint(bytes, at + 1, size));
  }
  return bytes.subarray(0, at);
}

function receiptSize(receipt: ReceiptInput): number {
  const { messageId = "", queueId, queueOffset, written, flushed, replicas, duplicate, deferred } = receipt;
  const idSize = textSize(messageId);
  let size = idSize === 0 ? 0 : 1 + varintSize(idSize) + idSize;
  size += numberSize(queueId) + numberSize(queueOffset) + numberSize(replicas);
  return size + flagSize(written) + flagSize(flushed) + flagSize(duplicate) + flagSize(deferred);
}

function numberSize(value: number | undefined): number {
  return value ? 1 + varintSize(value) : 0;
}

function flagSize(flag: boolean | undefined): number {
  return flag ? 2 : 0;
}

function writeReceipt(receipt: ReceiptInput, bytes: Buffer, start: number): number {
  const { messageId = "", queueId, queueOffset, written, flushed, replicas, duplicate, deferred } = receipt;
  let at = start;
  const idSize = textSize(messageId);
  if (idSize > 0) {
    bytes[at] = RECEIPT.MESSAGE_ID;
    at = writeText(bytes, writeVarint(bytes, at + 1, idSize), messageId, idSize);
  }
  at = writeNumber(bytes, at, RECEIPT.QUEUE_ID, queueId);
  at = writeNumber(bytes, at, RECEIPT.QUEUE_OFFSET, queueOffset);
  at = writeNumber(bytes, at, RECEIPT.WRITTEN, Number(written ?? 0));
  at = writeNumber(bytes, at, RECEIPT.FLUSHED, Number(flushed ?? 0));
  at = writeNumber(bytes, at, RECEIPT.REPLICAS, replicas);
  at = writeNumber(bytes, at, RECEIPT.DUPLICATE, Number(duplicate ?? 0));
  return writeNumber(bytes, at, RECEIPT.DEFERRED, Number(deferred ?? 0));
}

function writeNumber(bytes: Buffer, at: number, tag: number, value: number | undefined): number {
  if (!value) return at;
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}

/** The receipts of a `SendReply` or `SendBatchReply`; BAD_REQUEST for bytes that are none. */
export function decodeReceipts(bytes: Buffer): Receipt__Output[] {
  const reader = new WireReader().reset(bytes, 0, bytes.length);
  const receipts: Receipt__Output[] = [];
  while (reader.at < bytes.length) {
    const tag = reader.tag();
    if (tag !== RECEIPT_TAG) {
      reader.skip(tag);
      continue;
    }
    reader.end = reader.block();
    receipts.push(readReceipt(reader));
    reader.end = bytes.length;
  }
  return receipts;
}

function readReceipt(reader: WireReader): Receipt__Output {
  const receipt: Receipt__Output = {
    messageId: "",
    queueId: 0,
    queueOffset: 0,
    written: false,
    flushed: false,
    replicas: 0,
    duplicate: false,
    deferred: false,
  };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case RECEIPT.MESSAGE_ID:
        receipt.messageId = reader.text();
        break;
      case RECEIPT.QUEUE_ID:
        receipt.queueId = reader.uint32();
        break;
      case RECEIPT.QUEUE_OFFSET:
        receipt.queueOffset = reader.uint64();
        break;
      case RECEIPT.WRITTEN:
        receipt.written = reader.uint32() !== 0;
        break;
      case RECEIPT.FLUSHED:
        receipt.flushed = reader.uint32() !== 0;
        break;
      case RECEIPT.REPLICAS:
        receipt.replicas = reader.uint32();
        break;
      case RECEIPT.DUPLICATE:
        receipt.duplicate = reader.uint32() !== 0;
        break;
      case RECEIPT.DEFERRED:
        receipt.deferred = reader.uint32() !== 0;
        break;
      default:
        reader.skip(tag);
    }
  }
  return receipt;
}
