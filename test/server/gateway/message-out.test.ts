import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { Message, Message__Output } from "../../../proto/gen/apache/rocketmq/v2/Message.js";
import type {
  SystemProperties,
  SystemProperties__Output,
} from "../../../proto/gen/apache/rocketmq/v2/SystemProperties.js";
import type { Message as NativeIn } from "../../../proto/gen/logwheel/v1/Message.js";
import { digestOf, messageRefusal, nativeMessage } from "../../../server/gateway/message-in.js";
import type { Delivered } from "../../../server/gateway/message-out.js";
import { delivered, heard, MESSAGE_ID, passed } from "./rocketmq-message.js";

const [NORMAL, FIFO, DELAY, TRANSACTION] = [1, 2, 3, 4] as const;
const DUE = { seconds: 1_893_456_000, nanos: 123_000_000 };

describe("a message that goes out", () => {
  it("says where it lies and how often it came", () => {
    const system = systemOf({}, { attempt: 4 });
    expect(system).to.include({ queueId: 3, queueOffset: 7, storeHost: "a", deliveryAttempt: 4 });
    expect(system.storeTimestamp).to.deep.equal({ seconds: 1_893_456_000, nanos: 500_000_000 });
    expect(delivered({}).topic).to.deep.equal({ resourceNamespace: "", name: "orders" });
  });

  it("has the topic's name as its client writes it", () => {
    const topic = { resourceNamespace: "shop", name: "orders" };
    expect(delivered({}, { topic }).topic).to.deep.equal(topic);
  });

  it("has the MD5 of its body in capitals", () => {
    const body = Buffer.from("another");
    expect(systemOf({ body }).bodyDigest).to.deep.equal({ type: 2, checksum: digestOf("md5", body) });
  });

  it("has neither tag, group, trace, priority nor time of delivery when it has none", () => {
    const system = systemOf({});
    for (const name of ["tag", "messageGroup", "traceContext", "priority", "receiptHandle"] as const)
      expect(system[name], name).to.equal(undefined);
    for (const name of ["deliveryTimestamp", "invisibleDuration", "deadLetterQueue"] as const)
      expect(system[name] ?? null, name).to.equal(null);
  });

  it("has a receipt and a time out of sight when it is given to a consumer", () => {
    const system = systemOf({}, { receiptHandle: "handle", invisibleMs: 60_500 });
    expect(system.receiptHandle).to.equal("handle");
    expect(system.invisibleDuration).to.deep.equal({ seconds: 60, nanos: 500_000_000 });
  });

  it("has the broker's id when its producer gave it none", () => {
    expect(systemOf({}).messageId).to.equal("a-0-42");
    expect(systemOf({ rocketmq: { traceContext: "t" } }).messageId).to.equal("a-0-42");
    expect(systemOf({ rocketmq: { messageId: MESSAGE_ID } }).messageId).to.equal(MESSAGE_ID);
  });

  it("was born when and where it was stored if nothing else is known", () => {
    const unknown = systemOf({});
    expect(unknown.bornTimestamp).to.deep.equal(unknown.storeTimestamp);
    expect(unknown.bornHost).to.equal("a");
    const known = systemOf({ bornAtMs: 5_001, bornHost: "there" });
    expect(known.bornTimestamp).to.deep.equal({ seconds: 5, nanos: 1_000_000 });
    expect(known.bornHost).to.equal("there");
  });

  it("is compressed when logwheel's producers compressed it", () => {
    expect(
      [0, 1, 2].map((encoding) => systemOf({ encoding: encoding as 0 | 1 | 2 }).bodyEncoding),
    ).to.deep.equal([1, 2, 2]);
  });

  it("is of the type that its fields make it", () => {
    for (const [message, type] of [
      [{}, NORMAL],
      [{ orderingKey: "k" }, FIFO],
      [{ deliverAtMs: 1 }, DELAY],
      [{ delayMs: 1 }, DELAY],
      [{ delayLevel: 1 }, DELAY],
      [{ orderingKey: "k", delayMs: 1 }, DELAY],
      [{ producerGroup: "g" }, TRANSACTION],
      [{ producerGroup: "g", orderingKey: "k", delayMs: 1 }, TRANSACTION],
    ] as const)
      expect(systemOf(message).messageType, JSON.stringify(message)).to.equal(type);
  });

  it("says where it came from when it is a dead letter", () => {
    expect(systemOf({ deadLetter: { topic: "orders", messageId: "a-0-1" } }).deadLetterQueue).to.deep.equal({
      topic: "orders",
      messageId: "a-0-1",
    });
  });
});

