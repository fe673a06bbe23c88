import { expect } from "chai";
import { Queue, type TopicState } from "../../../server/store/queue.js";
import { SealingSegment } from "../../../server/store/sealing-segment.js";

function queue(topic: number, id: number, base: number, entries: number): Queue {
  const made = new Queue({ number: topic } as TopicState, id, base);
  for (let entry = 0; entry < entries; entry++) made.open.add(100 * entry, 90, 1, 2);
  return made;
}

describe("SealingSegment", () => {
  it("tells of every queue where it began and what it had, ascending by topic and queue", () => {
    const queues = [queue(2, 1, 7, 1), queue(2, 0, 5, 0), queue(1, 0, 2 ** 40, 2)];
    expect([...new SealingSegment(0, queues)]).to.deep.equal([
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
    const sealing = new SealingSegment(0, [quiet, busy]);
    for (const { open } of [quiet, busy]) open.add(64, 90, 0, 0);
    expect([...sealing].map(({ entries }) => entries.length)).to.deep.equal([0, 8]);
    expect([quiet, busy].map((each) => sealing.baseOf(each))).to.deep.equal([3, 4]);
    expect([quiet, busy].map(({ open }) => [open.base, open.count])).to.deep.equal([
      [3, 1],
      [6, 1],
    ]);
    expect([...sealing.taken.keys()]).to.deep.equal([busy]);
    expect(sealing.length).to.equal(2);
  });

  it("says of a queue that came later that it began with nothing", () => {
    expect(new SealingSegment(0, [queue(1, 0, 3, 0)]).baseOf(queue(2, 0, 9, 0))).to.equal(0);
  });
});
