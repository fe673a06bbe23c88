import type { Hello__Output } from "../../proto/gen/logwheel/v1/Hello.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { RangeSet } from "../../proto/kernel/range-set.js";
import type { Queue } from "../store/queue.js";
import type { Start } from "./lanes.js";
import type { Positions } from "./places.js";

/** Where a member goes on, and where it begins if it knows nothing of a topic. */
export interface Beginning {
  readonly start: Start;
  readonly positions: Positions;
  /** Shared mode: messages that it still has of a former session. */
  readonly held: (queue: Queue) => RangeSet;
}

const STARTS = ["latest", "earliest", "time"] as const;

/** Reads what a member says of it; BAD_REQUEST if this version does not know such a beginning. */
export function beginningOf(hello: Hello__Output): Beginning {
  const positions = byQueue(hello.positions, ({ offset }) => offset);
  const held = byQueue(hello.held, ({ ranges }) => RangeSet.of(ranges.map(({ start, end }) => [start, end])));
  return { start: startOf(hello), positions, held: (queue) => held(queue) ?? new RangeSet() };
}

function startOf({ from, fromMs }: Hello__Output): Start {
  const at = STARTS[from];
  if (at === undefined)
    throw new LogwheelError("BAD_REQUEST", `${from} is no beginning that this version knows`);
  return at === "time" ? { at, ms: fromMs } : { at };
}

function byQueue<N extends { topic: string; queueId: number }, V>(
  named: readonly N[],
  read: (each: N) => V,
): (queue: Queue) => V | undefined {
  const values = new Map(named.map((each) => [`${each.topic}/${each.queueId}`, read(each)]));
  return (queue) => values.get(`${queue.topic.name}/${queue.id}`);
}
