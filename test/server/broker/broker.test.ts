import { expect } from "chai";
import { ADMIN } from "../../../proto/kernel/admin-contract.js";
import type { Channel } from "../../../proto/kernel/channel.js";
import type { ConsumeEvent } from "../../../proto/kernel/consume-codec.js";
import { BROKER } from "../../../proto/kernel/contract.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import type { BrokerOptions } from "../../../server/broker/broker.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

describe("settings of a broker reach what obeys them", () => {
  let cluster: MemoryCluster;
  let broker: Channel;
  afterEach(() => cluster.close());

  async function start(options: Partial<BrokerOptions>): Promise<void> {
    cluster = await MemoryCluster.start(["a"], options);
    broker = cluster.network.connect("a:10911");
    await cluster.advance(
      broker.unary(ADMIN.createTopic, { topic: { name: "t", queues: 1, type: "TOPIC_TYPE_MIXED" } }),
    );
  }

  /** The code of what a promise fails with, or `ok`. */
  async function codeOf(answer: Promise<unknown>): Promise<string> {
    try {
      await cluster.advance(answer);
      return "ok";
    } catch (thrown) {
      return LogwheelError.from(thrown).code;
    }
  }

  /** A member that subscribes to so many topics and never says anything again; tells how its stream ended. */
  function join(topics: number): { heard: ConsumeEvent[]; ended: Promise<string> } {
    const stream = broker.open(BROKER.consume);
    const heard: ConsumeEvent[] = [];
    const ended = new Promise<string>((resolve) =>
      stream.listen({
        message: (event) => void heard.push(event),
        close: (error) => resolve(error === null ? "ok" : LogwheelError.from(error).code),
      }),
    );
    const subscriptions = Array.from({ length: topics }, (_, at) => ({ topic: at === 0 ? "t" : `t${at}` }));
    stream.write({ hello: { group: "g", subscriptions } });
    return { heard, ended };
  }

  it("bodyBytesMax: a body of so many bytes is taken, one byte more is refused before it is stored", async () => {
    await start({ bodyBytesMax: 1_000 });
    const send = (bytes: number): Promise<string> =>
      codeOf(broker.unary(BROKER.send, { topic: "t", message: { body: Buffer.alloc(bytes) } }));
    const batch = (...sizes: number[]): Promise<string> =>
      codeOf(
        broker.unary(BROKER.sendBatch, {
          topic: "t",
          messages: sizes.map((bytes) => ({ body: Buffer.alloc(bytes) })),
        }),
      );
    expect([await send(1_000), await send(1_001)]).to.deep.equal(["ok", "MESSAGE_TOO_LARGE"]);
    expect([await batch(1_000, 1_000), await batch(1_000, 1_001)]).to.deep.equal(["ok", "MESSAGE_TOO_LARGE"]);
    const { endOffset } = await cluster.advance(broker.unary(BROKER.seek, { topic: "t" }));
    expect(endOffset).to.equal(3);
  });

  it("groupsMax: so many groups are made, one more is refused until one is deleted", async () => {
    await start({ groupsMax: 2 });
    const create = (name: string): Promise<string> =>
      codeOf(broker.unary(ADMIN.createGroup, { group: { name } }));
    expect([await create("one"), await create("two"), await create("three")]).to.deep.equal([
      "ok",
      "ok",
      "THROTTLED",
    ]);
    await cluster.advance(broker.unary(ADMIN.deleteGroup, { name: "one" }));
    expect(await create("three")).to.equal("ok");
  });

  it("subscriptionsMax: a member subscribes to so many topics, not to one more", async () => {
    await start({ subscriptionsMax: 3 });
    const refused = join(4);
    expect(await cluster.advance(refused.ended)).to.equal("BAD_REQUEST");
    const taken = join(3);
    await cluster.until("the member is welcome", () => taken.heard.some(({ reply }) => reply === "welcome"));
  });

  it("memberHeartbeatMs and memberExpiryMs: members are told, and one that is silent for longer is put out", async () => {
    await start({ memberHeartbeatMs: 500, memberExpiryMs: 2_000 });
    const sinceMs = cluster.clock.monotonicMs();
    const { heard, ended } = join(1);
    expect(await cluster.advance(ended)).to.equal("TIMEOUT");
    expect(cluster.clock.monotonicMs() - sinceMs).to.be.within(2_000, 2_200);
    const [welcome] = heard.flatMap((event) => (event.reply === "welcome" ? [event.welcome] : []));
    expect(welcome).to.include({ heartbeatMs: 500, expiryMs: 2_000 });
  });

  it("pendingPercent: messages that are pending take such a share of retentionBytes, then more are refused", async () => {
    await start({ retentionBytes: 2 << 20, pendingPercent: 1 });
    const send = (delayMs: number): Promise<unknown> =>
      cluster.advance(
        broker.unary(BROKER.send, { topic: "t", message: { body: Buffer.alloc(1_000), delayMs } }),
      );
    for (let count = 0; count < 20; count++) await send(86_400_000);
    const refused = await send(86_400_000).catch((thrown: unknown) => thrown);
    expect(LogwheelError.is(refused, "THROTTLED"), String(refused)).to.equal(true);
    expect((refused as Error).message).to.match(/1 % of retentionBytes \(setting pendingPercent\)/);
    await send(0);
  });

  it("pendingPercent: of what may be used of the disk where the log has no limit", async () => {
    const files = new MemoryFiles();
    files.space = async () => ({ freeBytes: 5_000_000, totalBytes: 10_000_000 });
    const disk = { warnPercent: 75, refusePercent: 90, freeBytesMin: 2_000_000, reserveBytes: 0 };
    await start({ files, disk, pendingPercent: 1 });
    const send = (bytes: number): Promise<string> =>
      codeOf(
        broker.unary(BROKER.send, {
          topic: "t",
          message: { body: Buffer.alloc(bytes), delayMs: 86_400_000 },
        }),
      );
    expect(await send(79_000)).to.equal("ok");
    expect(await send(2_000)).to.equal("ok");
    expect(await send(1)).to.equal("THROTTLED");
  });

  /** Bytes of the log that are written and not flushed. */
  async function unflushed(): Promise<number> {
    const { logEnd, logDurable } = await cluster.advance(broker.unary(ADMIN.describeBroker, {}));
    return logEnd - logDurable;
  }

  const send = (bytes: number): Promise<unknown> =>
    broker.unary(BROKER.send, { topic: "t", message: { body: Buffer.alloc(bytes) } });

  it("flushMs: what was written is flushed so much later", async () => {
    await start({ flush: "async", flushMs: 300 });
    await cluster.clock.advance(1_000);
    await cluster.advance(send(100));
    await cluster.clock.advance(299);
    expect(await unflushed()).to.be.above(100);
    await cluster.clock.advance(1);
    expect(await unflushed()).to.equal(0);
  });

  it("flushBytes: so much is flushed at once", async () => {
    await start({ flush: "async", flushMs: 1_000, flushBytes: 100_000 });
    await cluster.clock.advance(2_000);
    await cluster.advance(send(90_000));
    expect(await unflushed()).to.be.above(90_000);
    await cluster.advance(send(10_000));
    await cluster.advance(send(1));
    expect(await unflushed()).to.be.below(10_000);
  });

  it("unflushedBytesMax: while a flush hangs so much is taken, and no more", async () => {
    await start({ flush: "async", flushBytes: 100_000, unflushedBytesMax: 300_000 });
    const { disk } = cluster.filesOf("a");
    let release = (): void => {};
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    disk.before = ({ call, name }) => (call === "sync" && name.endsWith(".log") ? hanging : undefined);
    const answers: string[] = [];
    for (let at = 0; at < 4; at++) answers.push(await codeOf(send(90_000)));
    expect(answers).to.deep.equal(["ok", "ok", "ok", "ok"]);
    expect(await codeOf(send(1))).to.equal("THROTTLED");
    release();
    disk.before = null;
    await cluster.clock.advance(1);
    expect(await codeOf(send(1))).to.equal("ok");
  });

  it("acceptDamage: a log that is damaged there is opened, without what was lost", async () => {
    await start({});
    for (let at = 0; at < 3; at++) await cluster.advance(send(1_000));
    await cluster.stop("a");
    const files = cluster.filesOf("a");
    const log = await files.folder("log");
    const [name] = await log.list();
    const bytes = log.peek(name!);
    bytes[bytes.indexOf(Buffer.alloc(1_000)) + 500] = 1;
    log.poke(name!, bytes);
    const refused = await cluster.startBroker("a").catch((thrown: unknown) => LogwheelError.from(thrown));
    expect(refused).to.include({ code: "LOG_CORRUPT" });
    const [, from, to] = /--accept-damage (\d+)-(\d+)/.exec((refused as LogwheelError).message)!;
    const second = await MemoryCluster.start([], { acceptDamage: { from: Number(from), to: Number(to) } });
    await second.startBroker("a", files.reopen());
    const again = second.network.connect("a:10911");
    const { records } = await second.advance(again.unary(BROKER.pull, { topic: "t", offset: 1 }));
    expect([...records].map(({ queueOffset }) => queueOffset)).to.deep.equal([1, 2]);
    await second.close();
  });

  it("pullWaitMsMax: a pull that asks for more waits so long and no longer", async () => {
    await start({ pullWaitMsMax: 700 });
    for (const [waitMs, waited] of [
      [60_000, 700],
      [300, 300],
    ] as const) {
      const sinceMs = cluster.clock.monotonicMs();
      const { records } = await cluster.advance(broker.unary(BROKER.pull, { topic: "t", waitMs }));
      expect([...records]).to.deep.equal([]);
      expect(cluster.clock.monotonicMs() - sinceMs).to.be.within(waited, waited + 10);
    }
  });
});
