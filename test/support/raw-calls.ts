import type { AnyMethod, Channel, Codec } from "../../proto/kernel/channel.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "../../proto/kernel/message-codec.js";
import { PublishFrame } from "../../proto/kernel/publish-codec.js";
import { decodePublishReply, type PublishResult } from "../../proto/kernel/publish-reply.js";
import { WireWriter, writeVarint } from "../../proto/kernel/wire.js";

const bytes: Codec<Buffer> = { encode: (value) => value, decode: (value) => value };
const TIMEOUT_MS = 20_000;

/** The method with requests and replies in bytes, for what no codec would encode. */
export function raw<M extends AnyMethod>(method: M): M & { request: Codec<Buffer>; reply: Codec<Buffer> } {
  return { ...method, request: bytes, reply: bytes };
}

/** Protobuf fields that hold blocks: `[field number, bytes]`. */
export function fields(...blocks: readonly (readonly [field: number, content: Buffer | string])[]): Buffer {
  const parts = blocks.flatMap(([field, content]) => {
    const block = Buffer.from(content);
    const head = Buffer.alloc(12);
    return [head.subarray(0, writeVarint(head, writeVarint(head, 0, (field << 3) | 2), block.length)), block];
  });
  return Buffer.concat(parts);
}

/** The bytes with a field behind them that nobody knows, `size` bytes in all. */
export function padded(start: Buffer, size: number): Buffer {
  const out = new WireWriter(size + 16);
  for (let length = size - start.length - 2; length >= 0; length--) {
    out.at = writeVarint(out.bytes, writeVarint(out.bytes, 0, (100 << 3) | 2), length);
    if (start.length + out.at + length === size)
      return Buffer.concat([start, out.bytes.subarray(0, out.at), Buffer.alloc(length)]);
  }
  throw new Error(`${start.length} bytes cannot be padded to ${size}`);
}

/** The message as producers encode it. */
export function encoded(message: MessageInput): Buffer {
  const out = Buffer.alloc(encodedMessageSize(message));
  writeMessage(message, out, 0);
  return out;
}

/** Code of what the call fails with, `ok` when it does not. What is thrown has to be a LogwheelError with a sentence. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (thrown) {
    if (!LogwheelError.is(thrown) || thrown.message.length < 10) throw thrown;
    return thrown.code;
  }
}

/** Sends bytes on a stream of their own; resolves with the first reply, rejects with what closes the stream. */
export function firstReply(channel: Channel, method: AnyMethod, request: Buffer): Promise<Buffer> {
  const stream = channel.open<Buffer, Buffer, Buffer, Buffer>(raw(method), { timeoutMs: TIMEOUT_MS });
  return new Promise((resolve, reject) => {
    stream.listen({
      message: (reply) => {
        resolve(reply);
        stream.end();
      },
      close: (error) => reject(error ?? new Error("the stream ended without a reply")),
    });
    stream.write(request);
  });
}

/** Publishes messages as one frame. */
export async function publishFrame(
  channel: Channel,
  topic: string,
  messages: readonly MessageInput[],
): Promise<PublishResult> {
  const frame = new PublishFrame();
  frame.begin();
  const topicIndex = frame.topic(topic);
  for (const message of messages)
    frame.add({ topicIndex, queueId: undefined, sequence: 0, after: 0, more: false, message });
  const request = frame.finish({ frame: 1, producerId: 0, settledBelow: 0 });
  return decodePublishReply(await firstReply(channel, BROKER.publish, request));
}
