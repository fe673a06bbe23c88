import { expect } from "chai";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import {
  BatchBuilder,
  decodeConsumeReply,
  decodePullReply,
  encodeConsumeReply,
  PullBuilder,
} from "../../proto/kernel/consume-codec.js";
import { BROKER, NAME_SERVER } from "../../proto/kernel/contract.js";
import { parseDescriptor, readDescriptor } from "../../proto/kernel/descriptor.js";
import { Envelope, scanMessage } from "../../proto/kernel/envelope.js";
import { errorFromTrailers, trailersOf } from "../../proto/kernel/error-trailers.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import {
  encodedMessageSize,
  keysOf,
  type MessageInput,
  readMessage,
  ttlOf,
  writeMessage,
} from "../../proto/kernel/message-codec.js";
import { EntryReader, PublishFrame } from "../../proto/kernel/publish-codec.js";
import { decodePublishReply, encodePublishReply } from "../../proto/kernel/publish-reply.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { decodeSend } from "../../proto/kernel/send-codec.js";
import { writeVarint } from "../../proto/kernel/wire.js";
import type { Decoder } from "./decoder.js";
import { storedRecord } from "./stored-record.js";

const MESSAGES: readonly MessageInput[] = [
  { body: Buffer.from("hello"), tag: "TagA", keys: ["a", "b"], orderingKey: "k", bornAtMs: -5 },
  { body: Buffer.alloc(300, 1), properties: { one: "1", two: "zwei" }, bornHost: "10.0.0.1", encoding: 1 },
  { body: Buffer.from("é"), tag: "日本", bornAtMs: 1_900_000_000_000 },
];

const HEAD = {
  epoch: 3,
  logOffset: 2 ** 40,
  kind: 1,
  topic: 7,
  queueId: 2,
  queueOffset: 99,
  storedAtMs: 1_900_000_000_000,
  tagHash: 5,
  keyHash: 0,
  producerId: 2 ** 50,
  sequence: 11,
};

const RECORDS = MESSAGES.map((message) => storedRecord(HEAD, message));

function encodedMessage(message: MessageInput): Buffer {
  const bytes = Buffer.alloc(encodedMessageSize(message));
  writeMessage(message, bytes, 0);
  return bytes;
}

function frame(): Buffer {
  const building = new PublishFrame();
  building.begin();
  MESSAGES.forEach((message, i) => {
    const topicIndex = building.topic(`topic-${i}`);
    building.add({ topicIndex, queueId: i, sequence: 2 ** 33 + i, after: i, more: i === 1, message });
  });
  return Buffer.from(building.finish({ frame: 4, producerId: 2 ** 45, settledBelow: 3 }));
}

function batch(): Buffer {
  const builder = new BatchBuilder();
  builder.begin("orders", 2, 2 ** 33);
  RECORDS.forEach((bytes, i) => {
    builder.add(bytes, 0, bytes.length, i + 1);
  });
  return builder.finish(2 ** 34);
}

function pullReply(): Buffer {
  const builder = new PullBuilder();
  for (const bytes of RECORDS) builder.add(bytes, 0, bytes.length);
  return builder.finish({ nextOffset: 5, firstOffset: 1, endOffset: 9 });
}

function sendBatch(): Buffer {
  const messages = MESSAGES.map(({ body, tag }) => ({ body: Buffer.from(body), tag: tag ?? "" }));
  return BROKER.sendBatch.request.encode({
    topic: "t",
    queueId: 1,
    producerId: 2 ** 40,
    sequence: 7,
    messages,
  });
}

/** A FileDescriptorSet of one file. */
function setOf(file: Buffer): Buffer {
  const head = Buffer.from([0x0a, 0, 0, 0, 0, 0]);
  return Buffer.concat([head.subarray(0, writeVarint(head, 1, file.length)), file]);
}

const PUBLISH_REPLY = encodePublishReply({
  frame: 9,
  epoch: 2,
  flushed: true,
  logOffsets: [2 ** 40, 0, 300],
  queueOffsets: [1, 0, 2 ** 35],
  queueIds: [0, 0, 7],
  refusals: [{ index: 1, error: new LogwheelError("THROTTLED", "too much", { retryAfterMs: 20 }) }],
  oldEpochs: [{ index: 2, epoch: 1 }],
  deferred: [0],
});

/** What clients of RocketMQ ask most. */
const ROCKETMQ = {
  sendMessage: {
    messages: MESSAGES.map(({ body }) => ({
      topic: { name: "t", resourceNamespace: "n" },
      userProperties: { color: "red" },
      body,
      systemProperties: {
        tag: "TagA",
        keys: ["a", "b"],
        messageId: "id",
        bodyDigest: { type: 1, checksum: "A" },
        bornTimestamp: { seconds: 5, nanos: 6 },
        messageGroup: "g",
        priority: -1,
      },
    })),
  },
  receiveMessage: {
    group: { name: "g" },
    messageQueue: {
      topic: { name: "t" },
      id: 1,
      broker: { name: "a", endpoints: { scheme: 1, addresses: [{ host: "h", port: 5 }] } },
    },
    filterExpression: { type: 1, expression: "*" },
    batchSize: 32,
    invisibleDuration: { seconds: 5 },
    longPollingTimeout: { seconds: 20 },
    attemptId: "a",
  },
  ackMessage: {
    group: { name: "g" },
    topic: { name: "t" },
    entries: [{ messageId: "m", receiptHandle: "r" }],
  },
};

