import { expect } from "chai";
import { OpenEntries } from "../../../server/store/open-entries.js";
import { Queue, type TopicState } from "../../../server/store/queue.js";
import { SealingSegment } from "../../../server/store/sealing-segment.js";

describe("SealingSegment", () => {
  let open: OpenEntries;
  let next: OpenEntries;

  beforeEach(() => {
    open = new OpenEntries(0);
    next = new OpenEntries(1_000);
  });

  function queue(topic: number, id: number, base: number, entries: number): Queue {
    const made = new Queue({ number: topic } as TopicState, id, base);
    for (let entry = 0; entry < entries; entry++) open.add(made, 100 * entry, 90, 1, 2);
    return made;
  }

  function seal(queues: Queue[]): SealingSegment {
    return new SealingSegment(open, queues, next);
  }

  function told(sealing: SealingSegment): object[] {
    return [...sealing].map(({ topic, queueId, baseOffset, count, entries }) => {
      expect(entries.length).to.equal(4 * count);
      return { topic, queueId, baseOffset, entries };
    });
  }

  it("tells of every queue where it began and what it had, ascending by topic and queue", () => {
    const queues = [queue(2, 1, 7, 1), queue(2, 0, 5, 0), queue(1, 0, 2 ** 40, 2)];
    expect(told(seal(queues))).to.deep.equal([
      {
        topic: 1,
        queueId: 0,
        baseOffset: 2 ** 40,
        entries: Uint32Array.of(0, 90, 1, 2, 100, 90, 1, 2),
      },
      { topic: 2, queueId: 0, baseOffset: 5, entries: new Uint32Array(0) },
      { topic: 2, queueId: 1, baseOffset: 7, entries: Uint32Array.of(0, 90, 1, 2) },
    ]);
  });

  it("has what was added before it was made, and nothing later", () => {
    const [quiet, busy] = [queue(1, 0, 3, 0), queue(1, 1, 4, 2)];
    const sealing = seal([quiet, busy]);
    for (const each of [quiet, busy]) each.open!.add(each, 64, 90, 0, 0);
    expect([...sealing].map(({ entries }) => entries.length)).to.deep.equal([0, 8]);
    expect([quiet, busy].map((each) => sealing.of(each)!.gathered.length)).to.deep.equal([0, 8]);
    expect([quiet, busy].map((each) => sealing.baseOf(each))).to.deep.equal([3, 4]);
    expect([quiet, busy].map(({ base, indexed }) => [base, indexed])).to.deep.equal([
      [3, 4],
      [6, 7],
    ]);
    expect([quiet, busy].map((each) => next.of(each))).to.deep.equal([
      Uint32Array.of(64, 90, 0, 0),
      Uint32Array.of(64, 90, 0, 0),
    ]);
    expect(sealing.topics()).to.deep.equal([1]);
    expect(sealing.length).to.equal(2);
  });

  it("says of a queue that came later that it began with nothing", () => {
    const sealing = seal([queue(1, 0, 3, 0)]);
    const later = queue(2, 0, 9, 0);
    expect(sealing.baseOf(later)).to.equal(0);
    expect(sealing.of(later)).to.equal(undefined);
  });
});
