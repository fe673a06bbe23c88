import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { DueWork } from "../../../server/broker/due-work.js";
import { droppable, Retention, waitMs } from "../../../server/broker/retention.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import type { Store } from "../../../server/store/store.js";
import { addTopic, append, bodies, openStore, SEGMENT_BYTES, text } from "../../support/store.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("what retention may drop", () => {
  const segments = [1, 2, 3].map((day) => ({
    end: day * 100,
    bytes: 100,
    lastStoredAtMs: day * DAY,
    topics: [day, 9],
  }));
  const retentionOf = (topic: number): number => (topic === 9 ? 2 * DAY : HOUR);

  it("keeps a segment as long as the topic with the longest retention in it", () => {
    const policy = { retentionMs: 2 * DAY, retentionBytes: undefined };
    expect(droppable(segments, 400, policy, retentionOf, 3 * DAY)).to.equal(0);
    expect(droppable(segments, 400, policy, retentionOf, 3 * DAY + 1)).to.equal(1);
    expect(droppable(segments, 400, policy, retentionOf, 9 * DAY)).to.equal(3);
  });

  it("drops the oldest, however young, until the log is within its size", () => {
    expect(droppable(segments, 400, { retentionMs: DAY, retentionBytes: 250 }, retentionOf, 0)).to.equal(2);
    expect(droppable(segments, 400, { retentionMs: DAY, retentionBytes: 400 }, retentionOf, 0)).to.equal(0);
  });

  it("does not wait for topics that are gone", () => {
    const gone = [{ end: 100, bytes: 100, lastStoredAtMs: DAY, topics: [5] }];
    expect(droppable(gone, 200, { retentionMs: DAY, retentionBytes: undefined }, () => 0, DAY + 1)).to.equal(
      1,
    );
  });

  it("waits for what is due soon: for a minute, or as long as a segment takes to fill", () => {
    const at = (...times: number[]): number => waitMs(times.map((lastStoredAtMs) => ({ lastStoredAtMs })));
    expect([at(), at(5), at(0, HOUR)]).to.deep.equal([60_000, 60_000, 60_000]);
    expect(at(1_000, 3_000, 9_000)).to.equal(4_000);
  });
});

describe("retention", () => {
  async function filled(clock: TestClock, days: number): Promise<Store> {
    const store = await openStore(new MemoryFiles(), { clock });
    const long = addTopic(store, "long");
    const short = addTopic(store, "short");
    store.appendTopic({ op: "put", ...short, queues: 1, retentionMs: HOUR });
    for (let day = 0; day < days; day++) {
      for (let count = 0; count < 4; count++) {
        append(store, long.queues[0]!, [text(`${day} ${"x".repeat(SEGMENT_BYTES / 8)}`)]);
        append(store, short.queues[0]!, [text(`${day} ${"x".repeat(SEGMENT_BYTES / 8)}`)]);
      }
      await store.whenSettled();
      clock.jump(DAY);
    }
    return store;
  }

  function keeper(store: Store, clock: TestClock, days: number, dropped = (): void => {}): Retention {
    return new Retention({
      store,
      clock,
      logger: silentLogger,
      policy: { retentionMs: days * DAY, retentionBytes: undefined },
      forwarding: new DueWork({ store, clock, logger: silentLogger, broker: "a" }).forwarding,
      dropped,
    });
  }

  it("keeps what is young enough and drops the rest, read or not (A1-14)", async () => {
    const clock = new TestClock();
    const store = await filled(clock, 6);
    await keeper(store, clock, 3).look();
    const days = (await bodies(store, store.state.topics.get("long")!.queues[0]!)).map((body) =>
      Number.parseInt(body, 10),
    );
    expect(days[0]).to.be.within(2, 3);
    expect(days.at(-1)).to.equal(5);
    await store.close();
  });

  it("begins a topic of shorter retention behind what it need not keep, in the same segments", async () => {
    const clock = new TestClock();
    const store = await filled(clock, 6);
    await keeper(store, clock, 30).look();
    const [long, short] = ["long", "short"].map((name) => store.state.topics.get(name)!.queues[0]!);
    expect(long!.firstOffset).to.equal(0);
    expect(short!.firstOffset).to.be.greaterThan(10);
    await store.close();
  });

  it("tells after each look that queues may begin later", async () => {
    const clock = new TestClock();
    const store = await filled(clock, 6);
    const queue = store.state.topics.get("long")!.queues[0]!;
    const firsts: number[] = [];
    await keeper(store, clock, 3, () => firsts.push(queue.firstOffset)).look();
    expect(firsts).to.deep.equal([queue.firstOffset]);
    expect(firsts[0]).to.be.above(0);
    await store.close();
  });
});
