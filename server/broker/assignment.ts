import { fnv1aOf } from "../../proto/kernel/hash.js";

/** How a group divides queues. `sticky` and `circular` are even; `fixed` follows members' own lists; `hash` moves least. */
export type Strategy = "sticky" | "circular" | "fixed" | "hash";

/** A member as far as assignment knows it. */
export interface Candidate<Q> {
  readonly id: string;
  /** Whether it asked for this queue by number; undefined if it asked for none and takes any. */
  readonly lists?: ((queue: Q) => boolean) | undefined;
}

/** What is to be divided, and how it is divided now. */
export interface Division<Q> {
  /** In an order that is the same at every call. */
  readonly queues: readonly Q[];
  /** In the order of `rotate`. */
  readonly members: readonly Candidate<Q>[];
  /** Id of the present owner; undefined without one. */
  owner(queue: Q): string | undefined;
  /** A name that is the same for ever, for hashing. */
  name(queue: Q): string;
}

/** Places of each member on the ring of `hash`. */
const RING_PLACES = 64;

/** Who is to have which queue. A queue that nobody may have is left out. Pure; no queue is ever given twice. */
export function assign<Q>(strategy: Strategy, division: Division<Q>): Map<Q, string> {
  if (division.members.length === 0) return new Map();
  switch (strategy) {
    case "sticky":
      return sticky(division);
    case "circular":
      return circular(division);
    case "fixed":
      return fixed(division);
    case "hash":
      return hash(division);
  }
}

/**
 * Member ids in the order in which a broker serves them: sorted, then begun at another place on every broker, so that
 * many brokers with few queues do not all give them to the same members.
 */
export function rotate(ids: readonly string[], brokerName: string): string[] {
  const sorted = [...ids].sort();
  const first = sorted.length === 0 ? 0 : turn(brokerName) % sorted.length;
  return [...sorted.slice(first), ...sorted.slice(0, first)];
}

/** Names that end with a number are evenly spread; others as their hash falls. */
function turn(brokerName: string): number {
  const number = /\d{1,9}$/.exec(brokerName);
  return number === null ? mix(fnv1aOf(brokerName)) : Number(number[0]);
}

/** Evenly, with as few moves as evenness allows; what moves goes around in turn. */
function sticky<Q>({ queues, members, owner }: Division<Q>): Map<Q, string> {
  const had = new Map<string, number>(members.map(({ id }) => [id, 0]));
  for (const queue of queues) {
    const id = owner(queue);
    if (id !== undefined && had.has(id)) had.set(id, had.get(id)! + 1);
  }
  const room = roomOf(queues.length, had);
  const given = new Map<Q, string>();
  const loose: Q[] = [];
  for (const queue of queues) {
    const id = owner(queue);
    if (id !== undefined && (room.get(id) ?? 0) > 0) give(given, room, queue, id);
    else loose.push(queue);
  }
  const order = members.map(({ id }) => id);
  let at = 0;
  for (const queue of loose) {
    while (room.get(order[at % order.length]!)! === 0) at++;
    give(given, room, queue, order[at++ % order.length]!);
  }
  return given;
}

/** How many queues each member gets: those that have most now get one more where the number does not divide evenly. */
function roomOf(queues: number, had: ReadonlyMap<string, number>): Map<string, number> {
  const least = Math.floor(queues / had.size);
  const byCount = [...had].sort(([, a], [, b]) => b - a);
  return new Map(byCount.map(([id], place) => [id, least + (place < queues % had.size ? 1 : 0)]));
}

function give<Q>(given: Map<Q, string>, room: Map<string, number>, queue: Q, id: string): void {
  given.set(queue, id);
  room.set(id, room.get(id)! - 1);
}

function circular<Q>({ queues, members }: Division<Q>): Map<Q, string> {
  return new Map(queues.map((queue, place) => [queue, members[place % members.length]!.id]));
}

/** A listed queue goes to who lists it, its present owner first; the others evenly to members without a list. */
function fixed<Q>(division: Division<Q>): Map<Q, string> {
  const given = new Map<Q, string>();
  const unlisted: Q[] = [];
  for (const queue of division.queues) {
    const takers = division.members.filter(({ lists }) => lists?.(queue));
    const owner = division.owner(queue);
    const taker = takers.find(({ id }) => id === owner) ?? takers[0];
    if (taker === undefined) unlisted.push(queue);
    else given.set(queue, taker.id);
  }
  const members = division.members.filter(({ lists }) => lists === undefined);
  if (members.length > 0)
    for (const [queue, id] of sticky({ ...division, queues: unlisted, members })) given.set(queue, id);
  return given;
}

/** Consistent hashing: a member that comes or goes moves only what it gets or had. Not even. */
function hash<Q>({ queues, members, name }: Division<Q>): Map<Q, string> {
  const ring: [place: number, id: string][] = [];
  for (const { id } of members)
    for (let i = 0; i < RING_PLACES; i++) ring.push([mix(fnv1aOf(`${id}#${i}`)), id]);
  ring.sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1));
  return new Map(queues.map((queue) => [queue, nextOn(ring, mix(fnv1aOf(name(queue))))]));
}

function nextOn(ring: readonly [place: number, id: string][], place: number): string {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ring[middle]![0] >= place) high = middle;
    else low = middle + 1;
  }
  return ring[low % ring.length]![1];
}

/** Spreads hashes of names that differ in one digit over all 32 bits. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
