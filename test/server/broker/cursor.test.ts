import { expect } from "chai";
import fc from "fast-check";
import { RangeSet } from "../../../proto/kernel/range-set.js";
import { Cursor, HELD_MAX, WINDOW_MESSAGES_MAX } from "../../../server/broker/cursor.js";
import type { Instant } from "../../../server/broker/run.js";
import type { Counts, Oldest } from "../../../server/broker/standing.js";

const at = (ms: number): Instant => ({ wallMs: 1_000_000 + ms, deadlineMs: ms });

/** What one message of the model is: acknowledged, waiting until a time, out, or new. */
type Message = { state: "acked" | "new" | "out" | "waiting"; attempt: number; readyAtMs: number };

/** The cursor said plainly: one entry for each message. */
class Model {
  messages: Message[] = [];

  counts(): Counts {
    const count = (state: Message["state"]) =>
      this.messages.filter((message) => message.state === state).length;
    const [ready, inFlight, retrying] = [count("new"), count("out"), count("waiting")];
    return { lag: ready + inFlight + retrying, ready, inFlight, retrying };
  }

  oldest(): Oldest {
    const first = (state: Message["state"]) => {
      const offset = this.messages.findIndex((message) => message.state === state);
      return offset < 0 ? Number.POSITIVE_INFINITY : offset;
    };
    return { ready: first("new"), inFlight: first("out"), retrying: first("waiting") };
  }

  floor(): number {
    const floor = this.messages.findIndex(({ state }) => state !== "acked");
    return floor < 0 ? this.messages.length : floor;
  }

  ready(message: Message | undefined, nowMs: number): boolean {
    return message?.state === "new" || (message?.state === "waiting" && message.readyAtMs <= nowMs);
  }

  /** Whether any message may be delivered now. */
  anyReady(nowMs: number): boolean {
    return this.messages.some((message) => this.ready(message, nowMs));
  }

  rewind(from: number, nowMs: number): void {
    for (const message of this.messages.slice(from)) {
      if (message.state !== "out") continue;
      message.state = message.attempt > 1 ? "waiting" : "new";
      message.readyAtMs = nowMs;
    }
  }
}

interface World {
  cursor: Cursor;
  nowMs: number;
}

interface Step extends fc.Command<Model, World> {}

function step(name: string, run: (model: Model, world: World) => void): Step {
  return {
    check: () => true,
    run(model, world) {
      run(model, world);
      expect(world.cursor.floor).to.equal(model.floor());
      expect(world.cursor.counts(model.messages.length)).to.deep.equal(model.counts());
      expect(world.cursor.oldest(model.messages.length)).to.deep.equal(model.oldest());
      const plan = world.cursor.plan(model.messages.length, world.nowMs, "any");
      expect(plan !== null, "something to deliver").to.equal(model.anyReady(world.nowMs));
    },
    toString: () => name,
  };
}

function steps(): fc.Arbitrary<Step>[] {
  return [
    fc.nat({ max: 8 }).map((count) =>
      step(`publish ${count}`, (model) => {
        for (let i = 0; i < count; i++) model.messages.push({ state: "new", attempt: 1, readyAtMs: 0 });
      }),
    ),
    fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.nat({ max: 7 }))
      .map(([most, filter]) =>
        step(`deliver ${most}, filter ${filter}`, (model, world) => deliver(model, world, most, filter)),
      ),
    fc
      .tuple(fc.nat(), fc.integer({ min: 1, max: 4 }))
      .map(([pick, count]) =>
        step(`ack ${pick}, ${count} long`, (model, { cursor }) => ack(model, cursor, pick, count)),
      ),
    fc
      .tuple(fc.nat(), fc.boolean(), fc.nat({ max: 30 }))
      .map(([pick, stale, delayMs]) =>
        step(`nack ${pick}, ${stale ? "stale, " : ""}${delayMs} ms`, (model, world) =>
          nack(model, world, { pick, stale, delayMs }),
        ),
      ),
    fc.nat({ max: 20 }).map((ms) =>
      step(`wait ${ms} ms`, (_, world) => {
        world.nowMs += ms;
      }),
    ),
    fc.constant(
      step("the owner goes", (model, { cursor, nowMs }) => {
        cursor.rewind(cursor.floor, nowMs);
        model.rewind(0, nowMs);
      }),
    ),
    fc.constant(
      step("restart", (model, world) => {
        world.cursor = new Cursor(world.cursor.toState(), at(world.nowMs));
        model.rewind(0, world.nowMs);
        for (const message of model.messages)
          if (message.state === "waiting") message.readyAtMs = Math.max(message.readyAtMs, world.nowMs);
      }),
    ),
  ];
}