describe("a message that came in and goes out", () => {
  it("is as it was", () => {
    const sent = taken(
      {
        tag: "päid",
        keys: ["a", "b c"],
        traceContext: "trace",
        priority: 0,
        bornHost: "there",
        bornTimestamp: DUE,
      },
      { userProperties: { color: "red", "": "x", länge: "", empty: "" }, body: Buffer.from([0, 255, 128]) },
      false,
    );
    const got = comeBack(sent);
    expect(got.body).to.deep.equal(sent.body);
    expect(got.userProperties).to.deep.equal(sent.userProperties);
    expect(named(got)).to.deep.equal(named(sent));
  });

  it("is as it was in order", () => {
    const sent = taken({ messageType: FIFO, messageGroup: "x".repeat(63) });
    expect(named(comeBack(sent))).to.deep.equal(named(sent));
  });

  it("is as it was after a delay", () => {
    const sent = taken({ messageType: DELAY, deliveryTimestamp: DUE });
    expect(named(comeBack(sent))).to.deep.equal(named(sent));
  });

  it("is as it was when compressed, byte for byte", () => {
    const body = gzipSync("a body that was compressed by its producer");
    const sent = taken({ bodyEncoding: 2 }, { body });
    const got = comeBack(sent);
    expect(got.body).to.deep.equal(body);
    expect(got.systemProperties?.bodyEncoding).to.equal(2);
  });

  it("is told apart as not compressed when it did not say", () => {
    expect(comeBack(taken({ bodyEncoding: 0 })).systemProperties?.bodyEncoding).to.equal(1);
    expect(comeBack(taken({ bodyEncoding: 1 })).systemProperties?.bodyEncoding).to.equal(1);
  });

  it("is a transaction's, under the broker's id", () => {
    const system = comeBack(taken({ messageType: TRANSACTION })).systemProperties;
    expect(system).to.include({ messageType: TRANSACTION, messageId: "a-0-42" });
  });

  it("has all its keys in their order, however many", () => {
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
    expect(comeBack(taken({ keys })).systemProperties?.keys).to.deep.equal(keys);
  });

  it("has its long keys after the others", () => {
    const long = "x".repeat(128);
    expect(comeBack(taken({ keys: ["a", long, "b"] })).systemProperties?.keys).to.deep.equal([
      "a",
      "b",
      long,
    ]);
  });
});

function systemOf(message: NativeIn, more: Partial<Delivered> = {}): SystemProperties__Output {
  return delivered(message, more).systemProperties!;
}

/** Heard, and by default allowed. */
function taken(system: SystemProperties, more: Message = {}, allowed = true): Message__Output {
  const message = heard({ bodyEncoding: 1, ...system }, more);
  if (allowed) expect(messageRefusal(message, { bodyMax: 4 << 20 })).to.equal(undefined);
  return message;
}

function comeBack(message: Message__Output): Message__Output {
  return delivered(passed(nativeMessage(message, "group")));
}

/** What a producer says of its message. */
function named({ systemProperties: system }: Message__Output): Partial<SystemProperties__Output> {
  const { tag, keys, messageId, messageType, messageGroup, bodyEncoding, bornHost, bornTimestamp } = system!;
  const { deliveryTimestamp, traceContext, priority } = system!;
  return {
    ...(bornHost === "there" ? { bornHost, bornTimestamp } : {}),
    ...{ keys, messageId, messageType, bodyEncoding, deliveryTimestamp: deliveryTimestamp ?? null },
    ...{ tag: tag ?? "", messageGroup: messageGroup ?? "", traceContext: traceContext ?? "" },
    ...{ priority: priority ?? -1 },
  };
}
