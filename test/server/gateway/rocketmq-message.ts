import type { Message, Message__Output } from "../../../proto/gen/apache/rocketmq/v2/Message.js";
import type { SystemProperties } from "../../../proto/gen/apache/rocketmq/v2/SystemProperties.js";
import type {
  Message as NativeIn,
  Message__Output as NativeMessage,
} from "../../../proto/gen/logwheel/v1/Message.js";
import { Envelope, scanMessage } from "../../../proto/kernel/envelope.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "../../../proto/kernel/message-codec.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { type Delivered, deliveredMessage } from "../../../server/gateway/message-out.js";

const ROCKETMQ = protoCodec<Message, Message__Output>("apache.rocketmq.v2.Message");
const NATIVE = protoCodec<NativeIn, NativeMessage>("logwheel.v1.Message");

export const MESSAGE_ID = "01A1B2C3D4E5F6071803B1C2D300000001";

/** A message of RocketMQ as the gateway hears it. */
export function heard(system: SystemProperties = {}, more: Message = {}): Message__Output {
  return overWire({
    topic: { name: "orders" },
    body: Buffer.from("body"),
    systemProperties: { messageId: MESSAGE_ID, messageType: 1, ...system },
    ...more,
  });
}

/** As a client of RocketMQ reads it. */
export function overWire(message: Message): Message__Output {
  return ROCKETMQ.decode(ROCKETMQ.encode(message));
}

/** As it is read from a broker. */
export function stored(message: NativeIn = {}): NativeMessage {
  return NATIVE.decode(NATIVE.encode({ body: Buffer.from("body"), ...message }));
}

/** As the gateway writes it for a broker. */
function written(message: MessageInput): Buffer {
  const bytes = Buffer.alloc(encodedMessageSize(message));
  writeMessage(message, bytes, 0);
  return bytes;
}

/** As it is read from a broker to which the gateway has written it. */
export function passed(message: MessageInput): NativeMessage {
  return NATIVE.decode(written(message));
}

/** As a broker looks at it before it takes it. */
export function scanned(message: MessageInput): Envelope {
  const bytes = written(message);
  const envelope = new Envelope();
  scanMessage(bytes, 0, bytes.length, envelope);
  return envelope;
}

/** As a client of RocketMQ gets it. */
export function delivered(message: NativeIn, more: Partial<Delivered> = {}): Message__Output {
  return overWire(
    deliveredMessage({
      message: stored(message),
      id: "a-0-42",
      topic: { resourceNamespace: "", name: "orders" },
      broker: "a",
      queueId: 3,
      queueOffset: 7,
      storedAtMs: 1_893_456_000_500,
      attempt: 1,
      ...more,
    }),
  );
}
