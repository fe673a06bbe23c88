import { expect } from "chai";
import { settle } from "../../../client/testing/test-clock.js";
import { systemClock } from "../../../proto/kernel/clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "../../../proto/kernel/message-codec.js";
import { type PublishEntry, PublishFrame } from "../../../proto/kernel/publish-codec.js";
import { decodePublishReply, type PublishResult } from "../../../proto/kernel/publish-reply.js";
import type { SentMessages } from "../../../proto/kernel/send-codec.js";
import { DueWork } from "../../../server/broker/due-work.js";
import { silentMeter } from "../../../server/broker/meter.js";
import { Publisher } from "../../../server/broker/publish.js";
import { PERMISSION, TOPIC_TYPE, Topics } from "../../../server/broker/topics.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import type { Store } from "../../../server/store/store.js";
import { bodies, openStore, text } from "../../support/store.js";

const PRODUCER = 77;

interface Fixture {
  readonly store: Store;
  readonly topics: Topics;
  readonly publisher: Publisher;
}

/** `refusal`: asked for each frame. */
async function fixture(
  files = new MemoryFiles(),
  refusal: () => LogwheelError | undefined = () => undefined,
): Promise<Fixture> {
  const store = await openStore(files);
  const topics = new Topics(store, systemClock, {
    autoCreate: false,
    autoCreateQueues: 4,
    topicsMax: 10,
    queuesMax: 8,
  });
  const due = new DueWork({ store, clock: systemClock, logger: silentLogger, broker: "broker-a" });
  const publisher = new Publisher({
    deferrals: due.deferrals,
    transactions: due.transactions,
    store,
    topics,
    broker: "broker-a",
    flushSync: true,
    refusal,
    meter: silentMeter,
    clock: systemClock,
  });
  return { store, topics, publisher };
}

type Asked = Partial<Omit<PublishEntry, "message" | "topicIndex">> & {
  topic?: string;
  message: MessageInput;
};

function publish(
  { publisher }: Fixture,
  entries: readonly Asked[],
  settledBelow = 0,
): Promise<PublishResult> {
  const frame = new PublishFrame();
  frame.begin();
  for (const { topic = "orders", ...entry } of entries)
    frame.add({
      topicIndex: frame.topic(topic),
      queueId: undefined,
      sequence: 0,
      after: 0,
      more: false,
      ...entry,
    });
  const bytes = Buffer.from(frame.finish({ frame: 1, producerId: PRODUCER, settledBelow }));
  return new Promise((resolve, reject) => {
    publisher.publish(bytes, (reply) => resolve(decodePublishReply(reply)), reject);
  });
}

function codes(result: PublishResult): string[] {
  return result.refusals.map(({ index, error }) => `${index} ${error.code}`);
}

function sent(messages: readonly MessageInput[], rest: Partial<SentMessages> = {}): SentMessages {
  const places: [number, number][] = [];
  const parts = messages.map((message) => {
    const part = Buffer.alloc(encodedMessageSize(message));
    writeMessage(message, part, 0);
    const start = places.at(-1)?.[1] ?? 0;
    places.push([start, start + part.length]);
    return part;
  });
  return {
    topic: "orders",
    queueId: undefined,
    producerId: 0,
    sequence: 0,
    half: false,
    transactionId: "",
    ...rest,
    bytes: Buffer.concat(parts),
    places,
  };
}

