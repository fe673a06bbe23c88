import type { CursorState } from "./cursor-state.js";
import type { Queue } from "./queue.js";
import type { GroupState } from "./state.js";

/** What a cursor has besides its floor. */
type Rest = readonly [
  topic: number,
  queueId: number,
  acked: CursorState["acked"],
  retries: CursorState["retries"],
  fence: number,
];

/**
 * Cursors of one group, as they stand in a snapshot: most are a floor and nothing else, in queues that follow each other,
 * and one array of numbers is written several times as fast as an array for each.
 */
export interface CursorRuns {
  readonly group: number;
  /** Topic number, first queue id, how many queues; then the floor of each; and again. */
  readonly runs: readonly number[];
  /** Of those that have more. */
  readonly rest: readonly Rest[];
}

/** All cursors of a group, in their order, in pieces of about so many numbers. */
export function cursorRuns({ number: group, cursors }: GroupState, numbersMax: number): CursorRuns[] {
  const pieces: CursorRuns[] = [];
  let runs: number[] = [];
  let rest: Rest[] = [];
  let restNumbers = 0;
  let countAt = 0;
  let queues: readonly Queue[] = [];
  let nextId = 0;
  for (const [queue, { floor, acked, retries, fence }] of cursors) {
    if (queue !== queues[nextId]) {
      countAt = runs.push(queue.topic.number, queue.id, 0) - 1;
      queues = queue.topic.queues;
      nextId = queue.id;
    }
    runs[countAt]!++;
    runs.push(floor);
    nextId++;
    if (acked.length > 0 || retries.length > 0 || fence > 0) {
      rest.push([queue.topic.number, queue.id, acked, retries, fence]);
      restNumbers += 3 + acked.length * 2 + retries.length * 3;
    }
    if (runs.length + restNumbers < numbersMax) continue;
    pieces.push({ group, runs, rest });
    [runs, rest, restNumbers, queues] = [[], [], 0, []];
  }
  if (runs.length > 0) pieces.push({ group, runs, rest });
  return pieces;
}

/** Calls `set` for each floor, in order. */
export function readRuns(
  runs: readonly number[],
  set: (topic: number, queueId: number, floor: number) => void,
): void {
  for (let at = 0; at < runs.length; ) {
    const [topic, first, count] = [runs[at]!, runs[at + 1]!, runs[at + 2]!];
    at += 3;
    for (let index = 0; index < count; index++) set(topic, first + index, runs[at + index]!);
    at += count;
  }
}
