import type { Receipt__Output } from "../gen/logwheel/v1/Receipt.js";
import {
  numberFieldSize,
  textFieldSize,
  writeBlockHead,
  writeNumberField,
  writeTextField,
} from "./field-writer.js";
import { WireReader, WireWriter } from "./wire.js";

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

/** What was done with a message; fields that are absent are zeros. */
export type ReceiptInput = Partial<Receipt__Output>;

const out = new WireWriter(256);

/** The bytes of a `SendReply` of one receipt, or of a `SendBatchReply`. */
export function encodeReceipts(receipts: readonly ReceiptInput[]): Buffer {
  out.at = 0;
  for (const receipt of receipts) writeReceipt(receipt);
  return out.take();
}

function writeReceipt(receipt: ReceiptInput): void {
  const { messageId = "", queueId = 0, queueOffset = 0, replicas = 0 } = receipt;
  const written = Number(receipt.written ?? 0);
  const flushed = Number(receipt.flushed ?? 0);
  const duplicate = Number(receipt.duplicate ?? 0);
  const deferred = Number(receipt.deferred ?? 0);
  const numbers = numberFieldSize(queueId) + numberFieldSize(queueOffset) + numberFieldSize(replicas);
  writeBlockHead(
    out,
    RECEIPT_TAG,
    textFieldSize(messageId) + numbers + 2 * (written + flushed + duplicate + deferred),
  );
  writeTextField(out, RECEIPT.MESSAGE_ID, messageId);
  writeNumberField(out, RECEIPT.QUEUE_ID, queueId);
  writeNumberField(out, RECEIPT.QUEUE_OFFSET, queueOffset);
  writeNumberField(out, RECEIPT.WRITTEN, written);
  writeNumberField(out, RECEIPT.FLUSHED, flushed);
  writeNumberField(out, RECEIPT.REPLICAS, replicas);
  writeNumberField(out, RECEIPT.DUPLICATE, duplicate);
  writeNumberField(out, RECEIPT.DEFERRED, deferred);
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
