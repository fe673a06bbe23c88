import { expect } from "chai";
import fc from "fast-check";
import { Cursor, HELD_MAX, WINDOW_MESSAGES_MAX } from "../../../server/broker/cursor.js";
import type { Run } from "../../../server/broker/run.js";
import { KeyedWorld } from "../../support/keyed-world.js";

/** Reads and delivers what a cursor plans of messages whose keys are `keyOf` of their offsets; returns what goes out. */
function deliver(cursor: Cursor, end: number, nowMs: number, keyOf: (offset: number) => number): string[] {
  const out: string[] = [];
  for (let run = cursor.plan(end, nowMs, "key"); run !== null; run = cursor.plan(end, nowMs, "key"))
    take(cursor, run, keyOf, out);
  return out;
}

function take(cursor: Cursor, run: Run, keyOf: (offset: number) => number, out: string[]): void {
  const held: number[] = [];
  for (let offset = run.from; offset < run.to; offset++) {
    const holds = cursor.keys!.holds(offset, keyOf(offset));
    if (holds || run.passes) held.push(offset);
    else out.push(run.attempt === 1 ? String(offset) : `${offset}#${run.attempt}`);
  }
  cursor.deliver(run, run.to, [], held);
}

function fail(cursor: Cursor, offset: number, attempt: number, readyAtMs: number, hash = 7): boolean {
  cursor.giveBack(offset, hash);
  return cursor.nack({ offset, attempt }, { dueMs: readyAtMs, readyAtMs });
}

/** What may happen, how often, and its number at most. */
const HAPPENS: readonly (readonly [what: string, weight: number, most: number])[] = [
  ["publish", 4, 4],
  ["deliver", 4, 6],
  ["deliver later", 3, 6],
  ["take", 2, 3],
  ["read", 2, 0],
  ["arrive", 4, 0],
  ["begin", 8, 9],
  ["begin several", 4, 9],
  ["tell", 6, 0],
  ["succeed", 6, 9],
  ["fail", 4, 9],
  ["hear", 8, 20],
  ["park", 1, 0],
  ["skip", 1, 40],
  ["expire", 2, 40],
  ["bury", 1, 0],
  ["wait", 3, 20],
  ["move", 1, 0],
  ["resume", 1, 0],
  ["restart", 1, 0],
];

const step = fc.oneof(
  ...HAPPENS.map(([what, weight, most]) => ({
    weight,
    arbitrary: fc.record({ do: fc.constant(what), n: fc.nat({ max: most }) }),
  })),
);

function play(world: KeyedWorld, { do: what, n }: { do: string; n: number }): void {
  if (what === "publish") world.publish(n);
  if (what === "deliver") world.deliver(n);
  if (what === "deliver later") world.deliver(n, true);
  if (what === "take") world.take(n);
  if (what === "resume") world.resume();
  if (what === "read") world.read();
  if (what === "arrive") world.arrive();
  if (what === "begin") world.begin(n, 1);
  if (what === "begin several") world.begin(n, 3);
  if (what === "tell") world.tell();
  if (what === "succeed") world.finishOne(n, false);
  if (what === "fail") world.finishOne(n, true);
  if (what === "hear") world.hear(n, false);
  if (what === "park") world.hear(0, true);
  if (what === "skip") world.skip(n);
  if (what === "expire") world.expire(n);
  if (what === "bury") world.bury();
  if (what === "wait") world.wait(n);
  if (what === "move" || what === "restart") world.move(what === "restart");
}