/** Delivers what the cursor plans; of first deliveries every message whose offset has the bits of `filter` is left out. */
function deliver(model: Model, { cursor, nowMs }: World, most: number, filter: number): void {
  const run = cursor.plan(model.messages.length, nowMs, "any");
  if (run === null) return;
  const to = Math.min(run.to, run.from + most);
  const gaps: number[] = [];
  for (let offset = run.from; offset < to; offset++) {
    const message = model.messages[offset]!;
    expect(model.ready(message, nowMs), `offset ${offset} may be delivered`).to.equal(true);
    expect(run.attempt).to.equal(message.attempt);
    const passed = filter > 0 && run.attempt === 1 && (offset & filter) === filter;
    if (passed) gaps.push(offset, offset + 1);
    message.state = passed ? "acked" : "out";
  }
  cursor.deliver(run, to, gaps);
}

/** One of the messages that are out; -1 if none is. */
function pickOut(model: Model, pick: number): number {
  const out = [...model.messages.keys()].filter((offset) => model.messages[offset]!.state === "out");
  return out[pick % out.length] ?? -1;
}

function ack(model: Model, cursor: Cursor, pick: number, count: number): void {
  const start = Math.max(0, pickOut(model, pick));
  const end = Math.min(start + count, model.messages.length);
  const before = model.counts().lag;
  for (const message of model.messages.slice(start, end)) message.state = "acked";
  expect(cursor.ack(start, end)).to.equal(before - model.counts().lag);
}

function nack(
  model: Model,
  { cursor, nowMs }: World,
  how: { pick: number; stale: boolean; delayMs: number },
): void {
  const offset = pickOut(model, how.pick);
  const message = model.messages[offset];
  if (message === undefined) return;
  const attempt = message.attempt + (how.stale ? 1 : 0);
  const readyAtMs = nowMs + how.delayMs;
  const taken = cursor.nack({ offset, attempt }, { dueMs: at(readyAtMs).wallMs, readyAtMs });
  expect(taken).to.equal(!how.stale);
  if (!taken) return;
  Object.assign(message, { state: "waiting", attempt: attempt + 1, readyAtMs });
}

