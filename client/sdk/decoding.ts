import { LogwheelError } from "../../proto/kernel/errors.js";
import type { ReceivedMessage } from "./message.js";
import { bytesCodec, type Topic } from "./topic.js";

/**
 * Decodes a body before anybody sees the message; a promise if the codec takes its time. Throws or rejects with CODEC.
 * Plain bytes are left for later: often nobody reads them.
 */
export function decodeBody<T>(topic: Topic<T>, message: ReceivedMessage<T>): void | Promise<void> {
  if (topic.codec === (bytesCodec as unknown)) return;
  try {
    const decoding = message.decode();
    if (decoding === undefined) return;
    return decoding.catch((thrown: unknown) => {
      throw undecodable(thrown, message);
    });
  } catch (thrown) {
    throw undecodable(thrown, message);
  }
}

function undecodable<T>(thrown: unknown, message: ReceivedMessage<T>): LogwheelError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new LogwheelError("CODEC", `the body of message ${message.id} cannot be decoded: ${why}`, {
    topic: message.topic,
    cause: thrown,
  });
}

/** Whether a handler's outcome has to be waited for. */
export function isPromise<T>(outcome: T | Promise<T>): outcome is Promise<T> {
  return (
    typeof outcome === "object" && outcome !== null && typeof (outcome as Promise<T>).then === "function"
  );
}
