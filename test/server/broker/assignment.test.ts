import { expect } from "chai";
import fc from "fast-check";
import {
  assign,
  type Candidate,
  type Division,
  rotate,
  type Strategy,
} from "../../../server/broker/assignment.js";

/** A division of queues named q0, q1, … */
function division(
  queues: number,
  members: readonly (string | Candidate<string>)[],
  owners: ReadonlyMap<string, string> = new Map(),
): Division<string> {
  return {
    queues: Array.from({ length: queues }, (_, i) => `q${i}`),
    members: members.map((member) => (typeof member === "string" ? { id: member } : member)),
    owner: (queue) => owners.get(queue),
    name: (queue) => queue,
  };
}

const text = (given: ReadonlyMap<string, string>): string =>
  [...given].map(([queue, id]) => `${queue}${id}`).join(" ");

function countsOf(given: ReadonlyMap<string, string>, members: readonly string[]): number[] {
  return members.map((member) => [...given.values()].filter((id) => id === member).length);
}

const listing = (id: string, ...queues: string[]): Candidate<string> => ({
  id,
  lists: (queue) => queues.includes(queue),
});

const members = fc.uniqueArray(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 9,
});
const queues = fc.integer({ min: 0, max: 40 });

describe("assign", () => {
  // biome-ignore format: a table
  const TABLE: [title: string, strategy: Strategy, division: Division<string>, given: string][] = [
    ["sticky, nobody had anything: in turn", "sticky", division(5, ["a", "b"]), "q0a q1b q2a q3b q4a"],
    ["sticky, a third member: two queues move to it", "sticky",
      division(6, ["a", "b", "c"], new Map([["q0", "a"], ["q1", "a"], ["q2", "a"], ["q3", "b"], ["q4", "b"], ["q5", "b"]])),
      "q0a q1a q3b q4b q2c q5c"],
    ["sticky, the owner of three has gone", "sticky",
      division(4, ["a", "b"], new Map([["q0", "gone"], ["q1", "gone"], ["q2", "gone"], ["q3", "a"]])), "q3a q0a q1b q2b"],
    ["circular: by place, whoever had them", "circular",
      division(5, ["a", "b"], new Map([["q0", "b"], ["q1", "a"]])), "q0a q1b q2a q3b q4a"],
    ["fixed: as listed, the first of two; the rest to whoever lists nothing", "fixed",
      division(5, [listing("a", "q0", "q3"), listing("b", "q3", "q1"), "c"]), "q0a q1b q3a q2c q4c"],
    ["fixed: the present owner of two that list a queue", "fixed",
      division(1, [listing("a", "q0"), listing("b", "q0")], new Map([["q0", "b"]])), "q0b"],
    ["fixed: what nobody lists is left alone", "fixed", division(3, [listing("a", "q1")]), "q1a"],
    ["hash: by the ring alone", "hash", division(4, ["a", "b", "c"]), "q0c q1b q2a q3c"],
    ["more members than queues: the last is idle", "sticky",
      division(2, ["a", "b", "c"]), "q0a q1b"],
  ];
  it("divides by each strategy as its table says (A1-23)", () => {
    for (const [title, strategy, what, given] of TABLE)
      expect(text(assign(strategy, what)), title).to.equal(given);
  });

  for (const strategy of ["sticky", "circular", "hash"] as const)
    it(`${strategy} gives every queue to exactly one member`, () => {
      fc.assert(
        fc.property(queues, members, (count, ids) => {
          const given = assign(strategy, division(count, ids));
          expect([...given.keys()].sort()).to.deep.equal(division(count, ids).queues.toSorted());
          for (const id of given.values()) expect(ids).to.include(id);
        }),
      );
    });

  it("sticky and circular differ by one queue between members at most (A1-06)", () => {
    fc.assert(
      fc.property(queues, members, members, (count, before, after) => {
        for (const strategy of ["sticky", "circular"] as const) {
          const owners = assign(strategy, division(count, before));
          const counts = countsOf(assign(strategy, division(count, after, owners)), after);
          expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1);
        }
      }),
    );
  });

  it("sticky moves no more queues than evenness asks for", () => {
    fc.assert(
      fc.property(queues, members, members, (count, before, after) => {
        const owners = assign("sticky", division(count, before));
        const given = assign("sticky", division(count, after, owners));
        const kept = [...given].filter(([queue, id]) => owners.get(queue) === id).length;
        const had = countsOf(owners, after).sort((a, b) => b - a);
        const [least, more] = [Math.floor(count / after.length), count % after.length];
        const keepable = had.reduce((sum, n, place) => sum + Math.min(n, least + (place < more ? 1 : 0)), 0);
        expect(kept).to.equal(keepable);
      }),
    );
  });

  it("hash moves only what a member had that goes", () => {
    fc.assert(
      fc.property(queues, members, (count, ids) => {
        const before = assign("hash", division(count, ids));
        const after = assign("hash", division(count, ids.slice(1)));
        for (const [queue, id] of before) if (id !== ids[0]) expect(after.get(queue)).to.equal(id);
      }),
    );
  });

  it("hash spreads many queues over members within reason", () => {
    const ids = ["c-1", "c-2", "c-3", "c-4"];
    const counts = countsOf(assign("hash", division(1_000, ids)), ids);
    expect(Math.min(...counts)).to.be.above(150);
  });
});

describe("rotate", () => {
  it("begins at another member on each of several numbered brokers, so that single queues spread (A1-10)", () => {
    const first = ["broker-0", "broker-1", "broker-2"].map((broker) => rotate(["c", "a", "b"], broker)[0]);
    expect(first).to.deep.equal(["a", "b", "c"]);
  });

  it("keeps all members and the same order for the same broker", () => {
    fc.assert(
      fc.property(members, fc.string(), (ids, broker) => {
        expect(rotate(ids, broker)).to.have.members(ids);
        expect(rotate(ids.toReversed(), broker)).to.deep.equal(rotate(ids, broker));
      }),
    );
  });
});
