import { assign, type Candidate, rotate, type Strategy } from "./assignment.js";
import type { Lane } from "./lane.js";
import type { Member } from "./member.js";

/** Time that the owner of a queue has to finish when the queue is to move. */
export const REVOKE_MS = 10_000;

/** What is to be divided among whom. */
export interface Rebalance {
  readonly lanes: readonly Lane[];
  readonly members: ReadonlyMap<string, Member>;
  readonly strategy: Strategy;
  readonly brokerName: string;
  /** Log epoch. */
  readonly epoch: number;
  readonly nowMs: number;
}

/**
 * One step towards the division that the strategy wants: takes back what is to move, gives out what is free. Returns the
 * ids of those whose queues have changed, and how many queues got an owner.
 */
export function rebalance(what: Rebalance): { changed: Set<string>; assigned: number } {
  const target = targetOf(what);
  const changed = new Set<string>();
  let assigned = 0;
  for (const lane of what.lanes) {
    const next = target.get(lane);
    const { owner } = lane;
    if (owner !== undefined && owner !== next) {
      lane.revoke(what.nowMs + REVOKE_MS);
      changed.add(owner);
    } else if (lane.holder.state === "free" && next !== undefined) {
      lane.assign(next, what.epoch);
      changed.add(next);
      assigned++;
    }
  }
  giveOut(what);
  return { changed, assigned };
}

function targetOf({ lanes, members, strategy, brokerName }: Rebalance): Map<Lane, string> {
  const candidates = rotate([...members.keys()], brokerName).map(
    (id): Candidate<Lane> => ({ id, lists: listsOf(members.get(id)!) }),
  );
  return assign(strategy, {
    queues: lanes,
    members: candidates,
    owner: (lane) => lane.owner,
    name: ({ queue }) => `${queue.topic.name}/${queue.id}`,
  });
}

/** The queues that a member asked for by number. */
function listsOf({ subscriptions }: Member): ((lane: Lane) => boolean) | undefined {
  if (![...subscriptions.values()].some(({ queues }) => queues !== undefined)) return undefined;
  return ({ queue }) => subscriptions.get(queue.topic.name)?.queues?.has(queue.id) ?? false;
}

/** Lets every member know its own. */
function giveOut({ lanes, members }: Rebalance): void {
  const byOwner = new Map<string, Lane[]>([...members.keys()].map((id) => [id, []]));
  for (const lane of lanes) if (lane.owner !== undefined) byOwner.get(lane.owner)?.push(lane);
  for (const [id, own] of byOwner) members.get(id)!.lanes = own;
}