describe("Cursor", () => {
  it("agrees with one entry per message after any history", () => {
    fc.assert(
      fc.property(fc.commands(steps(), { maxCommands: 80, size: "max" }), (commands) => {
        fc.modelRun(() => ({ model: new Model(), real: { cursor: Cursor.at(0), nowMs: 0 } }), commands);
      }),
      { numRuns: 400 },
    );
  });

  it("goes around what a resumed member reports as failed before it is delivered anew", () => {
    const cursor = Cursor.at(0);
    cursor.deliver(cursor.plan(5, 0, "any")!, 5, []);
    cursor.rewind(0, 0);
    expect(cursor.nack({ offset: 2, attempt: 1 }, { dueMs: 100, readyAtMs: 100 })).to.equal(true);
    const before = cursor.plan(5, 0, "any")!;
    expect(before).to.deep.equal({ from: 0, to: 2, attempt: 1 });
    cursor.deliver(before, 2, []);
    expect(cursor.plan(5, 0, "any")).to.deep.equal({ from: 3, to: 5, attempt: 1 });
  });

  it("looks ahead a bounded window above its floor, then pauses until the floor moves", () => {
    const window = WINDOW_MESSAGES_MAX;
    for (const order of ["any", "key"] as const) {
      const cursor = Cursor.at(5);
      const run = cursor.plan(1e9, 0, order)!;
      expect(run).to.deep.equal({ from: 5, to: 5 + window, attempt: 1 });
      cursor.deliver(run, run.to, []);
      cursor.ack(6, 5 + window);
      expect(cursor.plan(1e9, 0, order)).to.equal(null);
      expect(cursor.pausedBy(1e9)).to.equal(true);
      cursor.ack(5, 6);
      expect(cursor.plan(1e9, 0, order)?.from).to.equal(5 + window);
      expect(cursor.pausedBy(1e9)).to.equal(false);
    }
  });

  it("keeps a bounded number of ranges, and after a restart still delivers what lies between them", () => {
    let cursor = Cursor.at(0);
    cursor.deliver(cursor.plan(1e9, 0, "any")!, 2 * HELD_MAX + 1, []);
    for (let offset = 1; offset < 2 * HELD_MAX; offset += 2) cursor.ack(offset, offset + 1);
    expect(cursor.held).to.equal(HELD_MAX);
    expect(cursor.plan(1e9, 0, "any")).to.equal(null);
    cursor = new Cursor(cursor.toState(), at(0));
    expect(cursor.plan(1e9, 0, "any")).to.deep.equal({ from: 0, to: 1, attempt: 1 });
  });

  it("gives a leased message to nobody else until the lease ends, then once more with the next attempt", () => {
    const cursor = Cursor.at(0);
    cursor.deliver(cursor.plan(1, 0, "any")!, 1, []);
    cursor.lease(0, { holder: "a", attempt: 1, untilMs: 30 });
    expect(cursor.extend(0, "b", 1, 90)).to.equal(false);
    expect(cursor.extend(0, "a", 1, 50)).to.equal(true);
    expect(cursor.expireLeases(at(49))).to.deep.equal([]);
    expect(cursor.plan(1, 49, "any")).to.equal(null);
    expect(cursor.expireLeases(at(50)).map(([offset, lease]) => [offset, lease.holder])).to.deep.equal([
      [0, "a"],
    ]);
    expect(cursor.plan(1, 50, "any")).to.deep.equal({ from: 0, to: 1, attempt: 2 });
    expect(cursor.extend(0, "a", 1, 90)).to.equal(false);
  });

  it("frees what a dead member had, and only that", () => {
    const cursor = Cursor.at(0);
    cursor.deliver(cursor.plan(4, 0, "any")!, 4, []);
    for (const offset of [0, 1, 2, 3])
      cursor.lease(offset, { holder: offset % 2 ? "a" : "b", attempt: 1, untilMs: 100 });
    cursor.ack(3, 4);
    expect(cursor.dropLeases("a", new RangeSet(), at(7)).map(([offset]) => offset)).to.deep.equal([1]);
    expect(cursor.counts(4)).to.deep.equal({ lag: 3, ready: 0, inFlight: 2, retrying: 1 });
    expect(cursor.toState().retries).to.deep.equal([[1, 2, at(7).wallMs]]);
  });

  it("refuses an acknowledgement of what another member has by now, and takes one without any lease", () => {
    const cursor = Cursor.at(0);
    cursor.deliver(cursor.plan(3, 0, "any")!, 3, []);
    cursor.lease(0, { holder: "a", attempt: 1, untilMs: 10 });
    cursor.lease(1, { holder: "a", attempt: 1, untilMs: 10 });
    cursor.expireLeases(at(10));
    cursor.deliver(cursor.plan(3, 10, "any")!, 1, []);
    cursor.lease(0, { holder: "b", attempt: 2, untilMs: 40 });
    expect(cursor.ackLeased(0, 3, "a")).to.deep.equal({ added: 2, refused: [0] });
    expect(cursor.ackLeased(0, 1, "b")).to.deep.equal({ added: 1, refused: [] });
    expect(cursor.floor).to.equal(3);
  });

  it("forgets everything at a reset, leases too", () => {
    const cursor = Cursor.at(0);
    cursor.deliver(cursor.plan(4, 0, "any")!, 4, []);
    for (const offset of [0, 1]) cursor.lease(offset, { holder: "a", attempt: 1, untilMs: 100 });
    cursor.nack({ offset: 0, attempt: 1, holder: "a" }, { dueMs: 0, readyAtMs: 0 });
    cursor.ack(3, 4);
    const version = cursor.version;
    cursor.reset(0, 7);
    expect(cursor.version).to.be.above(version);
    expect(cursor.counts(4)).to.deep.equal({ lag: 4, ready: 4, inFlight: 0, retrying: 0 });
    expect(cursor.nextLeaseEndMs).to.equal(Number.POSITIVE_INFINITY);
    cursor.reset(3, 7);
    expect(cursor.toState()).to.deep.equal({ floor: 3, acked: [], retries: [], fence: 7 });
  });

  it("jumps to what retention has left and says how many unread messages went", () => {
    const cursor = Cursor.at(0);
    cursor.deliver(cursor.plan(10, 0, "any")!, 10, []);
    cursor.ack(2, 4);
    expect(cursor.skipTo(0)).to.equal(0);
    expect(cursor.skipTo(6)).to.equal(4);
    expect(cursor.floor).to.equal(6);
    expect(cursor.counts(10)).to.deep.equal({ lag: 4, ready: 0, inFlight: 4, retrying: 0 });
  });

  it("is moved back to the end of a log that was cut, so that nothing new is skipped", () => {
    const cut = (state: ConstructorParameters<typeof Cursor>[0]): unknown => {
      const cursor = new Cursor(state, at(0));
      return [cursor.cutTo(10), cursor.toState(), cursor.plan(11, 0, "any")?.from ?? null];
    };
    expect(cut({ floor: 20, acked: [[30, 40]], retries: [], fence: 0 })).to.deep.equal([
      true,
      { floor: 10, acked: [], retries: [], fence: 0 },
      10,
    ]);
    expect(
      cut({
        floor: 3,
        acked: [[5, 20]],
        retries: [
          [4, 2, 0],
          [22, 2, 0],
        ],
        fence: 0,
      }),
    ).to.deep.equal([true, { floor: 3, acked: [[5, 10]], retries: [[4, 2, 0]], fence: 0 }, 4]);
    expect(cut({ floor: 3, acked: [[5, 10]], retries: [], fence: 0 })).to.deep.equal([
      false,
      { floor: 3, acked: [[5, 10]], retries: [], fence: 0 },
      3,
    ]);
  });
});
