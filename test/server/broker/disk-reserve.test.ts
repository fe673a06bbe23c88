import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import { TestClock } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { DiskGuard } from "../../../server/broker/disk-guard.js";
import { withReserve } from "../../../server/broker/disk-reserve.js";
import { diskError } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const MiB = 1 << 20;

describe("disk reserve", () => {
  /** A guard that holds so many MiB back above 100 MiB which are never used, on a disk with so many MiB free. */
  async function guarded(freeMiB: number, reserveMiB = 8) {
    const clock = new TestClock();
    const files = new MemoryFiles();
    const disk = { freeMiB };
    files.space = async () => ({ freeBytes: disk.freeMiB * MiB, totalBytes: 10_000 * MiB });
    const limits = {
      warnPercent: 98,
      refusePercent: 99,
      freeBytesMin: 100 * MiB,
      reserveBytes: reserveMiB * MiB,
    };
    const guard = new DiskGuard({
      files,
      clock,
      logger: silentLogger,
      limits,
      logEnd: () => 0,
      onFull: async () => {},
    });
    await guard.start();
    const held = async (): Promise<number> =>
      (await files.list()).includes("reserve") ? files.peek("reserve").length / MiB : 0;
    /** So much is free from now on; resolves with what is held back a few seconds later. */
    const left = async (mib: number): Promise<number> => {
      disk.freeMiB = mib;
      await clock.advance(5_000);
      return held();
    };
    return { clock, guard, held, left };
  }

  const bounds: [freeMiB: number, heldMiB: number][] = [
    [228, 0],
    [227, 8],
    [116, 8],
    [115, 0],
  ];
  for (const [freeMiB, heldMiB] of bounds)
    it(`with ${freeMiB} MiB free, of which 100 are never used, it holds ${heldMiB} of 8 MiB back`, async () => {
      const { guard, left, clock } = await guarded(5_000);
      expect(await left(freeMiB)).to.equal(heldMiB);
      await guard.stop();
      expect(clock.waiting).to.equal(0);
    });

  it("gives all back when less than its size is left, and holds it back again when there is room", async () => {
    const { guard, left } = await guarded(200);
    expect(await left(200)).to.equal(8);
    expect(await left(8)).to.equal(8);
    expect(await left(7)).to.equal(0);
    expect(await left(90)).to.equal(0);
    expect(await left(200)).to.equal(8);
    await guard.stop();
  });

  it("given up, what it leaves is not for sends: they wait until there is room for another one", async () => {
    const { guard, left } = await guarded(700, 200);
    expect(await left(700)).to.equal(200);
    expect(guard.refusal()).to.equal(undefined);
    await left(150);
    for (const free of [350, 499]) {
      await left(free);
      expect(guard.refusal()?.code, `${free} MiB`).to.equal("DISK_FULL");
    }
    await left(500);
    expect(guard.refusal()).to.equal(undefined);
    await guard.stop();
  });

  it("is written in steps, goes on where a stop has left it, and is left alone by a guard without one", async () => {
    const { clock, guard, held } = await guarded(200);
    await clock.advance(20);
    expect(await held()).to.equal(4);
    await guard.stop();
    await clock.advance(10_000);
    expect(await held()).to.equal(4);
    await guard.start();
    await clock.advance(1_000);
    expect(await held()).to.equal(8);
    await guard.stop();
  });

  it("is given up to a log that cannot be opened on a full disk, and to nothing else", async () => {
    const files = new MemoryFiles();
    let opened = 0;
    const open = (thrown: () => Error) =>
      withReserve(files, silentLogger, async () => {
        opened++;
        if ((await files.list()).includes("reserve")) throw thrown();
        return "open";
      });
    const full = (): Error => new LogwheelError("STORE_FAILED", "no room", { cause: diskError("ENOSPC") });
    const codeOf = (answer: Promise<unknown>): Promise<string> =>
      answer.then(
        () => "ok",
        (thrown) => LogwheelError.from(thrown).code,
      );
    files.poke("reserve", Buffer.alloc(10));
    expect(await codeOf(open(() => new LogwheelError("LOG_CORRUPT", "damage")))).to.equal("LOG_CORRUPT");
    expect([await files.list(), opened]).to.deep.equal([["reserve"], 1]);
    expect(await open(full)).to.equal("open");
    expect([await files.list(), opened]).to.deep.equal([[], 3]);
    const never = withReserve(files, silentLogger, () => Promise.reject(full()));
    expect(await codeOf(never)).to.equal("STORE_FAILED");
  });

  it("O9: on a full disk sends are refused, consumers go on over a restart, and sends too once there is room", async () => {
    const files = new MemoryFiles();
    const disk = { warnPercent: 98, refusePercent: 99, freeBytesMin: 8 * MiB, reserveBytes: MiB };
    files.disk.totalBytes = 64 * MiB;
    const cluster = await MemoryCluster.start([], { disk });
    try {
      await cluster.startBroker("a", files);
      const client = await cluster.connect();
      await cluster.advance(client.admin.topics.create("t", { queues: 1 }));
      const producer = client.producer({ retry: { attempts: 1 } });
      const send = () => producer.send({ topic: topic("t"), body: Buffer.from("x") });
      /** What a send is answered with once the broker has looked at its disk. */
      const answerOf = async (run: () => Promise<unknown>): Promise<string> => {
        await cluster.clock.advance(2_500);
        return cluster.advance(
          run().then(
            () => "ok",
            (thrown) => LogwheelError.from(thrown).code,
          ),
        );
      };
      for (let sent = 0; sent < 10; sent++) await cluster.advance(send());
      const others = (freeBytes: number): void => {
        files.poke("others", Buffer.alloc(0));
        files.poke("others", Buffer.alloc(files.disk.freeBytes - freeBytes));
      };
      others(15 * MiB);
      await cluster.until("the reserve is written", () => files.disk.freeBytes <= 14 * MiB);
      others(100);
      expect(await answerOf(send)).to.equal("DISK_FULL");
      expect(files.disk.freeBytes, "the reserve").to.be.within(MiB / 2, MiB + 100);

      await cluster.kill("a");
      await cluster.startBroker("a");
      const consumer = client.simpleConsumer(topic("t"), { group: "g", from: "earliest" });
      for (let got = 0; got < 10; ) {
        const messages = await cluster.advance(consumer.receive({ max: 10 }));
        for (const message of messages) await cluster.advance(message.ack());
        got += messages.length;
      }
      expect(await answerOf(send)).to.equal("DISK_FULL");
      const [queue] = (await cluster.advance(client.admin.groups.describe("g"))).queues;
      expect(queue).to.include({ offset: 10, lag: 0 });

      cluster.filesOf("a").poke("others", Buffer.alloc(0));
      expect(await answerOf(send)).to.equal("ok");
    } finally {
      await cluster.close();
    }
  });
});