describe("order by key", () => {
  it("begins nothing before what is older of its key is over, and handles everything in the end, whatever happens (A5-04)", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: "max" }), fc.nat({ max: 7 }), (steps, filter) => {
        const world = new KeyedWorld((offset) => filter > 0 && (offset & filter) === filter);
        for (const each of steps) {
          play(world, each);
          world.check();
        }
        world.finish();
      }),
      { numRuns: 1_000 },
    );
  }).timeout(60_000);

  it("holds back only the key of a failed message, also what was delivered, until that is acknowledged (A5-05)", () => {
    const keyOf = (offset: number): number => 1 + (offset % 3);
    const cursor = Cursor.at(0);
    expect(deliver(cursor, 6, 0, keyOf)).to.deep.equal(["0", "1", "2", "3", "4", "5"]);
    expect(fail(cursor, 1, 1, 100, keyOf(1))).to.equal(true);
    expect(deliver(cursor, 9, 99, keyOf)).to.deep.equal(["6", "8"]);
    expect(cursor.nextReadyMs()).to.equal(100);
    expect(cursor.counts(9)).to.deep.equal({ lag: 9, ready: 0, inFlight: 6, retrying: 3 });
    expect(cursor.about(1)).to.include({ attempt: 2, inFlight: false, waiting: 2 });
    expect(deliver(cursor, 9, 100, keyOf)).to.deep.equal(["1#2"]);
    expect(fail(cursor, 1, 2, 300, keyOf(1))).to.equal(true);
    expect(deliver(cursor, 9, 300, keyOf)).to.deep.equal(["1#3"]);
    cursor.ack(1, 2);
    expect(deliver(cursor, 9, 300, keyOf)).to.deep.equal(["4", "7"]);
  });

  it("goes from the floor on for a new owner, and passes failed messages in their turn", () => {
    const keyOf = (offset: number): number => offset % 2;
    let cursor = Cursor.at(0);
    deliver(cursor, 6, 0, keyOf);
    fail(cursor, 2, 1, 50, keyOf(2));
    cursor.ack(0, 1);
    cursor.rewind(cursor.floor, 0);
    expect(deliver(cursor, 6, 0, keyOf)).to.deep.equal(["1", "3", "5"]);
    cursor = new Cursor(cursor.toState(), { wallMs: 0, deadlineMs: 0 });
    expect(deliver(cursor, 6, 0, keyOf)).to.deep.equal(["1", "3", "5"]);
    expect(deliver(cursor, 6, 50, keyOf)).to.deep.equal(["2#2"]);
    cursor.ack(2, 3);
    expect(deliver(cursor, 6, 50, keyOf)).to.deep.equal(["4"]);
  });

  it("keeps what waits without a key in the order of its queue", () => {
    const cursor = Cursor.at(0);
    deliver(cursor, 5, 0, () => 0);
    fail(cursor, 1, 1, 10, 0);
    cursor.ack(0, 1);
    expect(deliver(cursor, 9, 9, () => 0)).to.deep.equal([]);
    expect(deliver(cursor, 9, 10, () => 0)).to.deep.equal(["1#2"]);
    cursor.ack(1, 2);
    expect(deliver(cursor, 9, 10, () => 0)).to.deep.equal(["2", "3", "4", "5", "6", "7", "8"]);
  });

  it("repeats what was given back behind a message that was skipped meanwhile", () => {
    const cursor = Cursor.at(0);
    deliver(cursor, 3, 0, () => 7);
    cursor.ack(0, 1);
    expect(fail(cursor, 0, 1, 10)).to.equal(false);
    expect(deliver(cursor, 3, 0, () => 7)).to.deep.equal(["1", "2"]);
  });

  it("holds back a message that was free again and not yet delivered again when it fails", () => {
    const cursor = Cursor.at(0);
    const same = () => 7;
    expect(deliver(cursor, 3, 0, same)).to.deep.equal(["0", "1", "2"]);
    expect(fail(cursor, 0, 1, 1_000)).to.equal(true);
    cursor.ack(0, 1);
    expect(fail(cursor, 1, 1, 1_000)).to.equal(true);
    expect(deliver(cursor, 3, 999, same)).to.deep.equal([]);
    expect(deliver(cursor, 3, 1_000, same)).to.deep.equal(["1#2"]);
    cursor.ack(1, 2);
    expect(deliver(cursor, 3, 1_000, same)).to.deep.equal(["2"]);
  });

  it("repeats a message once more whose member fails on a delivery of before", () => {
    const cursor = Cursor.at(0);
    const same = () => 7;
    deliver(cursor, 1, 0, same);
    expect(fail(cursor, 0, 1, 0)).to.equal(true);
    expect(deliver(cursor, 1, 0, same)).to.deep.equal(["0#2"]);
    expect(fail(cursor, 0, 1, 5_000)).to.equal(false);
    expect(deliver(cursor, 1, 0, same)).to.deep.equal(["0#2"]);
  });

  it("repeats a failed message with what is behind it if the failure does not count", () => {
    const cursor = Cursor.at(0);
    deliver(cursor, 3, 0, () => 7);
    expect(fail(cursor, 0, 5, 10)).to.equal(false);
    expect(deliver(cursor, 3, 0, () => 7)).to.deep.equal(["0", "1", "2"]);
  });

  it("is bounded: 100,000 keys that fail in one queue block it at 16,384, and over 16 queues all are blocked", () => {
    const one = Cursor.at(0);
    const keyOf = (offset: number): number => 1 + (offset % 100_000);
    deliver(one, 200_000, 0, keyOf);
    for (let offset = 0; offset < 65_536 && one.held < HELD_MAX; offset++)
      fail(one, offset, 1, 1e9, keyOf(offset));
    expect(deliver(one, 200_000, 0, keyOf)).to.deep.equal([]);
    expect(one.pausedBy(200_000)).to.equal(true);
    expect(one.keys!.figures.blocked).to.equal(HELD_MAX);
    expect(one.keys!.figures.hashes).to.be.at.most(2 * WINDOW_MESSAGES_MAX);
    const many = Array.from({ length: 16 }, () => Cursor.at(0));
    for (const cursor of many) {
      deliver(cursor, 100_000, 0, (offset) => 1 + (offset % 6_250));
      for (let offset = 0; offset < 6_250; offset++) fail(cursor, offset, 1, 1e9, 1 + offset);
      const { blocked, heldBack, hashes } = cursor.keys!.figures;
      expect(blocked).to.equal(6_250);
      expect(heldBack + blocked).to.equal(WINDOW_MESSAGES_MAX);
      expect(hashes).to.be.at.most(2 * WINDOW_MESSAGES_MAX);
    }
  }).timeout(20_000);
});