describe("publish", () => {
  it("stores each message of a frame and says where (A3-02)", async () => {
    const given = await fixture();
    await given.topics.create({ name: "orders", queues: 2, type: TOPIC_TYPE.mixed });
    const result = await publish(given, [
      { message: text("a"), queueId: 0 },
      { message: text("b"), queueId: 1 },
      { message: text("c"), queueId: 0 },
    ]);
    expect(result.refusals).to.deep.equal([]);
    expect(result.queueIds).to.deep.equal([0, 1, 0]);
    expect(result.queueOffsets).to.deep.equal([0, 0, 1]);
    expect(await bodies(given.store, given.topics.get("orders").queues[0]!)).to.deep.equal(["a", "c"]);
  });

  it("refuses what is wrong with one message and stores the others", async () => {
    const given = await fixture();
    await given.topics.create({ name: "orders", queues: 1, type: TOPIC_TYPE.mixed });
    await given.topics.create({ name: "closed", queues: 1, permission: PERMISSION.read });
    const result = await publish(given, [
      { message: text("a") },
      { message: text("") },
      { message: text("b"), queueId: 9 },
      { message: text("c"), topic: "nowhere" },
      { message: text("d"), topic: "closed" },
      { message: text("e") },
    ]);
    expect(codes(result)).to.deep.equal([
      "1 BAD_REQUEST",
      "2 BAD_REQUEST",
      "3 TOPIC_NOT_FOUND",
      "4 FORBIDDEN",
    ]);
    expect(await bodies(given.store, given.topics.get("orders").queues[0]!)).to.deep.equal(["a", "e"]);
  });

  it("recognises a message that is sent again, also after a restart, and gives its first receipt (A3-05, A8-09)", async () => {
    const files = new MemoryFiles();
    let given = await fixture(files);
    await given.topics.create({ name: "orders", queues: 1, type: TOPIC_TYPE.mixed });
    const first = await publish(given, [
      { message: text("a"), sequence: 1 },
      { message: text("b"), sequence: 2 },
    ]);
    const again = await publish(given, [
      { message: text("b"), sequence: 2 },
      { message: text("c"), sequence: 3 },
    ]);
    expect(again.queueOffsets).to.deep.equal([1, 2]);
    expect(again.logOffsets[0]).to.equal(first.logOffsets[1]);
    await given.store.close();
    given = await fixture(files);
    const later = await publish(given, [{ message: text("a"), sequence: 1 }]);
    expect(later.queueOffsets).to.deep.equal([0]);
    expect(later.oldEpochs).to.deep.equal([{ index: 0, epoch: first.epoch }]);
    expect(await bodies(given.store, given.topics.get("orders").queues[0]!)).to.deep.equal(["a", "b", "c"]);
  });

  it("answers a repeat of what is not on the disk yet when that is, and not before (rule 5)", async () => {
    const files = new MemoryFiles();
    const given = await fixture(files);
    await given.topics.create({ name: "orders", queues: 1, type: TOPIC_TYPE.mixed });
    await given.store.whenSettled();
    let release = (): void => {};
    files.before = ({ call }) =>
      call === "sync" ? new Promise<void>((resolve) => (release = resolve)) : undefined;
    const answered: string[] = [];
    const send = async (name: string): Promise<PublishResult> => {
      const result = await publish(given, [{ message: text("a"), sequence: 1 }]);
      answered.push(name);
      return result;
    };
    const first = send("first");
    const again = send("again");
    for (let turn = 0; turn < 20; turn++) await settle();
    expect(answered).to.deep.equal([]);
    files.before = null;
    release();
    expect((await again).logOffsets).to.deep.equal((await first).logOffsets);
    expect(answered).to.deep.equal(["first", "again"]);
    await given.store.close();
  });

  it("answers that it does not know what the producer said it would not repeat", async () => {
    const given = await fixture();
    await given.topics.create({ name: "orders", queues: 1, type: TOPIC_TYPE.mixed });
    await publish(given, [{ message: text("a"), sequence: 1 }], 2);
    const result = await publish(given, [{ message: text("a"), sequence: 1 }]);
    expect(codes(result)).to.deep.equal(["0 SEQUENCE_UNKNOWN"]);
    expect(result.refusals[0]!.error.sent).to.equal("maybe");
  });

  it("refuses an ordered message that comes before its predecessor (rule 6)", async () => {
    const given = await fixture();
    await given.topics.create({ name: "orders", queues: 1, type: TOPIC_TYPE.ordered });
    const key = { orderingKey: "k" };
    const gap = await publish(given, [{ message: text("b", key), sequence: 2, after: 1 }]);
    expect(codes(gap)).to.deep.equal(["0 SEQUENCE_GAP"]);
    const both = await publish(given, [
      { message: text("a", key), sequence: 1, after: 0 },
      { message: text("b", key), sequence: 2, after: 1 },
      { message: text("d", key), sequence: 4, after: 3 },
    ]);
    expect(codes(both)).to.deep.equal(["2 SEQUENCE_GAP"]);
    expect(await bodies(given.store, given.topics.get("orders").queues[0]!)).to.deep.equal(["a", "b"]);
  });

  it("holds topics to their type", async () => {
    const given = await fixture();
    await given.topics.create({ name: "plain", queues: 1, type: TOPIC_TYPE.normal });
    await given.topics.create({ name: "keyed", queues: 1, type: TOPIC_TYPE.ordered });
    const result = await publish(given, [
      { topic: "plain", message: text("a", { orderingKey: "k" }) },
      { topic: "keyed", message: text("b") },
    ]);
    expect(codes(result)).to.deep.equal(["0 MESSAGE_TYPE_MISMATCH", "1 MESSAGE_TYPE_MISMATCH"]);
  });

  it("sends messages of one key to one queue", async () => {
    const given = await fixture();
    await given.topics.create({ name: "orders", queues: 8, type: TOPIC_TYPE.ordered });
    const entries = [..."abcabcabc"].map((key) => ({ message: text(key, { orderingKey: key }) }));
    const { queueIds } = await publish(given, entries);
    expect(queueIds.slice(0, 3)).to.deep.equal(queueIds.slice(3, 6));
    expect(queueIds.slice(0, 3)).to.deep.equal(queueIds.slice(6, 9));
  });

  it("stores a group in one queue with consecutive offsets, or nothing of it (rule 2)", async () => {
    const given = await fixture();
    await given.topics.create({ name: "orders", queues: 4, type: TOPIC_TYPE.mixed });
    const good = await publish(given, [
      { message: text("a"), more: true },
      { message: text("b"), more: true },
      { message: text("c") },
    ]);
    expect(new Set(good.queueIds).size).to.equal(1);
    expect(good.queueOffsets).to.deep.equal([0, 1, 2]);
    const bad = await publish(given, [
      { message: text("d"), more: true },
      { message: text("") },
      { message: text("e"), more: true },
    ]);
    expect(codes(bad)).to.deep.equal(["0 BAD_REQUEST", "1 BAD_REQUEST", "2 BAD_REQUEST"]);
    const stored = given.topics.get("orders").queues.reduce((sum, queue) => sum + queue.nextOffset, 0);
    expect(stored).to.equal(3);
  });

  it("refuses all of a frame while the broker takes nothing", async () => {
    const given = await fixture(new MemoryFiles(), () => new LogwheelError("DISK_FULL", "full"));
    await given.topics.create({ name: "orders", queues: 1 });
    const result = await publish(given, [{ message: text("a") }, { message: text("b") }]);
    expect(codes(result)).to.deep.equal(["0 DISK_FULL", "1 DISK_FULL"]);
  });

  it("says what it has of a repeat also while it takes nothing: no refusal of what is stored (A3-05)", async () => {
    let full = false;
    const given = await fixture(new MemoryFiles(), () =>
      full ? new LogwheelError("DISK_FULL", "full") : undefined,
    );
    await given.topics.create({ name: "orders", queues: 1, type: TOPIC_TYPE.mixed });
    const [first] = (await publish(given, [{ message: text("a"), sequence: 1 }])).logOffsets;
    const once = sent([text("u")], { producerId: PRODUCER, sequence: 5 });
    const [receipt] = await given.publisher.send(once);
    full = true;
    const repeated = await publish(given, [
      { message: text("a"), sequence: 1 },
      { message: text("b"), sequence: 2 },
    ]);
    expect(repeated.logOffsets).to.deep.equal([first, 0]);
    expect(codes(repeated)).to.deep.equal(["1 DISK_FULL"]);
    expect(await given.publisher.send(once)).to.deep.equal([{ ...receipt, duplicate: true }]);
    const other = sent([text("v")], { producerId: PRODUCER, sequence: 6 });
    const refused = await given.publisher.send(other).catch((thrown: unknown) => thrown);
    expect(LogwheelError.is(refused, "DISK_FULL")).to.equal(true);
    expect(given.topics.get("orders").queues[0]!.nextOffset).to.equal(2);
  });

  it("answers unary sends with receipts, batches all or none", async () => {
    const given = await fixture();
    await given.topics.create({ name: "orders", queues: 2, type: TOPIC_TYPE.mixed });
    const receipts = await given.publisher.send(sent([text("a"), text("b")], { queueId: 1 }));
    expect(
      receipts.map(({ queueId, queueOffset, flushed }) => [queueId, queueOffset, flushed]),
    ).to.deep.equal([
      [1, 0, true],
      [1, 1, true],
    ]);
    expect(receipts[0]!.messageId).to.match(/^broker-a-1-\d+$/);
    const failed = await given.publisher.send(sent([text("c"), text("")])).catch((thrown: unknown) => thrown);
    expect(LogwheelError.is(failed, "BAD_REQUEST")).to.equal(true);
    expect(given.topics.get("orders").queues.map((queue) => queue.nextOffset)).to.deep.equal([0, 2]);
  });

  it("gives a unary send that is repeated its first receipt", async () => {
    const given = await fixture();
    await given.topics.create({ name: "orders", queues: 1, type: TOPIC_TYPE.mixed });
    const once = sent([text("a")], { producerId: PRODUCER, sequence: 1 });
    const [first] = await given.publisher.send(once);
    const [second] = await given.publisher.send(once);
    expect(second).to.deep.equal({ ...first, duplicate: true });
  });

  it("throws for a frame that makes no sense", async () => {
    const { publisher } = await fixture();
    const never = (): void => expect.fail("answered");
    expect(() => publisher.publish(Buffer.from([0xff, 0xff]), never, never)).to.throw(LogwheelError);
  });
});