const entries = new EntryReader();
const envelope = new Envelope();

/** Reads everything that records offer; throws what a reader of them would see. */
function readRecords(records: Iterable<{ message(): object; readonly logOffset: number }>): void {
  for (const record of records) {
    record.message();
    if (!Number.isSafeInteger(record.logOffset)) throw new Error("a log offset is no number");
  }
}

/** Bytes of one message where another is expected. */
const OTHERS = [frame(), batch(), PUBLISH_REPLY, ...MESSAGES.map(encodedMessage)];
const { trailers: TRAILERS } = trailersOf(new LogwheelError("THROTTLED", "ü %", { retryAfterMs: 5 }));

/** What reads bytes of peers. */
export const WIRE_DECODERS: readonly Decoder[] = [
  {
    name: "readMessage",
    corpus: MESSAGES.map(encodedMessage),
    run: (bytes) => {
      const read = readMessage(bytes, 0, bytes.length);
      const again = encodedMessage(read);
      expect(encodedMessage(readMessage(again, 0, again.length)).equals(again)).to.equal(true);
      keysOf(bytes, 0, bytes.length);
      ttlOf(bytes, 0, bytes.length);
    },
  },
  {
    name: "scanMessage",
    corpus: MESSAGES.map(encodedMessage),
    run: (bytes) => {
      scanMessage(bytes, 0, bytes.length, envelope);
      const read = readMessage(bytes, 0, bytes.length);
      expect(envelope.bodyBytes).to.equal(read.body.length);
      expect(envelope.keyCount).to.equal(read.keys.length);
      expect(envelope.tagEnd).to.be.within(envelope.tagStart, bytes.length);
    },
  },
  {
    name: "EntryReader",
    corpus: [frame()],
    run: (bytes) => {
      entries.reset(bytes);
      let count = 0;
      while (entries.next()) {
        count++;
        expect(entries.messageEnd).to.be.within(entries.messageStart, bytes.length);
        expect(entries.topics[entries.topic]).to.be.a("string");
      }
      expect(count).to.equal(entries.count);
    },
  },
  { name: "decodePublishReply", corpus: [PUBLISH_REPLY], run: (bytes) => void decodePublishReply(bytes) },
  {
    name: "decodeConsumeReply",
    corpus: [batch(), encodeConsumeReply({ acked: { serial: 5, failures: [{ code: "X" }] } })],
    run: (bytes) => {
      const event = decodeConsumeReply(bytes);
      if (event.reply === "batch") readRecords(event.batch.records);
    },
  },
  {
    name: "decodeSend",
    corpus: [sendBatch()],
    run: (bytes) => {
      const { places, topic } = decodeSend(bytes);
      expect(topic).to.be.a("string");
      for (const [start, end] of places) expect(end).to.be.within(start, bytes.length);
    },
  },
  {
    name: "decodePullReply",
    corpus: [pullReply()],
    run: (bytes) => readRecords(decodePullReply(bytes).records),
  },
  {
    name: "parseDescriptor",
    corpus: readDescriptor()
      .filter(({ name }) => name.includes("health"))
      .map(({ bytes }) => setOf(bytes)),
    run: (bytes) => void parseDescriptor(bytes),
  },
  ...Object.entries({ BROKER, ADMIN, NAME_SERVER, MESSAGING }).flatMap(([service, methods]) =>
    Object.entries(methods).flatMap(([method, { request, reply }]) =>
      Object.entries({ request, reply }).map(([way, codec]) => ({
        name: `${way} of ${service}.${method}`,
        corpus: OTHERS,
        foreign: true,
        run: (bytes: Buffer) => void codec.decode(bytes),
      })),
    ),
  ),
  ...(["sendMessage", "receiveMessage", "ackMessage"] as const).map((call) => ({
    name: `a request to ${call}`,
    corpus: [MESSAGING[call].request.encode(ROCKETMQ[call] as never)],
    run: (bytes: Buffer) => void MESSAGING[call].request.decode(bytes),
  })),
  {
    name: "errorFromTrailers",
    corpus: Object.values(TRAILERS).map((value) => Buffer.from(value)),
    run: (bytes) => {
      const trailers: Record<string, string | undefined> = { ...TRAILERS };
      for (const name of Object.keys(TRAILERS)) {
        const before = trailers[name];
        trailers[name] = bytes.toString("latin1");
        expect(LogwheelError.is(errorFromTrailers((each) => trailers[each]))).to.equal(true);
        trailers[name] = before;
      }
    },
  },
];
