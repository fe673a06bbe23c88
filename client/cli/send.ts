import type { CallOptions, Client, Due, MessageParts, SendReceipt } from "../index.js";
import { type Format, showRows } from "./output.js";
import type { Terminal } from "./terminal.js";

/** What to send. */
export interface SendAll {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly topic: string;
  /** Of every message: tag, keys and the like. */
  readonly parts: Omit<MessageParts<Uint8Array>, "topic" | "body"> & Due;
  readonly bodies: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly output: Format;
  readonly call: CallOptions;
}

/** Sends that may be under way: more input waits. */
const WINDOW = 1_024;

/**
 * Sends each body as one message and shows the receipts in the order of the bodies, as JSON lines as soon as they come.
 * Throws the first failure, after what was sent before it has been shown; it does not wait for more input then.
 */
export async function sendAll(job: SendAll): Promise<void> {
  const { topic } = await import("../index.js");
  const target = topic(job.topic);
  const producer = job.client.producer();
  const receipts: SendReceipt[] = [];
  const show = async (receipt: SendReceipt): Promise<void> => {
    if (job.output === "jsonl") await job.terminal.out(JSON.stringify(receiptJson(receipt)));
    else receipts.push(receipt);
  };
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  let shown = Promise.resolve();
  const underWay: Promise<void>[] = [];
  const bodies = each(job.bodies);
  const nextBody = () => Promise.race([bodies.next(), failed]);
  try {
    for (let next = await nextBody(); next.done !== true; next = await nextBody()) {
      const sending = producer.send({ ...job.parts, topic: target, body: next.value }, job.call);
      shown = Promise.all([sending, shown]).then(([receipt]) => show(receipt));
      shown.catch(fail);
      underWay.push(shown);
      if (underWay.length >= WINDOW) await underWay.shift();
    }
    await shown;
  } finally {
    if (receipts.length > 0) await showReceipts(job, receipts);
  }
}

async function* each(bodies: SendAll["bodies"]): AsyncGenerator<Uint8Array, void> {
  yield* bodies;
}

interface ReceiptJson {
  readonly messageId: string;
  readonly topic: string;
  readonly broker: string;
  readonly queueId: number;
  /** Null while the message is delayed. */
  readonly queueOffset: number | null;
  /** Null for what is not. */
  readonly handle: string | null;
  readonly written: boolean;
  readonly flushed: boolean;
}

function receiptJson(receipt: SendReceipt): ReceiptJson {
  const { messageId, topic, broker, queueId, queueOffset = null, handle = null } = receipt;
  const { written, flushed } = receipt.done;
  return { messageId, topic, broker, queueId, queueOffset, handle, written, flushed };
}

async function showReceipts({ terminal, output }: SendAll, receipts: readonly SendReceipt[]): Promise<void> {
  await showRows(terminal, output, receipts.map(receiptJson), {
    "message id": (row) => row.messageId,
    broker: (row) => row.broker,
    queue: (row) => row.queueId,
    offset: (row) => row.queueOffset,
    flushed: (row) => row.flushed,
  });
}
