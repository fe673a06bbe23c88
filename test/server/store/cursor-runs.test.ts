import { expect } from "chai";
import fc from "fast-check";
import { cursorRuns, readRuns } from "../../../server/store/cursor-runs.js";
import type { CursorState } from "../../../server/store/cursor-state.js";
import { KIND } from "../../../server/store/record.js";
import { State } from "../../../server/store/state.js";

const TOPIC = { op: "put", type: 5, permission: 0, retentionMs: 0, attributes: {}, createdAtMs: 1 };
const GROUP = { op: "put", ordered: false, maxAttempts: 17, assign: 0, paused: false };

/** A state with three topics of four queues and two groups. */
function state(): State {
  const made = new State();
  for (const number of [1, 2, 3])
    made.reduce(KIND.topic, { ...TOPIC, number, name: `topic-${number}`, queues: 4 });
  for (const number of [1, 2]) made.reduce(KIND.group, { ...GROUP, number, name: `group-${number}` });
  return made;
}

function cursorsOf(of: State): [string, CursorState][] {
  return [...of.groups.values()].flatMap(({ name, cursors }) =>
    [...cursors].map(([queue, cursor]): [string, CursorState] => [
      `${name} ${queue.topic.name} ${queue.id}`,
      cursor,
    ]),
  );
}

describe("CursorRuns", () => {
  it("take one run for queues that follow each other, and name those that have more than a floor", () => {
    const made = state();
    made.reduce(KIND.cursors, [
      [1, 2, 0, 7, [], [], 0],
      [1, 2, 1, 8, [[9, 10]], [], 0],
      [1, 2, 2, 2 ** 40, [], [[5, 2, 99]], 0],
      [1, 1, 3, 0, [], [], 2 ** 30],
    ]);
    const group = made.groups.get("group-1")!;
    expect(cursorRuns(group, 100)).to.deep.equal([
      {
        group: 1,
        runs: [2, 0, 3, 7, 8, 2 ** 40, 1, 3, 1, 0],
        rest: [
          [2, 1, [[9, 10]], [], 0],
          [2, 2, [], [[5, 2, 99]], 0],
          [1, 3, [], [], 2 ** 30],
        ],
      },
    ]);
    expect(cursorRuns(made.groups.get("group-2")!, 100)).to.deep.equal([]);
    const floors: number[][] = [];
    readRuns([2, 0, 2, 7, 8, 1, 3, 1, 0], (...floor) => floors.push(floor));
    expect(floors).to.deep.equal([
      [2, 0, 7],
      [2, 1, 8],
      [1, 3, 0],
    ]);
  });

  it("bring any cursors back, in their order, in pieces of any size", () => {
    const cursor = fc.tuple(
      fc.constantFrom(1, 2),
      fc.constantFrom(1, 2, 3),
      fc.nat(3),
      fc.maxSafeNat(),
      fc.array(fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()), { maxLength: 2 }),
      fc.array(fc.tuple(fc.maxSafeNat(), fc.nat(9), fc.maxSafeNat()), { maxLength: 2 }),
      fc.nat(1),
    );
    fc.assert(
      fc.property(fc.array(cursor), fc.integer({ min: 1, max: 40 }), (changes, numbersMax) => {
        const made = state();
        made.reduce(KIND.cursors, changes);
        const again = state();
        for (const group of made.groups.values())
          for (const cursors of cursorRuns(group, numbersMax))
            again.reduce(KIND.snapshot, JSON.parse(JSON.stringify({ cursors })));
        expect(cursorsOf(again)).to.deep.equal(cursorsOf(made));
      }),
    );
  });
});
