import { expect } from "chai";
import fc from "fast-check";
import { HEADER_BYTES, KIND } from "../../../server/store/record.js";
import { PRODUCERS_MAX, State, type TopicChange } from "../../../server/store/state.js";
import { fairShare } from "../../../server/store/weights.js";

const EXTREME = Number.MAX_SAFE_INTEGER;

function topicChange(number: number, more: object = {}): TopicChange {
  const name = `topic-${number}`.padEnd(127, "x");
  const config = {
    type: 5,
    permission: 0,
    retentionMs: EXTREME,
    attributes: {},
    createdAtMs: EXTREME,
  } as const;
  return { op: "put", number, name, queues: 3, ...config, ...more } as TopicChange;
}

function groupChange(number: number, more: object = {}): object {
  const name = `group-${number}`.padEnd(120, "x");
  return { op: "put", number, name, ordered: false, maxAttempts: 10_000, assign: 3, paused: false, ...more };
}

/** What the members of a group wanted: this many topics. */
function wanted(count: number): object {
  return { subscriptions: Array.from({ length: count }, (_, i) => ({ topic: `t${i}`, sql: "ü = 'ü'" })) };
}

/** Bytes of the parts of a snapshot that are no producers, without the record headers. */
function snapshotBytes(state: State): number {
  return [...state.snapshot(0)]
    .filter(({ producers }) => producers === undefined)
    .reduce((sum, part) => sum + Buffer.byteLength(JSON.stringify(part)), 0);
}

/** What remembers this many producers, each with its sequences. */
function withProducers(counts: readonly number[], storedAtMs = 1): State {
  const state = new State();
  state.reduce(KIND.topic, topicChange(1));
  const queue = state.topicByNumber(1)!.queues[0]!;
  for (const [index, count] of counts.entries())
    for (let sequence = 1; sequence <= count; sequence++)
      state.message(queue, {
        ...{ length: HEADER_BYTES, epoch: 1, kind: KIND.message, more: false, keyed: false },
        ...{ stands: false, joined: false },
        ...{ length: HEADER_BYTES, epoch: 1, kind: KIND.message, more: false, keyed: false, hasTtl: false },
        ...{ topic: 1, queueId: 0, queueOffset: 0, tagHash: 0, keyHash: 0, storedAtMs },
        ...{ logOffset: EXTREME - sequence, producerId: index + 1, sequence },
      });
  return state;
}

describe("weights", () => {
  it("a fair share lets all together take no more than there is, and gives the small what they want", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), fc.nat(20_000), (wanted, max) => {
        const share = fairShare(wanted, max);
        const given = wanted.map((want) => Math.min(want, share)).reduce((a, b) => a + b, 0);
        const all = wanted.reduce((a, b) => a + b, 0);
        expect(given).to.be.at.most(max);
        if (all <= max) expect(given).to.equal(all);
        else expect(given).to.be.above(max - wanted.length);
      }),
    );
  });

  it("of topics, groups and cursors are no less than what a snapshot takes, whatever came and went", () => {
    const offset = fc.integer({ min: 0, max: EXTREME });
    const cursor = fc.record({
      floor: offset,
      acked: fc.array(fc.tuple(offset, offset), { maxLength: 20 }),
      retries: fc.array(fc.tuple(offset, fc.nat(10_000), offset), { maxLength: 20 }),
    });
    const id = fc.integer({ min: 1, max: 5 });
    const change: fc.Arbitrary<[kind: number, payload: unknown]> = fc.oneof(
      fc.tuple(id, fc.integer({ min: 1, max: 64 })).map(([number, queues]): [number, unknown] => {
        const attributes = { a: "ü".repeat(number) };
        return [KIND.topic, topicChange(number, { queues, attributes })];
      }),
      id.map((number): [number, unknown] => [KIND.topic, { op: "delete", number }]),
      id.map((number): [number, unknown] => [KIND.group, groupChange(number)]),
      fc
        .tuple(id, fc.nat(20))
        .map(([number, count]): [number, unknown] => [KIND.group, groupChange(number, wanted(count))]),
      id.map((number): [number, unknown] => [KIND.group, { op: "delete", number }]),
      fc.tuple(id, id, cursor).map(([group, topic, { floor, acked, retries }]): [number, unknown] => {
        return [KIND.cursors, [[group, topic, 0, floor, acked, retries]]];
      }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const state = new State();
        for (const [kind, payload] of changes) state.reduce(kind, payload);
        expect(state.weight + 500).to.be.at.least(snapshotBytes(state));
        const loaded = new State();
        for (const part of state.snapshot(0)) loaded.reduce(KIND.snapshot, JSON.parse(JSON.stringify(part)));
        expect(loaded.weight).to.equal(state.weight);
        for (let number = 1; number <= 5; number++) {
          state.reduce(KIND.group, { op: "delete", number });
          state.reduce(KIND.topic, { op: "delete", number });
        }
        expect(state.weight).to.equal(0);
      }),
    );
  });

  it("of producers shrink to what there is room for: the largest forget, and answer that they do not know", () => {
    const state = withProducers([2_000, 10, 10]);
    state.fitProducers(40_000);
    const [part] = [...state.snapshot(1)].filter(({ producers }) => producers !== undefined);
    expect(JSON.stringify(part).length).to.be.within(10_000, 40_000);
    const large = state.producers.get(1)!;
    expect(large.find(1)).to.equal(undefined);
    expect(large.find(2_000)).to.equal(EXTREME - 2_000);
    expect(large.find(2_001)).to.equal(0);
    for (const small of [2, 3])
      for (let sequence = 1; sequence <= 10; sequence++)
        expect(state.producers.get(small)!.find(sequence)).to.equal(EXTREME - sequence);
  });

  it("of producers: who writes to more queues than there is room for is forgotten", () => {
    const state = withProducers([1, 1]);
    for (let queueId = 0; queueId < 2_000; queueId++) state.producers.get(2)!.addOrdered(1, queueId, 1);
    state.fitProducers(20_000);
    expect([...state.producers.keys()]).to.deep.equal([1]);
  });

  it("of producers: so many are remembered, and those silent for a minute make room for others", () => {
    const state = withProducers(new Array(PRODUCERS_MAX).fill(1), 1_000);
    expect(state.roomForProducer(2_000)).to.equal(false);
    expect(state.roomForProducer(62_000)).to.equal(true);
    expect(state.producers.size).to.equal(0);
  });
});
