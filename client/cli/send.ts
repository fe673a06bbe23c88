import type { CallOptions, Client, OutMessage, SendReceipt } from "../index.js";
import { type Format, showRows } from "./output.js";
import type { Terminal } from "./terminal.js";

/** What to send. */
export interface SendAll {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly topic: string;
  /** Of every message: tag, keys and the like. */
  readonly parts: Omit<OutMessage<Uint8Array>, "topic" | "body">;
  readonly bodies: Iterable<string> | AsyncIterable<string>;
  readonly output: Format;
  readonly call: CallOptions;
}

/** Sends that may be under way: more input waits. */
const WINDOW = 1_024;

/**
 * Sends each body as one message and shows the receipts, in the order of the bodies. Throws the first failure, after
 * what was sent before it has been shown.
 */
export async function sendAll(job: SendAll): Promise<void> {
  const { topic } = await import("../index.js");
  const target = topic(job.topic);
  const producer = job.client.producer();
  const receipts: SendReceipt[] = [];
  const underWay: Promise<SendReceipt>[] = [];
  const show = async (): Promise<void> => {
    const receipt = await underWay[0]!;
    underWay.shift();
    if (job.output === "jsonl") await job.terminal.out(JSON.stringify(receiptJson(receipt)));
    else receipts.push(receipt);
  };
  try {
    for await (const body of job.bodies) {
      const sending = producer.send({ ...job.parts, topic: target, body: Buffer.from(body) }, job.call);
      sending.catch(() => {});
      underWay.push(sending);
      if (underWay.length >= WINDOW) await show();
    }
    while (underWay.length > 0) await show();
  } finally {
    if (receipts.length > 0) await showReceipts(job, receipts);
  }
}

interface ReceiptJson {
  readonly messageId: string;
  readonly topic: string;
  readonly broker: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly written: boolean;
  readonly flushed: boolean;
}

function receiptJson({ done, messageId, topic, broker, queueId, queueOffset }: SendReceipt): ReceiptJson {
  return { messageId, topic, broker, queueId, queueOffset, written: done.written, flushed: done.flushed };
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
